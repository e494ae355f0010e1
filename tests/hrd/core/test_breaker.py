"""The breaker of an endpoint: four of eight, one model or all of it, and one request that goes first afterwards."""

import pytest

from hrd.core.breaker import Breaker, Breakers
from hrd.core.providers import Candidate
from hrd.core.rules import PoolRules
from tests.hrd.stage import candidate, key, provider

ALPHA = provider("alpha", "m1", "m2", "m3")
M1, M2, M3 = (candidate(ALPHA, model) for model in ("m1", "m2", "m3"))
OTHER_KEY = candidate(ALPHA, "m1", key("alpha", "a2"))
RULES = PoolRules(breaker_window=8, breaker_samples_min=4, breaker_error_rate=0.5, breaker_cooldown_s=60)
ENDPOINT = "endpoint:https://alpha.test/v1"
T = 1000.0


def run(breaker: Breaker, outcomes: str, *, at: float = T, one: Candidate = M1) -> list[str | None]:
    """`.` a success, `x` a failure, `c` a failure to connect, one second apart; what opened."""
    opened: list[str | None] = []
    for place, outcome in enumerate(outcomes):
        now = at + place
        if outcome == ".":
            breaker.succeeded(one, begun_at=now)
        else:
            scope = breaker.failed(one, RULES, connecting=outcome == "c", begun_at=now, now=now)
            opened += [scope] if scope else []
    return opened


@pytest.mark.parametrize(
    ("outcomes", "opens"),
    [
        ("xxx", False),
        ("xxxx", True),
        (".x.x", True),
        ("....xxx", False),
        ("....xxxx", True),
        ("........xxx", False),  # of the last eight three
        ("........xxxx", True),
        ("x.......x.......x", False),
        ("...x...x...x...x", False),
    ],
)
def test_it_opens_at_half_of_the_last_eight_but_not_before_four(outcomes: str, opens: bool) -> None:
    assert run(Breaker(8), outcomes) == ([f"{ENDPOINT} m1"] if opens else [])


def test_all_keys_of_an_endpoint_count_together() -> None:
    breaker = Breaker(8)
    assert run(breaker, "xx") + run(breaker, "xx", one=OTHER_KEY) == [f"{ENDPOINT} m1"]


def test_failures_of_two_models_open_the_endpoint() -> None:
    breaker = Breaker(8)
    assert run(breaker, "xxxx") == [f"{ENDPOINT} m1"]
    assert run(breaker, "xxx", one=M2, at=T + 10) == []
    assert run(breaker, "x", one=M2, at=T + 20) == [ENDPOINT]


def test_two_models_whose_troubles_lie_apart_are_two_troubles() -> None:
    breaker = Breaker(8)
    run(breaker, "xxxx")
    assert run(breaker, "xxxx", one=M2, at=T + 100) == [f"{ENDPOINT} m2"]


def test_failures_to_connect_open_the_endpoint_whichever_model_they_were_for() -> None:
    breaker = Breaker(8)
    assert run(breaker, "cc") + run(breaker, "c", one=M2) + run(breaker, "c", one=M3) == [ENDPOINT]


def test_a_server_error_shows_that_connecting_works() -> None:
    assert run(Breaker(8), "cx..c..c..") == []


def test_after_the_cooldown_one_failure_opens_it_again() -> None:
    breaker = Breaker(8)
    run(breaker, "xxxx")
    assert run(breaker, "x", at=T + 70) == [f"{ENDPOINT} m1"]
    assert run(breaker, ".", at=T + 140) == []
    assert run(breaker, "xx", at=T + 150) == []


def test_what_was_out_when_it_opened_is_the_same_story() -> None:
    breaker = Breaker(8)
    run(breaker, "xxxx")  # opens at T + 3
    assert breaker.failed(M1, RULES, connecting=False, begun_at=T + 2, now=T + 30) is None
    breaker.succeeded(M1, begun_at=T + 2)  # begun before it opened: it says nothing of now
    assert run(breaker, "x", at=T + 70) == [f"{ENDPOINT} m1"]


def test_an_attempt_that_breaks_off_after_its_success_counts_once() -> None:
    breaker = Breaker(8)
    opened: list[str | None] = []
    for at in range(4):
        breaker.succeeded(M1, begun_at=T + at)
        opened.append(breaker.broke_off(M1, RULES, begun_at=T + at, now=T + at))
    assert opened == [None, None, None, f"{ENDPOINT} m1"]
    breaker = Breaker(8)
    run(breaker, "......")
    assert [breaker.broke_off(M1, RULES, begun_at=T, now=T) for _ in range(3)] == [None, None, f"{ENDPOINT} m1"]


def test_models_are_forgotten_rather_than_counted_without_end() -> None:
    breaker = Breaker(8)
    run(breaker, "xxx")
    for number in range(300):
        breaker.succeeded(candidate(ALPHA, f"x{number}"), begun_at=T)
    assert run(breaker, "x") == []  # m1's three failures are forgotten


@pytest.mark.parametrize("how", ["its reset", "everybody's reset", "another window"])
def test_a_reset_and_another_window_count_anew(how: str) -> None:
    breakers = Breakers(8)
    run(breakers.of("https://alpha.test/v1"), "xxx")
    if how == "another window":
        breakers.look_back(16)
    else:
        breakers.forget(["https://alpha.test/v1", "https://beta.test/v1"] if how == "its reset" else None)
    assert run(breakers.of("https://alpha.test/v1"), "xxx") == []


def test_the_same_window_again_counts_on() -> None:
    breakers = Breakers(8)
    run(breakers.of("https://alpha.test/v1"), "xxx")
    breakers.look_back(8)
    assert run(breakers.of("https://alpha.test/v1"), "x") == [f"{ENDPOINT} m1"]


def test_endpoints_are_bounded() -> None:
    breakers = Breakers(8)
    first = breakers.of("https://x0.test")
    for number in range(1, 1025):
        breakers.of(f"https://x{number}.test")
    assert breakers.of("https://x0.test") is not first
