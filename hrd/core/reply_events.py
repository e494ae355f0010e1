"""The hub of replies: what a model says, event by event, in no dialect's words.

Every provider dialect reads its streams and whole replies into these events, every client dialect writes its streams and whole
replies from them. A legal sequence is

    Started? anything* Finished UsageSeen?

where anything is none of those but UsageSeen, or at any place `Broken`, after which nothing follows. A call is announced by
`CallBegun`, and complete with `CallDone`, the commit point: its arguments are sent on whole and valid, or not at all. Calls
may overlap; `key` tells them apart. A call that never came to its end (the reply ended for its length) has no `CallDone`.
"""

import enum
from typing import Any

import msgspec

from hrd.core.conversation import ABSENT, CallKind, Vendor
from hrd.core.journal import Usage


class Finish(enum.Enum):
    """Why a reply ended."""

    STOP = "stop"
    LENGTH = "length"
    CALLS = "calls"
    FILTERED = "filtered"
    """A content filter, or the model's refusal as an ending."""
    PAUSED = "paused"
    """Anthropic's pause_turn: the turn may be continued."""


class Started(msgspec.Struct, frozen=True, gc=False):
    """The reply's own id and model; either may be empty."""

    id: str
    model: str


class Text(msgspec.Struct, frozen=True, gc=False):
    text: str


class RefusalText(msgspec.Struct, frozen=True, gc=False):
    text: str


class Thought(msgspec.Struct, frozen=True, gc=False):
    """Reasoning, or a summary of it. *part* counts the paragraphs that a vendor keeps apart."""

    text: str
    part: int = 0


class ThoughtSigned(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The reasoning so far is complete, and this lets its vendor read it again. With *is_redacted* it has no text at all."""

    signature: str
    vendor: Vendor
    is_redacted: bool = False
    details: msgspec.Raw = ABSENT
    """OpenRouter's `reasoning_details`, as spelled."""


class CallBegun(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The model has begun to write a call."""

    key: int


class CallText(msgspec.Struct, frozen=True, gc=False):
    """A piece of what the model writes into a call: for the router alone, which counts it. `CallDone` has it whole."""

    key: int
    text: str


class CallDone(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A whole call. *arguments* is a JSON object, mended if need be; of a custom tool its input."""

    key: int
    id: str
    """As the provider calls it; empty if it does not."""
    name: str
    arguments: str
    kind: CallKind = CallKind.FUNCTION
    namespace: str = ""
    signature: str = ""
    """Gemini's thought signature."""


class Cited(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A source of the text so far."""

    url: str
    title: str = ""
    start: int | None = None
    end: int | None = None
    quote: str = ""


class LogProbs(msgspec.Struct, frozen=True, gc=False):
    """Of the text that came last: a list in OpenAI's shape (chat and Responses share it), which is not empty."""

    content: msgspec.Raw


class UsageSeen(msgspec.Struct, frozen=True, gc=False):
    """What the provider counted so far; the last one counts. `input_tokens` include cached ones."""

    usage: Usage


class PlanSeen(msgspec.Struct, frozen=True, gc=False):
    """What the provider says of the windows of its plan, as spelled: for the router alone, and in no writer's way."""

    spelled: msgspec.Raw


class Finished(msgspec.Struct, frozen=True, gc=False):
    reason: Finish
    stop_sequence: str = ""


class Broken(msgspec.Struct, frozen=True, gc=False):
    """The provider said, in an error object of its own, that no reply will come (any more)."""

    error: dict[str, Any]


ReplyEvent = (
    Started
    | Text
    | RefusalText
    | Thought
    | ThoughtSigned
    | CallBegun
    | CallText
    | CallDone
    | Cited
    | LogProbs
    | UsageSeen
    | PlanSeen
    | Finished
    | Broken
)
