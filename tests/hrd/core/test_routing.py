"""The order of candidates, rule by rule."""

from collections.abc import Collection, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.ask import Ask, Kind
from hrd.core.block_book import BlockBook
from hrd.core.lane import Lane
from hrd.core.lanes import Lanes
from hrd.core.learned import Learning
from hrd.core.providers import Candidate, CostClass, Credential, ModelFacts
from hrd.core.quota.book import QuotaBook
from hrd.core.roster import Selection
from hrd.core.routing import is_local_fit, is_one_group, local_tier, rank, why_unfit
from hrd.core.worth import Worth
from tests.hrd.stage import NOON, Cast, candidate, key, named, provider, roster

Standings = Mapping[str, tuple[float | None, int, float, float]]
"""Key → share left, in flight, latency, last used."""


def lanes_of(made: Selection, standings: Standings | None = None) -> list[Lane]:
    """The candidates' lanes, with what is known of them set by hand."""
    lanes = Lanes(BlockBook(()), QuotaBook(), Learning(()))
    found = []
    for one in made.candidates:
        lane = lanes.of(one, NOON)
        share, lane.in_flight, lane.latency_ms, lane.used_at = (standings or {}).get(named(one), (None, 0, 0.0, 0.0))
        if share is not None:
            lane.worth = Worth(share)
        found.append(lane)
    return found


def ranked(
    cast: Cast,
    standings: Standings | None = None,
    *,
    mode: str = "parallel",
    modes: dict[str, str] | None = None,
    fit: bool = True,
    used_up: Collection[str] = (),
) -> list[str]:
    made = roster(cast, mode=mode, modes=modes or {})
    selection = made.select_chat("")
    assert isinstance(selection, Selection)
    lanes = lanes_of(selection, standings)

    def is_used_up(lane: Lane) -> bool:
        return named(lane.candidate) in used_up

    order = rank(
        lanes,
        now=NOON,
        mode=made.mode,
        mode_of=made.mode_of,
        tier_of=lambda _: local_tier(is_fit=fit),
        is_used_up=is_used_up,
    )
    return [named(lane.candidate) for lane in order]


ONE: Cast = [(provider("alpha"), ["a1", "a2", "a3"])]
TWO: Cast = [(provider("alpha"), ["a1", "a2"]), (provider("beta"), ["b1"])]


def test_keys_of_one_provider_parallel_by_room_then_in_flight_then_longest_unused_then_stored_order() -> None:
    assert ranked(ONE) == ["a1", "a2", "a3"]
    assert ranked(ONE, {"a1": (0.2, 0, 0, 0), "a3": (0.9, 5, 0, 9)}) == ["a3", "a2", "a1"]  # a2 unknown: one half
    assert ranked(ONE, {"a1": (0.5, 2, 0, 0), "a2": (0.5, 1, 0, 0)}) == ["a3", "a2", "a1"]
    assert ranked(ONE, {"a1": (None, 0, 0, 30), "a2": (None, 0, 0, 10), "a3": (None, 0, 0, 20)}) == ["a2", "a3", "a1"]


def test_keys_of_one_provider_sequential_in_stored_order_whatever_their_room() -> None:
    busy = {"a1": (0.01, 9, 900.0, 99.0), "a3": (1.0, 0, 1.0, 0.0)}
    assert ranked(ONE, busy, mode="sequential") == ["a1", "a2", "a3"]


def test_sequential_drains_a_credential_model_by_model_parallel_takes_the_preferred_model_first() -> None:
    cast: Cast = [(provider("alpha", "m1", "m2"), ["a1", "a2"])]
    assert ranked(cast, mode="sequential") == ["a1/m1", "a1/m2", "a2/m1", "a2/m2"]
    assert ranked(cast, mode="parallel") == ["a1/m1", "a2/m1", "a1/m2", "a2/m2"]


def test_classes_come_in_their_order_whatever_their_room() -> None:
    cast: Cast = [
        (provider("paid"), ["p1"]),
        (provider("sub", cost_class="subscription"), ["s1"]),
        (provider("free", cost_class="free"), ["f1"]),
        (provider("here", cost_class="local"), ["l1"]),
    ]
    room = {"p1": (1.0, 0, 1.0, 0.0), "f1": (0.01, 50, 9000.0, 0.0)}
    for mode in ("parallel", "sequential"):
        assert ranked(cast, room, mode=mode) == ["l1", "f1", "s1", "p1"]


