"""Refusals in Anthropic's envelope, and what else a Messages answer carries besides the reply.

`{"type": "error", "error": {"type", "message"}, "request_id"}` (https://docs.anthropic.com/en/api/errors); ours adds `attempts`
to the error. In a stream the same object is an `error` event, and nothing follows it.
"""

import re
from typing import Any, Final

import msgspec

from hrd.core.refusals import Refusal, RefusalKind
from hrd.dialects.anthropic_writer import PING
from hrd.dialects.contract import ErrorReply

JSON_HEADER: Final = (b"content-type", b"application/json")
ID_HEADERS: Final[tuple[bytes, ...]] = (b"x-request-id", b"request-id")
"""Ours, and the one that Anthropic's SDKs look at."""
_TYPES: Final = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""Status → type; other 4xx are an `invalid_request_error`, other 5xx an `api_error`."""
_OVERLOADED: Final = 529
"""What this API says where HTTP says 503, and it passes by itself."""
_PASSING: Final = (RefusalKind.ROUTER_FULL, RefusalKind.STOPPING)
"""Of no other: Claude Code repeats what is overloaded ten times, over minutes, with `x-should-retry: false` as without."""
_TOO_LONG: Final = "prompt is too long"
"""The words by which Claude Code knows that it has to make its history shorter."""
_NUMBER: Final = re.compile(r"(?<![\w.-])(\d[\d,]{3,12})(?![\w.]*\w)")


def error_reply(refusal: Refusal) -> ErrorReply:
    """The refusal as a whole answer."""
    return _status_of(refusal), [JSON_HEADER, *refusal.retry_headers()], msgspec.json.encode(_envelope(refusal))


def error_event(refusal: Refusal, *, begun: bool = False) -> bytes:  # noqa: ARG001 (the same, whatever came before)
    """The refusal as the last event of a stream."""
    return b"event: error\ndata: " + msgspec.json.encode(_envelope(refusal)) + b"\n\n"


def comment(text: str) -> bytes:
    """A line of a stream that clients read over: before `message_start` they take nothing else."""
    return b": " + " ".join(text.split()).encode() + b"\n\n"


def keep_alive() -> bytes:
    """The same, for a stream whose reply takes its time."""
    return PING


def _envelope(refusal: Refusal) -> dict[str, Any]:
    error: dict[str, Any] = {"type": _type_of(_status_of(refusal)), "message": _message(refusal)}
    if refusal.attempts:
        error["attempts"] = refusal.attempts
    return {"type": "error", "error": error, "request_id": refusal.request_id or None}


def _status_of(refusal: Refusal) -> int:
    return _OVERLOADED if refusal.kind in _PASSING else refusal.http_status


def _type_of(status: int) -> str:
    return _TYPES.get(status) or ("api_error" if status >= 500 else "invalid_request_error")


def _message(refusal: Refusal) -> str:
    said = _said_upstream(refusal) or refusal.message
    if refusal.kind is RefusalKind.CONTEXT_EXCEEDED:
        said = too_long(said)
    return f"{said}\n{refusal.guidance}" if refusal.guidance else said


def too_long(said: str) -> str:
    """*said* about a context that is too small, in the words that clients look for, with the numbers if it has them."""
    if _TOO_LONG in said:
        return said
    numbers = [int(number.replace(",", "")) for number in _NUMBER.findall(said)]
    if len(set(numbers)) >= 2:
        return f"{_TOO_LONG}: {max(numbers)} tokens > {_ceiling(numbers)} maximum ({said})"
    return f"{_TOO_LONG}: {said}"


def _ceiling(numbers: list[int]) -> int:
    """What is taken at most: it is named first or last, beside what was asked, which is larger."""
    return next(number for number in numbers if number != max(numbers))


def _said_upstream(refusal: Refusal) -> str:
    """The message in the upstream's body, whichever envelope it came in; else nothing."""
    if refusal.kind is not RefusalKind.SAID_UPSTREAM or not refusal.body:
        return ""
    try:
        value = msgspec.json.decode(refusal.body)
    except (ValueError, RecursionError):
        return ""
    if isinstance(value, list) and value:
        value = value[0]
    error = value.get("error") if isinstance(value, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else ""
