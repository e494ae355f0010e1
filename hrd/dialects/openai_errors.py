"""Refusals in the OpenAI envelope, and what else an OpenAI-shaped answer carries besides the reply.

The envelope is `{"error": {"message", "type", "param", "code"}}` (https://platform.openai.com/docs/guides/error-codes); ours
adds `attempts`, one object an attempt. In a stream the same object is an event's data and nothing follows it: a client's
library raises on it, while `[DONE]` would call the reply complete.
"""

from typing import Any

import msgspec

from hrd.core.journal import AttemptNote
from hrd.core.refusals import Refusal, RefusalKind
from hrd.dialects.contract import ErrorReply

KEEP_ALIVE = b": keep-alive\n\n"
ID_HEADERS: tuple[bytes, ...] = (b"x-request-id",)
JSON_HEADER = (b"content-type", b"application/json")


class _Error(msgspec.Struct, frozen=True):
    message: str
    type: str
    param: str | None
    code: str
    attempts: tuple[AttemptNote, ...] | msgspec.UnsetType = msgspec.UNSET


class _Envelope(msgspec.Struct, frozen=True):
    error: _Error


def error_reply(refusal: Refusal) -> ErrorReply:
    """The refusal as a whole answer; what an upstream said is passed on if an OpenAI client can read it."""
    said = _said_upstream(refusal)
    body = said or msgspec.json.encode(_envelope(refusal))
    return refusal.http_status, [JSON_HEADER, *refusal.retry_headers()], body


def error_event(refusal: Refusal, *, begun: bool = False) -> bytes:  # noqa: ARG001 (the same, whatever came before)
    """The refusal as the last event of a stream."""
    said = _said_upstream(refusal)
    body = msgspec.json.format(said, indent=-1) if said else msgspec.json.encode(_envelope(refusal))
    return b"data: " + body + b"\n\n"


def comment(text: str) -> bytes:
    """A line of a stream that clients read over."""
    return b": " + " ".join(text.split()).encode() + b"\n\n"


def keep_alive() -> bytes:
    """The same, for a stream whose reply takes its time."""
    return KEEP_ALIVE


def error_object(value: Any) -> dict[str, Any] | None:
    """The error that the value of an `error` member stands for, if it stands for one."""
    if not value:
        return None
    return value if isinstance(value, dict) else {"message": value if isinstance(value, str) else str(value)}


def _envelope(refusal: Refusal) -> _Envelope:
    _, error_type, code = refusal.kind.value
    message = f"{refusal.message}\n{refusal.guidance}" if refusal.guidance else refusal.message
    attempts = refusal.attempts or msgspec.UNSET
    return _Envelope(_Error(message, error_type, refusal.param, code, attempts))


def _said_upstream(refusal: Refusal) -> bytes:
    """The upstream's body, when it is an object with an `error` in it, or a list of one; else nothing."""
    if refusal.kind is not RefusalKind.SAID_UPSTREAM or not refusal.body:
        return b""
    try:
        value = msgspec.json.decode(refusal.body)
        if isinstance(value, dict) and isinstance(value.get("error"), dict):
            return refusal.body
        if isinstance(value, list) and value and isinstance(value[0], dict) and isinstance(value[0].get("error"), dict):
            return msgspec.json.encode(value[0])
    except (ValueError, RecursionError):
        pass
    return b""
