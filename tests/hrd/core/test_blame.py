"""What a failure says of whoever met it. (The stories over the whole pool are in test_pool and test_choice_by_quota.)"""

from typing import Any

from hrd.core.blame import Blame
from hrd.core.block_book import BlockBook
from hrd.core.blocks import Block
from hrd.core.breaker import Breakers
from hrd.core.facts import Claim, LookedUp
from hrd.core.failures import Failure, HintSource, Observation, Verdict, WindowKind
from hrd.core.learned import Learning
from hrd.core.ledger import Reservation
from hrd.core.quota.amounts import Amounts
from hrd.core.quota.book import QuotaBook
from hrd.core.quota.limit import Limit
from hrd.core.rules import PoolRules
from tests.hrd.stage import NOON, candidate, failure, provider


class Desk:
    """One candidate, and the books that its failures change."""

    def __init__(self, **facts: Any) -> None:
        self.blocks, self.book, self.learning = BlockBook(()), QuotaBook(), Learning(())
        self.blame = Blame(PoolRules(), self.blocks, self.book, self.learning, Breakers(8))
        self.who = candidate(provider("alpha", cost_class="free", **facts))
        self.number = 0

    def claim(self, *, is_probe: bool = False) -> Claim:
        self.number += 1
        self.book.reserve(self.number, self.book.meters_of(self.who, NOON), Amounts(100, 100), NOON)
        reservation = Reservation(
            id=self.number,
            at=NOON,
            request_id="req-1",
            provider="alpha",
            model="m1",
            credential="alpha-a1",
            scopes=self.who.scopes,
            tokens=200,
        )
        return Claim(
            candidate=self.who,
            reservation=reservation,
            begun_at=NOON,
            drop=frozenset(),
            max_tokens=None,
            is_last=False,
            order=(),
            is_choosy=False,
            is_probe=is_probe,
        )

    def fails(self, met: Failure, now: float = NOON + 1, *, is_probe: bool = False) -> list[str]:
        claim = self.claim(is_probe=is_probe)
        counts = self.book.counts_of(claim.reservation.id)
        self.book.settle(claim.reservation.id, Amounts(), now, was_counted=False)
        self.blame.failed(claim, met, (), counts, now)
        return self.reasons()

    def reasons(self) -> list[str]:
        return sorted(block.reason for block in self.blocks.blocks())


def test_a_refusal_blocks_until_its_moment() -> None:
    desk = Desk()
    assert desk.fails(failure(Verdict.QUOTA_EXHAUSTED, until=NOON + 3600)) == ["quota"]
    assert [block.until for block in desk.blocks.blocks()] == [NOON + 3600]


def test_an_empty_reply_is_nobodys_fault_yet() -> None:
    assert Desk().fails(failure(Verdict.EMPTY)) == []


def test_one_too_many_at_once_is_a_window_and_no_block() -> None:
    desk = Desk(limits=(Limit(kind="at once", limit=5),))
    desk.claim()
    seen = (Observation(kind=WindowKind.AT_ONCE, limit=1, left=0),)
    assert desk.fails(failure(Verdict.RATE_LIMITED, seen=seen)) == []
    assert desk.book.full_at_once(desk.who.scopes)


def test_a_refusal_without_a_number_teaches_what_had_been_counted() -> None:
    desk = Desk()
    for _ in range(4):
        desk.claim()
    desk.fails(failure(Verdict.RATE_LIMITED, until=NOON + 20))
    learned = [meter for meter in desk.book.meters_of(desk.who, NOON + 1) if meter.limit is not None]
    assert [(meter.kind, meter.limit, meter.source) for meter in learned] == [("requests/minute", 4, "refusals")]


def test_failures_in_a_row_open_the_breaker_and_one_that_broke_off_counts_too() -> None:
    desk = Desk()
    for second in range(1, 4):
        desk.fails(failure(Verdict.SERVER_ERROR), NOON + second)
    assert "breaker" not in desk.reasons()
    desk.blame.broke_off(desk.claim(), NOON + 4)
    assert "breaker" in desk.reasons()


def test_a_probe_that_fails_is_repeated_later_than_the_one_before() -> None:
    desk = Desk()
    block = Block(
        scope=desk.who.scopes[0], reason="quota", source=HintSource.BODY, set_at=NOON - 900, until=NOON + 9e5, next_probe=NOON
    )
    desk.blocks.put(block)
    desk.fails(failure(Verdict.OVERLOADED), is_probe=True)
    after = desk.blocks.get(block.scope, "quota")
    assert after is not None
    assert after.next_probe is not None
    assert after.next_probe > NOON + 900


def test_a_question_that_finds_something_left_lifts_the_block_that_was_set_before_it_was_asked() -> None:
    desk = Desk(quota_scope="account")
    desk.fails(failure(Verdict.QUOTA_EXHAUSTED, until=NOON + 3600))
    seen = (Observation(kind=WindowKind.REQUESTS_DAY, limit=100, left=60, source=HintSource.LOOKUP),)
    asked_before = LookedUp(candidate=desk.who, observations=seen, begun_at=NOON)
    assert desk.blame.looked_up(asked_before, NOON + 2) == []
    asked_after = LookedUp(candidate=desk.who, observations=seen, begun_at=NOON + 2)
    assert desk.blame.looked_up(asked_after, NOON + 3) != []
    assert desk.reasons() == []
