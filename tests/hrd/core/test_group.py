"""Those of one provider and class, in order, and who of them has to be asked in full."""

from hrd.core.block_book import BlockBook
from hrd.core.blocks import Block
from hrd.core.failures import HintSource
from hrd.core.group import Group
from hrd.core.lane import Lane
from hrd.core.lanes import Lanes
from hrd.core.learned import OUTPUT_GUESS_TOKENS, Learning
from hrd.core.quota.amounts import Amounts
from hrd.core.quota.book import QuotaBook
from hrd.core.quota.limit import Limit
from hrd.core.roster import Selection
from tests.hrd.stage import NOON, named, provider, roster


class Made:
    """Three keys of one provider."""

    def __init__(self, *limits: Limit, is_parallel: bool = True, is_alone: bool = True, claims: tuple[Limit, ...] = ()) -> None:
        self.blocks, self.book = BlockBook(()), QuotaBook()
        self.lanes = Lanes(self.blocks, self.book, Learning(()))
        row = provider("alpha", cost_class="free", own_limits=limits, limits=claims)
        selection = roster([(row, ["a1", "a2", "a3"])]).select_chat("")
        assert isinstance(selection, Selection)
        self.members = [self.lanes.of(candidate, NOON) for candidate in selection.candidates]
        self.group = Group(
            self.members[0], self.lanes, is_parallel=is_parallel, among_parallel=True, shares=True, is_alone=is_alone
        )
        for lane in self.members:
            self.group.put(lane, NOON)

    def spend(self, which: int, tokens: int) -> None:
        lane = self.members[which]
        self.lanes.begin(lane.candidate, tokens, NOON)
        self.book.reserve(lane.place, lane.meters or (), Amounts(tokens, 0), NOON)
        self.put(lane)

    def put(self, lane: Lane) -> float:
        self.lanes.bring_up(lane, NOON)
        return self.group.put(lane, NOON)

    def order(self, tokens: int = 10) -> tuple[list[str], list[str], list[str]]:
        rows, empty, due = self.group.sort_out(tokens, None, NOON)
        able = ([named(row[7].candidate) for row in some] for some in (rows, empty))
        return (*able, [named(lane.candidate) for lane, _ in due])


def test_whoever_changes_is_put_where_it_belongs() -> None:
    made = Made(Limit(kind="requests/day", limit=10))
    assert made.order() == (["a1", "a2", "a3"], [], [])
    made.spend(0, 10)
    assert made.order() == (["a2", "a3", "a1"], [], [])
    made.spend(1, 10)
    made.spend(1, 10)
    assert made.order() == (["a3", "a1", "a2"], [], [])


def test_in_sequence_the_stored_order_stays() -> None:
    made = Made(Limit(kind="requests/day", limit=2), is_parallel=False)
    made.spend(0, 10)
    assert made.order() == (["a1", "a2", "a3"], [], [])
    made.spend(0, 10)
    assert made.order() == (["a2", "a3"], [], [])


def test_who_by_a_claim_has_nothing_left_stands_apart() -> None:
    made = Made(claims=(Limit(kind="requests/day", limit=1),))
    made.spend(1, 10)
    assert made.order() == (["a1", "a3"], ["a2"], [])


def test_who_is_blocked_is_not_there_until_it_is_to_be_looked_at() -> None:
    made = Made()
    scope = made.members[0].candidate.scopes[0]
    block = Block(scope=scope, reason="quota", source=HintSource.GUESS, set_at=NOON, until=NOON + 90, next_probe=NOON + 30)
    made.blocks.put(block)
    assert made.put(made.members[0]) == NOON + 30
    assert made.order() == (["a2", "a3"], [], [])
    made.blocks.put(Block(scope=scope, reason="quota", source=HintSource.GUESS, set_at=NOON, until=NOON + 90, next_probe=NOON))
    made.put(made.members[0])
    assert made.order() == (["a2", "a3"], [], ["a1"])


def test_where_windows_have_a_size_a_large_request_finds_another_order_than_a_small_one() -> None:
    made = Made(Limit(kind="tokens/day", limit=1_000_000), is_alone=False)
    made.spend(0, 100_000)
    made.spend(1, 300_000)
    assert made.order(1000)[0] == ["a3", "a1", "a2"]
    assert made.order(800_000)[0] == ["a3", "a1"]


def test_its_rank_among_others_is_that_of_its_best_and_follows_what_runs() -> None:
    made = Made(is_alone=False)
    first = made.group.usual()
    assert first[:2] == (1.0, False)
    made.spend(2, 10)
    assert made.group.usual()[2][3] == first[2][3] + 1


def test_the_usual_ranking_is_for_requests_that_everybody_has_room_for() -> None:
    made = Made(Limit(kind="tokens/minute", limit=10_000))
    assert made.group.at_a_glance > 10**9  # an untouched window takes whatever comes
    made.spend(0, 4000)
    assert made.group.at_a_glance == 6000 - OUTPUT_GUESS_TOKENS
    made.blocks.put(Block(scope="provider:alpha", reason="errors", source=HintSource.GUESS, set_at=NOON - 9e5, until=NOON - 1))
    for lane in made.members:
        made.put(lane)
    assert made.group.at_a_glance == -1  # it is time to look whether they work again
