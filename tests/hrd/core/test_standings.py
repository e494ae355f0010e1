"""The order that is kept is the one that `routing.rank` makes of everybody, whatever has happened."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hrd.core.block_book import BlockBook
from hrd.core.blocks import Block
from hrd.core.failures import HintSource, Observation, WindowKind
from hrd.core.group import Due
from hrd.core.lane import Lane
from hrd.core.lanes import Lanes
from hrd.core.learned import Learning
from hrd.core.quota.amounts import Amounts
from hrd.core.quota.book import QuotaBook
from hrd.core.quota.limit import Limit
from hrd.core.roster import Selection
from hrd.core.routing import local_tier, rank
from hrd.core.standings import Standings
from tests.hrd.stage import NOON, Cast, key, named, provider, roster

MINUTE, DAY = Limit(kind="requests/minute", limit=3), Limit(kind="requests/day", limit=8)
TOKENS, SLOTS = Limit(kind="tokens/day", limit=20_000), Limit(kind="at once", limit=2)
CAST: Cast = [
    (provider("alpha", "m1", "m2", cost_class="free", own_limits=(MINUTE,), limits=(DAY,)), ["a1", "a2", "a3"]),
    (provider("beta", cost_class="free", own_limits=(TOKENS,)), [key("beta", name, account="org") for name in ("b1", "b2")]),
    (provider("gamma", cost_class="free", limits=(SLOTS,)), ["c1"]),
    (provider("here", cost_class="local"), ["h1"]),
    (provider("delta", cost_class="paid"), ["d1", "d2"]),
]


class World:
    """Lanes of everybody in *cast*, their kept order, and what was asked."""

    def __init__(self, cast: Cast, mode: str = "parallel", reserve: float = 0.0, **facts: Any) -> None:
        self.now = NOON
        self.blocks, self.book = BlockBook(()), QuotaBook()
        self.lanes = Lanes(self.blocks, self.book, Learning(()), reserve)
        self.roster = roster(cast, mode=mode, **facts)
        selection = self.roster.select_chat("")
        assert isinstance(selection, Selection)
        self.selection = selection
        self.kept = self.standings()
        self.out: list[tuple[int, int]] = []
        self.number = 0

    def standings(self) -> Standings:
        return Standings(
            self.selection.candidates,
            self.lanes,
            mode=self.roster.mode,
            mode_of=self.roster.mode_of,
            shares=True,
            is_one_group=self.selection.is_one_group,
        )

    def ask(self, place: int, tokens: int) -> None:
        candidate = self.selection.candidates[place % len(self.selection.candidates)]
        lane = self.lanes.begin(candidate, tokens, self.now)
        self.number += 1
        self.book.reserve(self.number, lane.meters or (), Amounts(tokens, 100), self.now)
        self.blocks.begin(candidate.scopes, self.number)
        self.out.append((self.number, place))

    def answer(self, which: int, tokens: int) -> None:
        if not self.out:
            return
        number, place = self.out.pop(which % len(self.out))
        candidate = self.selection.candidates[place % len(self.selection.candidates)]
        self.lanes.answered(candidate, 10.0 * which)
        self.book.answered(number, self.now)
        seen = Observation(kind=WindowKind.REQUESTS_DAY, limit=50, left=which, resets_at=self.now + 600.0)
        self.book.observe(candidate, (seen,) if which % 3 == 0 else (), self.book.counts_of(number), self.now)
        self.lanes.end(candidate)
        self.book.settle(number, Amounts(tokens, 50), self.now)
        self.blocks.end(number)

    def block(self, place: int, seconds: int) -> None:
        candidate = self.selection.candidates[place % len(self.selection.candidates)]
        scope = candidate.scopes[place % 3]
        until = self.now + seconds
        self.blocks.put(
            Block(
                scope=scope,
                reason="quota",
                source=HintSource.GUESS,
                set_at=self.now,
                until=until,
                next_probe=self.now + seconds / 2,
            )
        )

    def lift(self, place: int) -> None:
        candidate = self.selection.candidates[place % len(self.selection.candidates)]
        self.blocks.lift(candidate.scopes, begun_at=self.now + 1)

    def tier_of(self, lane: Lane) -> float:
        return lane.tier if lane.tier is not None else local_tier(is_fit=True)

    def anew(self, tokens: int, most: int | None) -> tuple[list[Lane], list[Due]]:
        """What comes out if everybody is looked at."""
        able: list[Lane] = []
        due: list[Due] = []
        for lane in [self.lanes.of(candidate, self.now) for candidate in self.selection.candidates]:
            is_able, tested = self.lanes.sort_out(lane, tokens, most, self.now, shares=True)
            able += [lane] if is_able else []
            due += [(lane, tested)] if tested is not None else []
        ranked = rank(
            able,
            now=self.now,
            mode=self.roster.mode,
            mode_of=self.roster.mode_of,
            tier_of=self.tier_of,
            is_used_up=lambda lane: lane.is_used_up(tokens, most),
            tokens=tokens,
            usual_tokens=0.0 if self.selection.is_one_group else self.lanes.usual_tokens,
        )
        return ranked, due

    def check(self, tokens: int, most: int | None = None) -> list[str]:
        kept = self.kept.ranked(tokens, most, self.now, self.tier_of)
        able, due = self.anew(tokens, most)
        assert names(kept.able) == names(able)
        assert sorted((lane.place, len(tested)) for lane, tested in kept.due) == sorted((a.place, len(b)) for a, b in due)
        fresh = self.standings().ranked(tokens, most, self.now, self.tier_of)
        assert names(fresh.able) == names(able)
        return names(able)


def names(lanes: list[Lane]) -> list[str]:
    return [named(lane.candidate) for lane in lanes]


PLACES, TOKEN_COUNTS = st.integers(0, 40), st.sampled_from([10, 500, 4000, 30_000])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), PLACES, TOKEN_COUNTS),
        st.tuples(st.just("answer"), PLACES, TOKEN_COUNTS),
        st.tuples(st.just("block"), PLACES, st.sampled_from([5, 90, 4000])),
        st.tuples(st.just("lift"), PLACES, st.just(0)),
        st.tuples(st.just("wait"), st.sampled_from([-30, 0, 1, 20, 61, 3600, 90_000]), st.just(0)),
        st.tuples(st.just("check"), TOKEN_COUNTS, st.sampled_from([1, 100, 5000])),
    ),
    max_size=30,
)


@given(steps=STEPS, mode=st.sampled_from(["parallel", "sequential"]), reserve=st.sampled_from([0.0, 0.2]), alone=st.booleans())
def test_the_kept_order_is_the_order_made_anew(
    steps: list[tuple[str, int, int]], mode: str, reserve: float, alone: bool
) -> None:
    one_group: Cast = [(provider("beta", cost_class="free", own_limits=(TOKENS, MINUTE)), ["b1", "b2", "b3"])]
    world = World(one_group if alone else CAST, mode, reserve)
    for what, one, other in steps:
        match what:
            case "ask":
                world.ask(one, other)
            case "answer":
                world.answer(one, other)
            case "block":
                world.block(one, other)
            case "lift":
                world.lift(one)
            case "wait":
                world.now += one
            case _:
                world.check(one, other)
    world.check(100)


def test_only_who_changed_is_looked_at_again() -> None:
    world = World([(provider("alpha"), [f"a{number}" for number in range(50)])])
    world.check(10)
    stood = [lane.standing for lane in world.kept.ranked(10, None, world.now, world.tier_of).lanes]
    world.ask(7, 10)
    world.now += 1
    after = [lane.standing for lane in world.kept.ranked(10, None, world.now, world.tier_of).lanes]
    assert [place for place in range(50) if stood[place] is not after[place]] == [7]


def test_who_was_used_last_comes_last_and_who_has_no_room_comes_back_by_the_clock() -> None:
    world = World([(provider("alpha", own_limits=(Limit(kind="requests/minute", limit=1),)), ["a1", "a2"])])
    assert world.check(10) == ["a1", "a2"]
    world.ask(0, 10)
    assert world.check(10) == ["a2"]
    world.now += 59
    assert world.check(10) == ["a2"]
    world.now += 1
    assert world.check(10) == ["a2", "a1"]


def test_who_is_not_sure_to_take_a_large_request_is_asked_in_full() -> None:
    world = World([(provider("alpha", own_limits=(Limit(kind="tokens/day", limit=10_000),)), ["a1", "a2"])])
    world.ask(0, 5000)
    assert world.check(10) == ["a2", "a1"]
    assert world.check(8000) == ["a2"]
    assert world.check(4500) == ["a2"]  # with what its reply may have
    assert world.check(4500, 10) == ["a2", "a1"]


def test_a_change_that_was_missed_is_made_up_for() -> None:
    world = World([(provider("alpha"), ["a1", "a2"])])
    world.check(10)
    for _ in range(6000):
        world.lanes.begin(world.selection.candidates[0], 10, world.now)
    assert world.check(10) == ["a2", "a1"]


def test_a_candidate_that_is_another_one_now_has_another_lane() -> None:
    world = World([(provider("alpha"), ["a1", "a2"])])
    world.ask(0, 10)
    assert world.check(10) == ["a2", "a1"]
    again = world.roster.select_chat("")
    assert isinstance(again, Selection)
    world.lanes.of(again.candidates[1], world.now).run(5)
    assert world.check(10) == ["a1", "a2"]