def test_local_leads_only_for_what_it_is_known_to_fit_else_it_comes_after_free() -> None:
    cast: Cast = [
        (provider("here", cost_class="local"), ["l1"]),
        (provider("sub", cost_class="subscription"), ["s1"]),
        (provider("free", cost_class="free"), ["f1"]),
    ]
    assert ranked(cast, fit=True) == ["l1", "f1", "s1"]
    assert ranked(cast, fit=False) == ["f1", "l1", "s1"]


def test_one_provider_with_keys_of_two_classes_asks_the_cheaper_first() -> None:
    cast: Cast = [(provider("alpha"), [key("alpha", "a1"), key("alpha", "a2", cost_class=CostClass.FREE)])]
    assert ranked(cast, mode="sequential") == ["a2", "a1"]


def test_providers_parallel_by_share_then_fewest_in_flight_then_latency_then_order() -> None:
    assert ranked(TWO) == ["a1", "a2", "b1"]
    assert ranked(TWO, {"b1": (0.6, 9, 900.0, 0.0)}) == ["b1", "a1", "a2"]
    assert ranked(TWO, {"b1": (0.4, 0, 1.0, 0.0)}) == ["a1", "a2", "b1"]
    assert ranked(TWO, {"a1": (None, 1, 0.0, 0.0), "a2": (None, 1, 0.0, 0.0), "b1": (None, 1, 0.0, 0.0)}) == ["b1", "a1", "a2"]
    assert ranked(TWO, {"a1": (None, 0, 300.0, 0.0), "a2": (None, 0, 280.0, 0.0), "b1": (None, 0, 270.0, 0.0)})[0] == "b1"
    assert ranked(TWO, {"a1": (None, 0, 300.0, 0.0), "b1": (None, 0, 270.0, 0.0)})[0] == "a1"  # a2's is not known yet


def test_a_provider_has_the_room_of_its_roomiest_key() -> None:
    assert ranked(TWO, {"a1": (0.0, 0, 0, 0), "a2": (0.7, 0, 0, 0), "b1": (0.6, 0, 0, 0)}) == ["a2", "a1", "b1"]


def test_local_counts_as_having_all_its_room() -> None:
    cast: Cast = [(provider("one", cost_class="local"), ["l1"]), (provider("two", cost_class="local"), ["l2"])]
    assert ranked(cast, {"l2": (0.99, 0, 0, 0)}) == ["l1", "l2"]


def test_providers_sequential_in_their_order_whatever_their_room() -> None:
    assert ranked(TWO, {"b1": (1.0, 0, 1.0, 0.0), "a1": (0.0, 9, 900.0, 9.0)}, mode="sequential") == ["a1", "a2", "b1"]


def test_the_mode_of_a_provider_rules_among_its_keys_and_the_mode_of_all_among_providers() -> None:
    room = {"a1": (0.2, 0, 0, 0), "a2": (0.3, 0, 0, 0), "b1": (0.9, 0, 0, 0)}
    assert ranked(TWO, room, mode="parallel", modes={"alpha": "sequential"}) == ["b1", "a1", "a2"]
    assert ranked(TWO, room, mode="sequential", modes={"alpha": "parallel"}) == ["a2", "a1", "b1"]


def test_one_group_is_one_provider_one_model_one_class() -> None:
    alpha = provider("alpha", "m1", "m2")
    first, sibling = candidate(alpha, "m1"), candidate(alpha, "m1", key("alpha", "a2"))
    assert is_one_group([first, sibling])
    assert not is_one_group([first, candidate(alpha, "m2")])
    assert not is_one_group([first, candidate(alpha, "m1", key("alpha", "a2", cost_class=CostClass.FREE))])
    assert not is_one_group([first, candidate(provider("beta", "m1"))])


