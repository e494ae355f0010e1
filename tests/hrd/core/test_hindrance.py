"""What keeps a candidate from being asked now, and until when."""

from typing import Any

from hrd.core.ask import Ask, Kind, Priority
from hrd.core.block_book import RECHECK_S, BlockBook
from hrd.core.blocks import Block
from hrd.core.failures import HintSource, Observation, WindowKind
from hrd.core.hindrance import FULL_AT_ONCE, OWN_LIMIT, RESERVE, SLOTS, WINDOW, Hindrance
from hrd.core.lane import Lane
from hrd.core.lanes import Lanes
from hrd.core.learned import Learning
from hrd.core.line import Line
from hrd.core.quota.amounts import Amounts
from hrd.core.quota.book import QuotaBook
from hrd.core.quota.limit import Limit
from hrd.core.tour import Tour
from tests.hrd.stage import NOON, candidate, provider

MINUTE = Limit(kind="requests/minute", limit=2)


class Made:
    """One candidate, and what is in its way."""

    def __init__(self, *own: Limit, reserve: float = 0.0, **facts: Any) -> None:
        self.blocks, self.book, self.line = BlockBook(()), QuotaBook(), Line()
        self.lanes = Lanes(self.blocks, self.book, Learning(()), reserve)
        self.who = candidate(provider("alpha", cost_class="free", own_limits=own, **facts))
        self.hindrance = Hindrance(self.lanes, self.blocks, self.line)
        self.tour = Tour(Ask(kind=Kind.CHAT, model="", input_tokens=100, max_tokens=100))
        self.number = 0

    def lane(self, now: float = NOON) -> Lane:
        return self.lanes.of(self.who, now)

    def spend(self, tokens: int = 10) -> None:
        self.number += 1
        lane = self.lanes.begin(self.who, tokens, NOON)
        self.book.reserve(self.number, lane.meters or (), Amounts(tokens, 0), NOON)

    def block(self, until_s: float, **facts: Any) -> None:
        facts = {"reason": "quota", "source": HintSource.HEADER, "set_at": NOON, "until": NOON + until_s, **facts}
        self.blocks.put(Block(scope=self.who.scopes[0], **facts))

    def why(self, now: float = NOON, *, shares: bool = True) -> str:
        return self.hindrance.why(self.lane(now), self.tour, shares=shares)

    def turn_s(self, now: float = NOON) -> float:
        return self.hindrance.turn_at(self.lane(now), self.tour, now, shares=True) - NOON


def test_nothing_is_in_the_way_of_who_was_never_asked() -> None:
    made = Made()
    assert (made.why(), made.turn_s(), made.hindrance.free_at(made.lane(), made.tour, NOON, shares=True)) == ("", 0.0, None)


def test_a_limit_of_the_users_is_named_as_theirs_and_opens_by_the_clock() -> None:
    made = Made(MINUTE)
    made.spend()
    made.spend()
    assert (made.why(), made.turn_s()) == (OWN_LIMIT, 60.0)
    assert made.hindrance.free_at(made.lane(), made.tour, NOON, shares=True) == NOON + 60
    assert made.why(NOON + 60) == ""


def test_the_reserve_is_in_the_way_of_those_alone_who_share() -> None:
    made = Made(Limit(kind="requests/day", limit=2), reserve=0.5)
    made.spend()
    assert (made.why(), made.why(shares=False)) == (RESERVE, "")


def test_ones_own_limit_of_requests_at_once_is_named_by_what_is_in_the_way_and_not_by_whose_it_is() -> None:
    made = Made(Limit(kind="at once", limit=1), MINUTE)
    made.spend()
    assert made.why() == FULL_AT_ONCE
    made.spend()
    assert made.why() == OWN_LIMIT


def test_a_claimed_slot_is_waited_for() -> None:
    made = Made(limits=(Limit(kind="at once", limit=1),))
    made.spend()
    assert made.why() == SLOTS
    assert made.turn_s() > 0.0


def test_a_known_limit_of_requests_at_once_is_named_unless_more_than_that_is_used_up() -> None:
    made = Made(limits=(Limit(kind="at once", limit=1),))
    made.spend()
    said = [Observation(kind=WindowKind.AT_ONCE, limit=1, left=0, source=HintSource.BODY)]
    made.book.observe(made.who, said, made.book.counts_of(1), NOON)
    made.lanes.rebuild()
    assert made.why() == FULL_AT_ONCE
    said = [Observation(kind=WindowKind.REQUESTS_MINUTE, limit=1, left=0, source=HintSource.BODY)]
    made.book.observe(made.who, said, made.book.counts_of(1), NOON)
    made.lanes.rebuild()
    assert made.why() == WINDOW


def test_of_a_block_and_a_window_the_later_counts_unless_the_block_is_looked_at_first() -> None:
    made = Made(MINUTE)
    made.spend()
    made.spend()
    made.block(20.0)
    assert (made.why(), made.turn_s()) == ("quota", 60.0)
    made.block(90.0)
    assert made.turn_s() == 90.0
    assert made.hindrance.told(made.lane(), NOON + 90, made.tour, NOON, shares=True).is_said


def test_who_waits_already_comes_first() -> None:
    made = Made(MINUTE)
    made.spend()
    made.line.wait(made.line.place(Priority.NORMAL), made.who, NOON + 1)
    assert not made.hindrance.is_enough_for_all(made.lane(), made.tour)
    assert made.turn_s() == 60.0  # the second of the minute is theirs
    made.tour.place = made.line.place(Priority.HIGH)
    assert made.hindrance.is_enough_for_all(made.lane(), Tour(Ask(kind=Kind.CHAT, model="", priority=Priority.HIGH)))


def test_nobody_is_told_to_come_back_sooner_than_it_is_looked_again() -> None:
    made = Made()
    assert made.hindrance.told_at(made.lane(), NOON, made.tour, NOON) == NOON + RECHECK_S
    assert made.hindrance.told_at(made.lane(), NOON + 0.2, made.tour, NOON) == NOON + 0.2
    found = made.hindrance.told(made.lane(), NOON, made.tour, NOON, shares=True)
    assert (found.reason, found.provider, found.is_said) == (WINDOW, "alpha", False)


def test_a_breaker_that_was_opened_by_connecting_is_told_by_what_failed() -> None:
    told = []
    for message in ("could not connect: refused", ""):
        made = Made()
        made.block(60, reason="breaker", source=HintSource.GUESS, message=message)
        found = made.hindrance.told(made.lane(), NOON + 10, made.tour, NOON, shares=True)
        told.append((found.reason, found.unconnected))
    assert told == [("unreachable", "could not connect: refused"), ("breaker", "")]


def test_only_those_who_cannot_be_asked_have_a_moment() -> None:
    made = Made(MINUTE)
    assert made.hindrance.moments([made.lane()], made.tour, NOON, shares=True) == []
    made.spend()
    made.spend()
    assert [at - NOON for at, _ in made.hindrance.moments([made.lane()], made.tour, NOON, shares=True)] == [60.0]
