"""Among whom a request chooses."""

from typing import Any

import msgspec

from hrd.core.ask import Ask, Kind
from hrd.core.block_book import BlockBook
from hrd.core.field import STANDINGS_MAX, Field, Fields
from hrd.core.lanes import Lanes
from hrd.core.learned import Learning
from hrd.core.needs import Need
from hrd.core.providers import Candidate
from hrd.core.quota.book import QuotaBook
from hrd.core.roster import Selection
from hrd.core.tour import Tour
from tests.hrd.stage import NOON, Cast, named, provider, roster

CAST: Cast = [
    (provider("alpha", cost_class="free"), ["a1", "a2"]),
    (provider("claude", cost_class="free", dialect="anthropic_messages"), ["c1"]),
    (provider("here", cost_class="local", skip_tokens_over=1000), ["h1"]),
]


class Made:
    def __init__(self, cast: Cast = CAST) -> None:
        self.roster = roster(cast, mode="parallel")
        selection = self.roster.select_chat("")
        assert isinstance(selection, Selection)
        self.selection = selection
        self.lanes = Lanes(BlockBook(()), QuotaBook(), Learning(()))
        self.fields = Fields(self.roster, self.lanes, Learning(()))

    def field(self, permitted: tuple[Candidate, ...] | list[Candidate] | None = None, **facts: Any) -> Field:
        tour = Tour(Ask(kind=Kind.CHAT, model="", **facts))
        return self.fields.of(permitted or self.selection.candidates, self.selection, tour, NOON)


def able(field: Field) -> list[str]:
    return [named(lane.candidate) for lane in field.able]


def test_local_leads_for_what_it_is_known_to_fit_and_comes_after_free_else() -> None:
    made = Made()
    assert able(made.field()) == ["h1", "a1", "a2", "c1"]
    assert able(made.field(input_tokens=1500)) == ["a1", "a2", "c1", "h1"]


def test_some_of_them_are_ordered_as_all_of_them_are() -> None:
    made = Made()
    made.lanes.begin(made.selection.candidates[0], 10, NOON)
    assert able(made.field()) == ["h1", "c1", "a2", "a1"]
    some = made.field(list(made.selection.candidates[:3]))
    assert (able(some), some.passed) == (["c1", "a2", "a1"], 1)


def test_who_would_lose_something_is_spared_while_another_would_not() -> None:
    made = Made()
    field = made.field(needs=frozenset({Need.LOGPROBS}))
    assert "c1" not in able(field)
    assert (field.spare, field.passed) == (1, 1)
    alone = made.field([made.selection.candidates[2]], needs=frozenset({Need.LOGPROBS}))
    assert (able(alone), alone.spare) == (["c1"], 0)


def test_the_leading_pair_comes_alone_while_it_can_be_asked() -> None:
    made = Made()
    made.selection = msgspec.structs.replace(made.selection, leading=("claude", "m1"))
    field = made.field()
    assert (able(field), field.passed) == (["c1"], 0)
    assert able(made.field(made.selection.candidates[:2])) == ["a1", "a2"]


def test_another_roster_has_its_own_modes() -> None:
    made = Made([(provider("alpha", cost_class="free"), ["a1", "a2"])])
    made.lanes.begin(made.selection.candidates[0], 10, NOON)
    assert able(made.field()) == ["a2", "a1"]
    made.fields.change(roster([(provider("alpha", cost_class="free"), ["a1", "a2"])], mode="sequential"))
    assert able(made.field()) == ["a1", "a2"]


def test_the_orders_of_many_clients_are_not_kept_for_ever() -> None:
    made = Made()
    some = [made.selection.candidates[:3] for _ in range(STANDINGS_MAX + 1)]
    assert {tuple(able(made.field(group))) for group in some} == {("a1", "a2", "c1")}
