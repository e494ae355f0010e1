"""What a `response.failed` says: refusals in the codes that Responses clients act on.

The Codex CLI compacts its conversation on `context_length_exceeded`, waits as long as a `rate_limit_exceeded` says ("try again
in 11.054s") and repeats the rest (https://github.com/openai/codex, codex-rs/codex-api).
"""

from typing import Final

import msgspec

from hrd.core.refusals import Refusal, RefusalKind

_CODES: Final = {
    RefusalKind.BAD_REQUEST: "invalid_prompt",
    RefusalKind.CONTEXT_EXCEEDED: "context_length_exceeded",
    RefusalKind.RATE_LIMITED: "rate_limit_exceeded",
    RefusalKind.TOO_LARGE: "context_length_exceeded",
    RefusalKind.ROUTER_FULL: "server_is_overloaded",
}
_PASSED_ON: Final = frozenset(
    {"context_length_exceeded", "insufficient_quota", "usage_not_included", "rate_limit_exceeded", "invalid_prompt"}
    | {"server_is_overloaded", "slow_down", "cyber_policy", "bio_policy", "image_content_policy_violation"}
)
"""Codes of an upstream that clients know."""


class _Error(msgspec.Struct, gc=False):
    message: str | None = None
    code: str | int | None = None


class _Envelope(msgspec.Struct, gc=False):
    error: _Error | None = None


def failure_of(refusal: Refusal) -> tuple[str, str]:
    """Code and message."""
    if refusal.kind is RefusalKind.SAID_UPSTREAM:
        said = _said(refusal.body)
        code = said.code if isinstance(said.code, str) and said.code in _PASSED_ON else "invalid_prompt"
        return code, said.message or refusal.message
    message = f"{refusal.message}\n{refusal.guidance}" if refusal.guidance else refusal.message
    if refusal.kind is RefusalKind.RATE_LIMITED and refusal.retry_after_s is not None:
        message = f"{message} Please try again in {refusal.retry_after_s:.3f}s."
    return _CODES.get(refusal.kind, "server_error"), message


def _said(body: bytes) -> _Error:
    try:
        return msgspec.json.decode(body, type=_Envelope).error or _Error()
    except (ValueError, RecursionError):
        return _Error()
