"""What an emulated provider can be told to do with a request: good answers, odd ones, and every way to fail.

A behaviour is a value that says what shall happen; `render.py` turns it into steps, so that a test reads as a table:

    Upstream([Status.of(recorded.GROQ_TPM), Answer("hello")])
    Upstream(lambda asked: Silent() if asked.key == "test-key-1" else Answer())
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from threading import Event
from typing import Any

from tests.upstreams.asked import Asked
from tests.upstreams.recorded import Recorded
from tests.upstreams.steps import CLOSE, HANG, Ending

JSON = "application/json"
SSE = "text/event-stream; charset=utf-8"
OPENROUTER_COMMENT = ": OPENROUTER PROCESSING"


class Quirk(Enum):
    """How real providers leave the letter of OpenAI's stream format."""

    NO_DONE = "the stream ends without [DONE]"
    NO_INDEX = "tool call deltas carry no index (Gemini)"
    LIST_CONTENT = "content is a list of parts (Mistral's reasoning models)"
    NO_CHOICES = "the usage chunk has no choices at all"
    NO_FINISH = "no chunk carries a finish_reason"
    FLOATS_ONLY = "embeddings come as floats though base64 was asked for"
    NO_TOKEN_IDS = "embeddings of token ids are refused with 400"


class Trouble(Enum):
    """What a provider says of itself when it cannot serve, each in its own words (see `wires.py`)."""

    OVERLOADED = "overloaded"
    RATE_LIMITED = "rate limited"
    SERVER_ERROR = "server error"


class UsageIn(Enum):
    """Where a stream carries its usage."""

    CHUNK_IF_ASKED = "a last chunk, if stream_options.include_usage asks for it (OpenAI)"
    CHUNK_ALWAYS = "a last chunk, asked for or not (OpenRouter)"
    LAST_CHOICE = "in the chunk that carries the finish_reason"
    X_GROQ = "in x_groq.usage of the chunk that carries the finish_reason (Groq)"
    NOWHERE = "never, and in no whole reply either"


@dataclass(frozen=True)
class ToolCall:
    name: str
    arguments: str = "{}"
    id: str = "call_test00001"
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further keys on the call, such as Gemini's `extra_content`, or a Responses `namespace`."""
    custom: bool = False
    """Of a freeform tool: *arguments* are its input as it stands (Responses and Codex)."""


@dataclass(frozen=True)
class Usage:
    prompt: int = 7
    completion: int = 3
    cached: int = 0
    reasoning: int = 0
    cost: float | None = None
    """Dollars (OpenRouter)."""

    def as_json(self) -> dict[str, Any]:
        counted: dict[str, Any] = {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
        }
        if self.cached:
            counted["prompt_tokens_details"] = {"cached_tokens": self.cached}
        if self.reasoning:
            counted["completion_tokens_details"] = {"reasoning_tokens": self.reasoning}
        if self.cost is not None:
            counted["cost"] = self.cost
        return counted


@dataclass(frozen=True)
class Answer:
    """What a healthy provider does: chat whole, or streamed when asked to; embeddings on /embeddings."""

    text: str = "hello from the emulated provider"
    tool_calls: Sequence[ToolCall] = ()
    reasoning: str = ""
    hidden_reasoning: str = ""
    """Reasoning that only the provider can read again (Anthropic's redacted thinking)."""
    refusal: str = ""
    finish_reason: str = ""
    """Empty: `tool_calls` if there are any, else `stop`."""
    usage: Usage = Usage()
    usage_in: UsageIn = UsageIn.CHUNK_IF_ASKED
    quirks: frozenset[Quirk] = frozenset()
    headers: Sequence[tuple[str, str]] = ()
    comments: Sequence[str] = ()
    """SSE comments before the first chunk, such as OPENROUTER_COMMENT."""
    pieces: int = 3
    """Over how many chunks text, and the arguments of a tool call, are spread."""
    before_head_s: float = 0.0
    before_first_s: float = 0.0
    between_s: float = 0.0
    model: str = ""
    """The model named in the reply; empty: the one that was asked for."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further top-level keys of a whole reply and of every chunk."""
    dimensions: int = 8


@dataclass(frozen=True)
class Events:
    """A stream exactly as scripted: a mapping is an event, text a line as it stands, a number or something that has to happen a
    wait, then *ending*.

    Without an ending the stream is ended in order (last chunk); `[DONE]` is sent only if it is among the items (DONE).
    """

    items: Sequence[Mapping[str, Any] | str | float | Event]
    ending: Ending | None = None
    headers: Sequence[tuple[str, str]] = ()
    content_type: str = SSE
    """Empty: the head says none."""


