"""Refusals: how the router says no to a client, in one vocabulary that every dialect can write.

| kind | whose fault | status |
|---|---|---|
| the client's | bad request, too large, wrong key, unknown path or model | 4xx |
| the pool's | nothing can serve now: time would help (429) or would not (503) | 429, 503 |
| the router's | its own bounds, stopping, a loop | 503, 508 |
"""

import enum

import msgspec

from hrd.core.journal import AttemptNote


class RefusalKind(enum.Enum):
    """Value: (status, OpenAI error type, code)."""

    BAD_REQUEST = (400, "invalid_request_error", "bad_request")
    CONTEXT_EXCEEDED = (400, "invalid_request_error", "context_length_exceeded")
    RESPONSE_NOT_FOUND = (400, "invalid_request_error", "previous_response_not_found")
    UNAUTHORIZED = (401, "authentication_error", "invalid_api_key")
    FORBIDDEN = (403, "permission_error", "not_allowed")
    PATH_NOT_FOUND = (404, "invalid_request_error", "unknown_path")
    MODEL_NOT_FOUND = (404, "invalid_request_error", "model_not_found")
    METHOD_NOT_ALLOWED = (405, "invalid_request_error", "method_not_allowed")
    BODY_TIMEOUT = (408, "invalid_request_error", "request_timeout")
    TOO_LARGE = (413, "invalid_request_error", "request_too_large")
    UNSUPPORTED_ENCODING = (415, "invalid_request_error", "unsupported_content_encoding")
    SAID_UPSTREAM = (400, "invalid_request_error", "upstream_refused")
    """The provider's own no, which is the client's to mend: its status and body are passed on."""
    RATE_LIMITED = (429, "rate_limit_error", "rate_limit_exceeded")
    UNAVAILABLE = (503, "server_error", "no_candidate")
    NO_PROVIDER = (503, "server_error", "no_provider")
    ROUTER_FULL = (503, "server_error", "router_overloaded")
    STOPPING = (503, "server_error", "router_stopping")
    INTERRUPTED = (502, "server_error", "stream_interrupted")
    DEADLINE = (504, "server_error", "deadline_exceeded")
    CRASHED = (500, "server_error", "internal_error")
    LOOP = (508, "server_error", "loop_detected")

    @property
    def status(self) -> int:
        return self.value[0]


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A no. `message` says what happened and what it means; `guidance` what to type next."""

    kind: RefusalKind
    message: str
    guidance: str = ""
    param: str | None = None
    retry_after_s: float | None = None
    """Seconds until the earliest moment that any candidate may work, if time alone would help."""
    attempts: tuple[AttemptNote, ...] = ()
    status: int | None = None
    """SAID_UPSTREAM: the upstream's status."""
    body: bytes = b""
    """SAID_UPSTREAM: its body, scrubbed."""
    request_id: str = ""
    """Of the request that is refused, once it is known."""

    @property
    def http_status(self) -> int:
        return self.status if self.status is not None else self.kind.status

    def retry_headers(self) -> list[tuple[bytes, bytes]]:
        """`Retry-After` for every 429 that knows a moment; `x-should-retry: false` where the SDKs' own retries cannot help.

        openai-python gives up above 120 s and openai-node would go on with its own backoff; a 503 means that every candidate
        was tried."""
        headers: list[tuple[bytes, bytes]] = []
        if self.retry_after_s is not None and self.http_status in (429, 503):
            headers.append((b"retry-after", str(max(1, -int(-self.retry_after_s // 1))).encode()))
        if self.http_status == 503 or (self.http_status == 429 and (self.retry_after_s or 0.0) > 120):
            headers.append((b"x-should-retry", b"false"))
        return headers


NO_KEY = Refusal(
    kind=RefusalKind.UNAUTHORIZED,
    message="No client key of this router was given (Authorization: Bearer …, x-api-key or api-key).",
    guidance="See yours with: hr key reveal",
)
WRONG_KEY = Refusal(
    kind=RefusalKind.UNAUTHORIZED,
    message="The key that was given is none of this router's client keys: it may be a provider's, or one that was revoked.",
    guidance="See yours with: hr key reveal. Look for a provider's key, such as OPENAI_API_KEY, in the program's environment",
)
KEY_AS_MODEL = Refusal(
    kind=RefusalKind.BAD_REQUEST,
    message="The model that was asked for is one of this router's keys: model and key have changed places.",
    guidance="Set the model to the router's own name, or to one of: GET /v1/models",
    param="model",
)
LOOP = Refusal(
    kind=RefusalKind.LOOP,
    message="This request has been through this router already: one of its providers' base URLs points back at it.",
    guidance="See which with: hr status",
)
ROUTER_CANNOT_RECORD = Refusal(
    kind=RefusalKind.ROUTER_FULL,
    message="The router cannot take this request now: its buffers are full.",
    guidance="See why with: hr status",
    retry_after_s=5.0,
)
STOPPING = Refusal(kind=RefusalKind.STOPPING, message="The router is stopping.", retry_after_s=5.0)


def rejected_as(status: int, message: str) -> Refusal:
    """The refusal of a request whose body could not be taken: *status* is HTTP's word for why."""
    kind = _REJECTED.get(status, RefusalKind.BAD_REQUEST)
    retry_after_s = 1.0 if kind is RefusalKind.ROUTER_FULL else None
    return Refusal(kind=kind, message=f"{message[:1].upper()}{message[1:]}.", status=status, retry_after_s=retry_after_s)


_REJECTED = {413: RefusalKind.TOO_LARGE, 415: RefusalKind.UNSUPPORTED_ENCODING, 503: RefusalKind.ROUTER_FULL}


def cut_off(stream_s: float, attempts: tuple[AttemptNote, ...]) -> Refusal:
    return Refusal(
        kind=RefusalKind.INTERRUPTED,
        message=f"The reply was not over after {stream_s:.0f} s (STREAM_SECONDS).",
        attempts=attempts,
    )


def too_late(deadline_s: float, attempts: tuple[AttemptNote, ...]) -> Refusal:
    return Refusal(
        kind=RefusalKind.DEADLINE,
        message=f"No candidate answered within {deadline_s:.0f} s (DEADLINE_SECONDS).",
        guidance="See what each did with: hr why REQUEST_ID",
        attempts=attempts,
    )


def too_many_wait(wait_s: float, attempts: tuple[AttemptNote, ...]) -> Refusal:
    return Refusal(
        kind=RefusalKind.ROUTER_FULL,
        message="Nobody can serve this request now, and as many as may wait for somebody do so already (MAX_WAITING_REQUESTS).",
        guidance="See what is left with: hr quota",
        retry_after_s=wait_s,
        attempts=attempts,
    )


def too_many_wrong_keys(wait_s: float) -> Refusal:
    return Refusal(
        kind=RefusalKind.RATE_LIMITED,
        message="Too many requests without a client key of this router came from this address (MAX_AUTH_FAILURES).",
        guidance=WRONG_KEY.guidance,
        retry_after_s=wait_s,
    )
