"""The three demo providers: what each of them does with one request after the other."""

import json

import pytest

from hrd.demo.providers import DemoProvider, FlakyDemo, LimitedDemo, demo_providers

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()


def statuses(provider: DemoProvider, *moments: float) -> list[int]:
    return [provider.reply("POST", "/chat/completions", BODY, now).status for now in moments]


def test_they_have_names_and_models() -> None:
    assert [(provider.name, provider.model) for provider in demo_providers()] == [
        ("demo_fine", "demo-fine"),
        ("demo_limited", "demo-limited"),
        ("demo_flaky", "demo-flaky"),
    ]


def test_the_fine_one_is_fine() -> None:
    assert statuses(DemoProvider(), 0, 0, 0, 0, 0, 0, 0) == [200] * 7


def test_the_limited_one_takes_three_a_minute_and_says_when_it_goes_on() -> None:
    provider = LimitedDemo()

    assert statuses(provider, 100, 101, 102) == [200, 200, 200]
    refused = provider.reply("POST", "/chat/completions", BODY, 140.5)
    assert (refused.status, (b"retry-after", b"20") in refused.headers) == (429, True)
    assert statuses(provider, 159.9, 160, 160, 160, 160) == [429, 200, 200, 200, 429]


def test_the_flaky_one_fails_every_third_time() -> None:
    assert statuses(FlakyDemo(), 0, 0, 0, 0, 0, 0) == [200, 200, 500, 200, 200, 500]


def test_looks_at_the_models_and_bad_requests_count_for_nothing() -> None:
    provider = LimitedDemo()
    for _ in range(5):
        assert provider.reply("GET", "/models", b"", 0).status == 200
        assert provider.reply("POST", "/chat/completions", b"[]", 0).status == 400

    assert statuses(provider, 0, 0, 0, 0) == [200, 200, 200, 429]


def test_embeddings_count_like_chat() -> None:
    provider = FlakyDemo()
    body = json.dumps({"input": "one"}).encode()

    assert [provider.reply("POST", "/embeddings", body, 0).status for _ in range(3)] == [200, 200, 500]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/nowhere", BODY, 404),
        ("GET", "/chat/completions", b"", 404),
        ("DELETE", "/models", b"", 404),
        ("POST", "/chat/completions", b"{", 400),
        ("POST", "/chat/completions", b"\xff", 400),
        ("POST", "/chat/completions", b"3", 400),
    ],
)
def test_what_cannot_be_answered_is_refused(method: str, path: str, body: bytes, status: int) -> None:
    assert DemoProvider().reply(method, path, body, 0).status == status
