"""What the login server says, read."""

import json

import pytest

from hrd.core.secrets import Secret
from hrd.credentials.accounts import Tokens
from hrd.upstream.accounts.answers import FOR_GOOD, Given, Refused, Troubled, merged, silence_of, tokens_given
from hrd.upstream.general import Got, NotGot
from tests.upstreams.codex_oauth import jwt

NOW = 1_795_003_200.0


def hide(text: str) -> str:
    return text.replace("rt_secret", "[hidden]")


def read(status: int, body: object) -> Given | Refused | Troubled:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return tokens_given(Got(status, {}, data), hide)


def test_tokens() -> None:
    given = read(200, {"access_token": "a", "refresh_token": "r", "id_token": "i", "expires_in": 3600})
    assert isinstance(given, Given)
    assert [one.reveal() for one in (given.access, given.refresh, given.id_token)] == ["a", "r", "i"]
    assert given.lifetime_s == 3600


@pytest.mark.parametrize("lifetime", ["3600", -1, 0, None, True, 1e99])
def test_a_lifetime_that_is_none_is_not_known(lifetime: object) -> None:
    given = read(200, {"access_token": "a", "expires_in": lifetime})
    assert isinstance(given, Given)
    assert given.lifetime_s is None


@pytest.mark.parametrize("code", FOR_GOOD)
@pytest.mark.parametrize("shape", ["nested", "flat", "coded"])
@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_for_good_in_every_shape(code: str, shape: str, status: int) -> None:
    body = {"nested": {"error": {"code": code, "message": "m"}}, "flat": {"error": code}, "coded": {"code": code}}[shape]
    assert read(status, body) == Refused(f"{FOR_GOOD[code]} ({code})")


def test_any_401_is_for_good() -> None:
    assert read(401, b"") == Refused("the login server answers 401")


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (500, b"<html>", "the login server answers 500"),
        (429, {"error": {"code": "rate_limited", "message": "slow"}}, "the login server answers 429: rate_limited slow"),
        (403, {"detail": "blocked"}, "the login server answers 403: blocked"),
        (
            400,
            {"error": "invalid_client", "error_description": "rt_secret"},
            "the login server answers 400: invalid_client [hidden]",
        ),
        (302, b"", "the login server answers 302"),
        (200, b"", "the login server answered without tokens"),
        (200, [], "the login server answered without tokens"),
        (200, {"access_token": 5, "refresh_token": "two words"}, "the login server answered without tokens"),
        (200, b"[" * 100_000, "the login server answered without tokens"),
    ],
)
def test_trouble_that_may_pass(status: int, body: object, why: str) -> None:
    assert read(status, body) == Troubled(why)


def test_no_answer_is_trouble() -> None:
    for reason, words in [
        ("ConnectError", "no connection to it comes about"),
        ("TooSlowError", "it takes too long"),
        ("more than 9 bytes", "more than 9 bytes"),
    ]:
        silence = silence_of("auth.test", NotGot(reason))
        assert silence == Troubled(f"the login server auth.test does not answer: {words}", is_silent=True)
        assert tokens_given(silence, hide) == silence


def test_what_was_not_given_stays() -> None:
    before = Tokens(access=Secret("a1", "codex"), refresh=Secret("r1", "codex"), expires_at=NOW + 5)
    nothing = Secret("", "codex")
    only_refresh = Given(access=nothing, refresh=Secret("r2", "codex"), id_token=nothing, lifetime_s=60.0)
    after = merged(only_refresh, before, NOW)
    assert (after.access.reveal(), after.refresh.reveal(), after.expires_at) == ("a1", "r2", NOW + 5)
    only_access = Given(access=Secret("a2", "codex"), refresh=nothing, id_token=nothing, lifetime_s=60.0)
    after = merged(only_access, before, NOW)
    assert (after.access.reveal(), after.refresh.reveal(), after.expires_at) == ("a2", "r1", NOW + 60)
    assert after.last_refresh == "2026-11-18T12:00:00Z"
    assert jwt({"exp": 1}).count(".") == 2
