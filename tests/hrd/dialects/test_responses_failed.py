"""Refusals in the codes that Responses clients act on."""

import pytest

from hrd.core.refusals import Refusal, RefusalKind
from hrd.dialects.responses_failed import failure_of


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (RefusalKind.CONTEXT_EXCEEDED, "context_length_exceeded"),
        (RefusalKind.TOO_LARGE, "context_length_exceeded"),
        (RefusalKind.BAD_REQUEST, "invalid_prompt"),
        (RefusalKind.RATE_LIMITED, "rate_limit_exceeded"),
        (RefusalKind.ROUTER_FULL, "server_is_overloaded"),
        (RefusalKind.INTERRUPTED, "server_error"),
        (RefusalKind.UNAVAILABLE, "server_error"),
    ],
)
def test_codes(kind: RefusalKind, code: str) -> None:
    assert failure_of(Refusal(kind=kind, message="m", guidance="g")) == (code, "m\ng")


def test_when_to_come_back_is_said_as_openai_says_it() -> None:
    refusal = Refusal(kind=RefusalKind.RATE_LIMITED, message="Nobody.", retry_after_s=11.0541)
    assert failure_of(refusal) == ("rate_limit_exceeded", "Nobody. Please try again in 11.054s.")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error":{"message":"too long","code":"context_length_exceeded"}}', ("context_length_exceeded", "too long")),
        (b'{"error":{"message":"odd","code":"some_code"}}', ("invalid_prompt", "odd")),
        (b'{"error":{"code":400}}', ("invalid_prompt", "m")),
        (b'{"error":null}', ("invalid_prompt", "m")),
        (b"<html>", ("invalid_prompt", "m")),
    ],
)
def test_what_an_upstream_said_is_passed_on_where_clients_know_it(body: bytes, said: tuple[str, str]) -> None:
    assert failure_of(Refusal(kind=RefusalKind.SAID_UPSTREAM, message="m", body=body)) == said