DONE = "data: [DONE]"


@dataclass(frozen=True)
class Status:
    """Any reply with a fixed body: errors, HTML, an error inside a 200, the wrong content type."""

    status: int
    body: bytes = b""
    headers: Sequence[tuple[str, str]] = ()
    content_type: str = JSON

    @classmethod
    def of(cls, recorded: Recorded) -> Status:
        return cls(recorded.status, recorded.body, recorded.headers, recorded.content_type)

    @classmethod
    def json(cls, status: int, value: Any, headers: Sequence[tuple[str, str]] = ()) -> Status:
        return cls(status, json.dumps(value).encode(), headers)


@dataclass(frozen=True)
class Raw:
    """These bytes as they stand, then *ending*: garbage instead of HTTP, or HTTP of one's own."""

    data: bytes
    ending: Ending = CLOSE
    status: int | None = None


@dataclass(frozen=True)
class Ends:
    """No byte of an answer: hang, close or reset at once."""

    ending: Ending = HANG


@dataclass(frozen=True)
class Cut:
    """*inner* until *after_bytes* of its body (the head not counted) have gone out, then *ending*."""

    inner: Behaviour
    after_bytes: int
    ending: Ending = CLOSE


@dataclass(frozen=True)
class Drip:
    """*inner*, head and all, a few bytes at a time."""

    inner: Behaviour
    size: int = 1
    every_s: float = 0.0


@dataclass(frozen=True)
class Late:
    """Nothing for *delay_s*, then *inner*."""

    inner: Behaviour
    delay_s: float


@dataclass(frozen=True)
class Fails:
    """A refusal before anything else: the status, head and body that this provider has for *trouble*."""

    trouble: Trouble = Trouble.OVERLOADED


@dataclass(frozen=True)
class Breaks:
    """*inner* streamed until *after* of its events have gone out (the head is out by then), and then *by*.

    An ending; text that goes out as it stands; or trouble, as this provider's error event. Where a whole reply was asked for:
    half of it and the ending, the text in its place, or an error object inside a 200.
    """

    inner: Answer
    after: int
    by: Ending | str | Trouble = CLOSE
    once: Event | None = None
    """What comes before a break may be read together with it, however much time lies between: it breaks when this has happened,
    such as that somebody has read the former."""


Behaviour = Answer | Events | Status | Raw | Ends | Cut | Drip | Late | Fails | Breaks
Behave = Behaviour | Sequence[Behaviour] | Callable[[Asked], Behaviour]


def hangs() -> Ends:
    """Hang before the head."""
    return Ends(HANG)


def empty() -> Answer:
    """A well-formed answer with nothing in it."""
    return Answer(text="", usage=Usage(7, 0))


def html(status: int = 200) -> Status:
    """A page of a gateway in between, in place of an answer."""
    page = b"<html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"
    return Status(status, page, content_type="text/html; charset=utf-8")


def affords(max_tokens: int, then: Behaviour | None = None) -> Callable[[Asked], Behaviour]:
    """A balance that suffices for *max_tokens* of output: 402 in OpenRouter's words for more, or when none are named."""

    def behave(asked: Asked) -> Behaviour:
        wanted = asked.json.get("max_tokens") or asked.json.get("max_completion_tokens") or 65536
        if wanted <= max_tokens:
            return then or Answer()
        words = (
            "This request requires more credits, or fewer max_tokens. "
            f"You requested up to {wanted} tokens, but can only afford {max_tokens}."
        )
        return Status.json(402, {"error": {"code": 402, "message": words, "metadata": {"provider_name": None}}})

    return behave


def error_in_stream(error: Mapping[str, Any], after: int = 0, then_done: bool = False) -> Callable[[Asked], Behaviour]:
    """An error object inside a 200: in a stream behind *after* chunks of text, in a whole reply in place of it."""

    def behave(asked: Asked) -> Behaviour:
        if not asked.wants_stream:
            return Status.json(200, {"error": error})
        chunk = {"id": "gen-test", "object": "chat.completion.chunk", "created": 1_790_000_000, "model": asked.model}
        texts = [{**chunk, "choices": [{"index": 0, "delta": {"content": f"part {n} "}}]} for n in range(after)]
        broken = [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]
        failed = {**chunk, "provider": "Emulated", "error": error, "choices": broken}
        return Events([*texts, failed, *([DONE] if then_done else [])])

    return behave
