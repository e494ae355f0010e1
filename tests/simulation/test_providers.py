"""The providers of the model: what they refuse, and that the router's readers find out from the bytes alone."""

import ast
from pathlib import Path

import pytest

from hrd.core.failures import Verdict, WindowKind
from hrd.upstream.failures import read_failure
from hrd.upstream.ratelimits import read_limits
from tests.simulation import tiers
from tests.simulation.month import BEGIN
from tests.simulation.providers import Asked, Key, Lie
from tests.simulation.windows import DAY_S, NEVER

HERE = Path(__file__).parent
ROUTER = {"ours.py"}
"""Who drives the router is no part of the model."""
DAY, PACIFIC, SHANGHAI = BEGIN + DAY_S, BEGIN + 8 * 3600, BEGIN + 16 * 3600
DECEMBER = BEGIN + 15 * DAY_S


def asked(number: int = 1, *, tokens: int = 500) -> Asked:
    return Asked(number, BEGIN, tiers.OPEN_CLIENT, tokens, 100, tokens, 0.5, 2.0)


def key(name: str) -> Key:
    return next(key for key in tiers.pool() if key.text == f"test-not-a-key-{name}")


def full(name: str, window: str) -> tuple[Key, float]:
    """A key whose window of that name is full, and nothing else; and the moment."""
    one, now = key(name), BEGIN + 10.0
    for each in one.account.windows:
        if each.name == window:
            each.take(each.limit - each.used(now), now, 20.0)
    return one, now


def test_the_model_imports_nothing_of_the_router() -> None:
    for path in sorted(HERE.glob("*.py")):
        if path.name in ROUTER or path.name.startswith("test_"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not any(name.split(".")[0] in ("hrd", "hrctl") for name in names), f"{path.name} imports {names}"


@pytest.mark.parametrize(
    ("name", "window", "verdict", "until"),
    [
        ("openrouter-1", "minute", Verdict.RATE_LIMITED, BEGIN + 70),
        ("openrouter-1", "day", Verdict.QUOTA_EXHAUSTED, DAY),
        ("groq-1", "requests per minute (RPM)", Verdict.RATE_LIMITED, BEGIN + 12),
        ("groq-1", "requests per day (RPD)", Verdict.QUOTA_EXHAUSTED, BEGIN + 10 + 87),
        ("groq-1", "tokens per minute (TPM)", Verdict.RATE_LIMITED, BEGIN + 10 + 5),
        ("groq-1", "tokens per day (TPD)", Verdict.QUOTA_EXHAUSTED, BEGIN + 10 + 260),
        ("gemini-1", "minute", Verdict.RATE_LIMITED, BEGIN + 70),
        ("gemini-1", "day", Verdict.QUOTA_EXHAUSTED, PACIFIC),
        ("cohere-1", "minute", Verdict.RATE_LIMITED, None),
        ("cohere-1", "month", Verdict.QUOTA_EXHAUSTED, DECEMBER),
        ("zai-1", "in flight", Verdict.RATE_LIMITED, None),
        ("zai-1", "day", Verdict.QUOTA_EXHAUSTED, SHANGHAI),
        ("naga-1", "minute", Verdict.RATE_LIMITED, None),
        ("naga-1", "day", Verdict.QUOTA_EXHAUSTED, DAY),
        ("nvidia-1", "minute", Verdict.RATE_LIMITED, None),
        ("huggingface-1", "credit", Verdict.QUOTA_EXHAUSTED, DECEMBER),
    ],
)
def test_a_full_window_is_refused_in_words_that_the_router_reads(
    name: str, window: str, verdict: Verdict, until: float | None
) -> None:
    one, now = full(name, window)
    reply = one.ask(asked(), now)
    assert reply.refused is not None
    assert reply.refused.window is not None
    assert (reply.refused.kind, reply.refused.window.name) == ("window", window)
    zone = {"gemini": "America/Los_Angeles", "zai": "Asia/Shanghai"}.get(one.provider, "UTC")
    failure = read_failure(one.provider, reply.status, reply.headers, reply.body, now, zone=zone, scrub=str)
    assert failure.verdict is verdict
    assert failure.until is None if until is None else failure.until == pytest.approx(until, abs=0.5)


@pytest.mark.parametrize("name", sorted({key.text.removeprefix("test-not-a-key-") for key in tiers.pool()}))
def test_a_revoked_key_and_an_outage_are_told_apart(name: str) -> None:
    one = key(name)
    one.account.outages.append((BEGIN, BEGIN + 60))
    down = one.ask(asked(), BEGIN)
    one.revoked_at = BEGIN + 60
    dead = one.ask(asked(), BEGIN + 60)
    said = [
        read_failure(one.provider, reply.status, reply.headers, reply.body, BEGIN, scrub=str).verdict for reply in (down, dead)
    ]
    assert said[0] in (Verdict.OVERLOADED, Verdict.SERVER_ERROR, Verdict.MODEL_UNAVAILABLE)
    assert said[1] in (Verdict.REJECTED, Verdict.REVOKED)
    assert one.free_at(asked(), BEGIN + 60) == NEVER


def test_a_lie_claims_what_is_not_true() -> None:
    one = key("zai-1")
    one.account.lies.append(Lie(BEGIN, BEGIN + 600, 7 * DAY_S))
    reply = one.ask(asked(), BEGIN)
    failure = read_failure("zai", reply.status, reply.headers, reply.body, BEGIN, zone="Asia/Shanghai", scrub=str)
    assert failure.until == BEGIN + 7 * DAY_S
    assert one.free_at(asked(), BEGIN) == BEGIN + 600
    assert one.ask(asked(), BEGIN + 600).status == 200


def test_groq_tells_of_its_day_and_its_minute() -> None:
    one = key("groq-1")
    reply = one.ask(asked(tokens=900), BEGIN)
    day, minute = sorted(read_limits("groq", reply.headers, BEGIN), key=lambda seen: seen.kind.value)
    assert (day.kind, day.limit, day.left) == (WindowKind.REQUESTS_DAY, 1000, 999)
    assert (minute.kind, minute.limit, minute.left) == (WindowKind.TOKENS_MINUTE, 8000, 7000)
    assert day.resets_at == pytest.approx(BEGIN + 86.4)
    assert minute.resets_at == pytest.approx(BEGIN + 7.5)


def test_two_keys_of_one_organisation_share_its_windows() -> None:
    one, other = [key for key in tiers.pool() if key.provider == "groq"]
    assert one.account is other.account
    one.ask(asked(tokens=7900), BEGIN)
    reply = other.ask(asked(), BEGIN)
    assert read_failure("groq", reply.status, reply.headers, reply.body, BEGIN, scrub=str).account == "org_test1"


def test_spend_elsewhere_is_counted_and_not_told() -> None:
    one = key("openrouter-1")
    for _ in range(19):
        assert one.account.spend_elsewhere(asked(), BEGIN)
    assert one.ask(asked(), BEGIN).status == 200
    assert not one.account.spend_elsewhere(asked(), BEGIN)
    assert one.ask(asked(), BEGIN).status == 429
    assert [window.foreign for window in one.account.windows] == [19, 19]
