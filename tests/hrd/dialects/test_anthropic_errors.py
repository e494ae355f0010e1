"""Refusals in Anthropic's envelope."""

import msgspec
import pytest

from hrd.core.journal import AttemptNote
from hrd.core.refusals import Refusal, RefusalKind
from hrd.dialects.anthropic_errors import comment, error_event, error_reply, keep_alive, too_long

NOTE = AttemptNote(provider="alpha", model="m-1", credential="alpha-0a1b2c3d", outcome="rate limited", status=429)

OPENAI_SAYS = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."


def refusal(kind: RefusalKind = RefusalKind.RATE_LIMITED, message: str = "No.", **members: object) -> Refusal:
    return msgspec.structs.replace(Refusal(kind=kind, message=message, request_id="req-1"), **members)


def test_the_envelope() -> None:
    status, headers, body = error_reply(refusal(guidance="See hr quota.", attempts=(NOTE,), retry_after_s=7.0))
    assert (status, dict(headers)) == (429, {b"content-type": b"application/json", b"retry-after": b"7"})
    error = msgspec.json.decode(body)
    assert error.pop("request_id") == "req-1"
    assert error["type"] == "error"
    assert error["error"].pop("attempts")[0]["provider"] == "alpha"
    assert error["error"] == {"type": "rate_limit_error", "message": "No.\nSee hr quota."}


@pytest.mark.parametrize(
    ("kind", "status", "error_type"),
    [
        (RefusalKind.BAD_REQUEST, 400, "invalid_request_error"),
        (RefusalKind.CONTEXT_EXCEEDED, 400, "invalid_request_error"),
        (RefusalKind.UNAUTHORIZED, 401, "authentication_error"),
        (RefusalKind.FORBIDDEN, 403, "permission_error"),
        (RefusalKind.MODEL_NOT_FOUND, 404, "not_found_error"),
        (RefusalKind.METHOD_NOT_ALLOWED, 405, "invalid_request_error"),
        (RefusalKind.BODY_TIMEOUT, 408, "timeout_error"),
        (RefusalKind.TOO_LARGE, 413, "request_too_large"),
        (RefusalKind.RATE_LIMITED, 429, "rate_limit_error"),
        (RefusalKind.CRASHED, 500, "api_error"),
        (RefusalKind.UNAVAILABLE, 503, "api_error"),
        (RefusalKind.NO_PROVIDER, 503, "api_error"),
        (RefusalKind.ROUTER_FULL, 529, "overloaded_error"),
        (RefusalKind.STOPPING, 529, "overloaded_error"),
        (RefusalKind.DEADLINE, 504, "timeout_error"),
        (RefusalKind.LOOP, 508, "api_error"),
    ],
)
def test_statuses_and_types(kind: RefusalKind, status: int, error_type: str) -> None:
    said, _, body = error_reply(refusal(kind))
    assert (said, msgspec.json.decode(body)["error"]["type"]) == (status, error_type)


def test_nobody_can_serve_and_asking_again_does_not_help() -> None:
    assert (b"x-should-retry", b"false") in error_reply(refusal(RefusalKind.UNAVAILABLE))[1]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"type":"error","error":{"type":"invalid_request_error","message":"theirs"}}', "theirs"),
        (b'{"error":{"message":"theirs","code":"x"}}', "theirs"),
        (b'[{"error":{"message":"theirs"}}]', "theirs"),
        (b'{"error":"theirs"}', "No."),
        (b"<html>", "No."),
        (b"", "No."),
    ],
)
def test_what_an_upstream_said_is_said_in_this_envelope(body: bytes, message: str) -> None:
    status, _, told = error_reply(refusal(RefusalKind.SAID_UPSTREAM, status=422, body=body))
    assert status == 422
    assert msgspec.json.decode(told)["error"] == {"type": "invalid_request_error", "message": message}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("prompt is too long: 9 tokens > 8 maximum", "prompt is too long: 9 tokens > 8 maximum"),
        (
            OPENAI_SAYS,
            f"prompt is too long: 9000 tokens > 8192 maximum ({OPENAI_SAYS})",
        ),
        (
            "about 120,000 tokens do not fit its context of 8192",
            "prompt is too long: 120000 tokens > 8192 maximum (about 120,000 tokens do not fit its context of 8192)",
        ),
        (
            "gpt-4-0613 takes 8192, not 9000",
            "prompt is too long: 9000 tokens > 8192 maximum (gpt-4-0613 takes 8192, not 9000)",
        ),
        ("maximum context length is 8192", "prompt is too long: maximum context length is 8192"),
    ],
)
def test_a_context_that_is_too_small_is_told_in_the_words_that_clients_look_for(said: str, told: str) -> None:
    assert too_long(said) == told
    body = error_reply(refusal(RefusalKind.CONTEXT_EXCEEDED, said))[2]
    assert msgspec.json.decode(body)["error"]["message"] == told


def test_an_error_event_and_what_else_a_stream_carries() -> None:
    assert error_event(Refusal(kind=RefusalKind.INTERRUPTED, message="It broke off.")) == (
        b'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"It broke off."},"request_id":null}\n\n'
    )
    assert comment("a\nb") == b": a b\n\n"
    assert keep_alive() == b'event: ping\ndata: {"type":"ping"}\n\n'
