"""`hr limit`: what programs may ask for, how far each has come, and how that is changed."""

import msgspec
import pytest

from hrd.admin.wire.keys import KeyLimits
from hrd.admin.wire.limits import LIMIT_CLEAR, LIMIT_SET, LIMITS, Ceilings, ClientLimits, LimitClear, Limits, LimitSet, Spent
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon

CI = ClientLimits(
    fingerprint="client-1a2b3c4d",
    name="ci",
    source="auth.json",
    own=KeyLimits(cost_policy="free-only", priority_max="low"),
    holds=Ceilings(rpm=20, req_per_day=500, tokens_per_day=1_000_000, cost_per_day=0.5, concurrency=2),
    spent=Spent(at_once=2, in_minute=1, requests=450, tokens=1_200_000, cost_microusd=1),
)
FREE = ClientLimits(fingerprint="client-5e6f7a8b", name="", source=".env", spent=Spent(requests=1))
FOUND = Limits(now=1_795_003_200.0, resets_at=1_795_003_200.0 + 7200, defaults=Ceilings(), clients=(CI, FREE))


def test_what_is_left_is_drawn_for_each_ceiling(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(LIMITS, FOUND)
    assert hr("limit", "list").out.splitlines() == [
        "KEY              CEILING                 LEFT                  OF  RESETS",
        "ci               at once                 ░░░░░░░░░░      0      2  when one ends",
        "                 requests/minute         █████████░     19     20  by and by",
        "                 requests/day            █░░░░░░░░░     50    500  in 2 h",
        "                 tokens/day              ░░░░░░░░░░      0   1.0M  in 2 h",
        "                 cost/day                █████████░  $0.50  $0.50  in 2 h",
        "                 free-only",
        "                 priority low",
        "client-5e6f7a8b  none (1 request today)",
    ]


def test_without_keys_it_says_how_to_make_one(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(LIMITS, msgspec.structs.replace(FOUND, clients=()))
    assert "hr key create" in hr("limit", "list").out


def test_json_is_what_the_daemon_said(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(LIMITS, FOUND)
    assert msgspec.json.decode(hr("limit", "list", "--json").out, type=Limits) == FOUND


def test_only_what_is_named_is_changed(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(LIMIT_SET, CI)
    said = hr("limit", "set", "ci", "--rpm", "20", "--cost-day", "0.5", "--priority-max", "low")
    assert said.out == "ci: 2 at once, 20 requests/min, 500 requests/day, 1.0M tokens/day, $0.50/day, free-only, priority low\n"
    asked = msgspec.json.decode(daemon.asked[0].body, type=LimitSet)
    assert asked == LimitSet(which="ci", rpm=20, cost_per_day=0.5, priority_max="low")


def test_ceilings_are_taken_away(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(LIMIT_CLEAR, FREE)
    assert hr("limit", "clear", "client-5e6f7a8b").out == "client-5e6f7a8b: no ceiling\n"
    assert msgspec.json.decode(daemon.asked[0].body, type=LimitClear) == LimitClear(which="client-5e6f7a8b")


@pytest.mark.parametrize(
    "arguments",
    [
        ("set",),
        ("set", "ci", "--rpm", "-1"),
        ("set", "ci", "--cost-day", "x"),
        ("set", "ci", "--cost-day", "nan"),
        ("set", "ci", "--cost-day", "inf"),
        ("set", "ci", "--priority-max", "urgent"),
        ("clear",),
    ],
)
def test_what_makes_no_sense_is_misuse(daemon: FakeDaemon, hr: Hr, arguments: tuple[str, ...]) -> None:
    assert hr("limit", *arguments).code == 2
    assert daemon.asked == []