@given(
    st.lists(st.tuples(st.sampled_from(["free", "paid", "local"]), st.integers(1, 3)), min_size=1, max_size=4),
    st.dictionaries(
        st.sampled_from([f"k{p}{k}" for p in range(4) for k in range(3)]), st.tuples(st.floats(0, 1), st.integers(0, 3))
    ),
    st.sampled_from(["parallel", "sequential"]),
)
def test_ranking_loses_nobody_and_never_puts_a_dearer_class_first(
    rows: list[tuple[str, int]], room: dict[str, tuple[float, int]], mode: str
) -> None:
    cast: Cast = [
        (provider(f"p{place}", cost_class=cost), [f"k{place}{number}" for number in range(count)])
        for place, (cost, count) in enumerate(rows)
    ]
    order = ranked(cast, {name: (*both, 0.0, 0.0) for name, both in room.items()}, mode=mode)
    everybody: list[Credential | str] = [one for _, group in cast for one in group]
    assert sorted(order) == sorted(str(one) for one in everybody)
    classes = [["local", "free", "paid"].index(rows[int(name[1])][0]) for name in order]
    assert classes == sorted(classes)


# what may be asked at all ----------------------------------------------------------------------------------------------------


def unfit(one: Candidate, known: Mapping[str, Any] | None = None, **ask: Any) -> str:
    facts = {"tools": None, "vision": None, "context": None, **(known or {})}
    return why_unfit(one, Ask(kind=Kind.CHAT, model="", **ask), **facts)


PLAIN = candidate()


@pytest.mark.parametrize(
    ("known", "ask", "why"),
    [
        ({"tools": False}, {"tools": True}, "takes no tools"),
        ({"tools": None}, {"tools": True}, ""),  # unknown may be tried
        ({"tools": True}, {"tools": True}, ""),
        ({"tools": False}, {}, ""),
        ({"vision": False}, {"images": True}, "takes no images"),
        ({"vision": None}, {"images": True}, ""),
        ({"context": 8192}, {"input_tokens": 8193}, "about 8193 tokens do not fit its context of 8192"),
        ({"context": 8192}, {"input_tokens": 8192}, ""),
        ({"context": None}, {"input_tokens": 10**7}, ""),
        ({}, {"token_ids": True}, "takes no token ids"),
    ],
)
def test_a_request_goes_only_to_whom_it_fits_as_far_as_is_known(known: dict[str, Any], ask: dict[str, Any], why: str) -> None:
    assert unfit(PLAIN, known, **ask) == why


def test_large_requests_pass_over_whom_the_settings_say() -> None:
    limited = candidate(provider("alpha", skip_tokens_over=3000))
    assert unfit(limited, input_tokens=3001) == "about 3001 tokens are over its limit of 3000"
    assert unfit(limited, input_tokens=3000) == ""
    assert unfit(candidate(provider("alpha", skip_tokens_over=0)), input_tokens=10**6) == ""
    local = candidate(provider("here", skip_tokens_over=3000, cost_class="local"))
    assert unfit(local, input_tokens=3001) == ""  # it comes after free instead


def test_a_body_over_a_known_ceiling_is_not_sent() -> None:
    small = candidate(provider("alpha", body_bytes_max=1000))
    assert unfit(small, body_bytes=1001) == "a body of 1001 bytes is over its limit of 1000"
    assert unfit(small, body_bytes=1000) == ""


def test_token_ids_go_to_whom_takes_them() -> None:
    assert unfit(candidate(provider("alpha", embed_takes_tokens=True)), token_ids=True) == ""


@pytest.mark.parametrize(
    ("ask", "tools", "vision", "fits"),
    [
        ({"input_tokens": 3000}, None, None, True),
        ({"input_tokens": 3001}, None, None, False),
        ({"tools": True}, None, None, False),
        ({"tools": True}, True, None, True),
        ({"images": True}, None, None, False),
        ({"images": True}, None, True, True),
        ({"images": True, "tools": True}, True, None, False),
    ],
)
def test_what_a_local_model_is_known_to_fit(ask: dict[str, Any], tools: bool | None, vision: bool | None, fits: bool) -> None:
    local = candidate(provider("here", skip_tokens_over=3000, models_facts={"m1": ModelFacts()}))
    assert is_local_fit(local, Ask(kind=Kind.CHAT, model="", **ask), tools, vision) is fits


def test_a_local_model_without_a_limit_fits_any_size() -> None:
    local = candidate(provider("here", cost_class="local"))
    assert is_local_fit(local, Ask(kind=Kind.CHAT, model="", input_tokens=10**6), None, None)
