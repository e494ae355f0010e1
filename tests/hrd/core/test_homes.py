"""Homes: each conversation has one, they are spread evenly, and a missing one moves only its own."""

from collections import Counter
from collections.abc import Callable

import pytest

from hrd.core.block_book import BlockBook
from hrd.core.homes import at_home, home_of, name_of
from hrd.core.lane import Lane
from hrd.core.lanes import Lanes
from hrd.core.learned import Learning
from hrd.core.quota.book import QuotaBook
from hrd.core.roster import Selection
from hrd.core.routing import PARALLEL, SEQUENTIAL
from tests.hrd.stage import NOON, provider, roster


def lanes(count: int) -> list[Lane]:
    selection = roster([(provider("alpha"), [f"a{number}" for number in range(count)])]).select_chat("")
    assert isinstance(selection, Selection)
    book = Lanes(BlockBook(()), QuotaBook(), Learning(()))
    return [book.of(one, NOON) for one in selection.candidates]


def test_conversations_are_spread_evenly() -> None:
    made = lanes(7)
    homes = Counter(home.candidate.key for number in range(7000) if (home := home_of(name_of(f"talk-{number}"), made)))
    assert len(homes) == 7
    assert max(homes.values()) < 1.2 * min(homes.values())


def test_when_somebody_is_missing_only_their_own_conversations_move() -> None:
    made = lanes(5)
    for number in range(200):
        name = name_of(f"talk-{number}")
        home, other = home_of(name, made), home_of(name, made[1:])
        assert other is home or home is made[0]


@pytest.mark.parametrize("talk", [f"talk-{number}" for number in range(20)])
def test_a_provider_that_is_drained_in_order_has_its_first_key_asked_by_every_conversation(talk: str) -> None:
    alpha = lanes(3)
    mode_of: Callable[[str], str] = {"alpha": SEQUENTIAL}.__getitem__
    assert at_home(talk, alpha, alpha, mode=PARALLEL, mode_of=mode_of, tier_of=lambda _: 0.0) == (alpha[0], "")
    assert at_home(talk, alpha, alpha[1:], mode=PARALLEL, mode_of=mode_of, tier_of=lambda _: 0.0) == (alpha[1], "")


def test_with_nobody_there_is_no_home() -> None:
    assert home_of(name_of("talk"), ()) is None


def test_a_name_may_be_anything() -> None:
    assert name_of("\ud800") != name_of("") != name_of("x" * 10_000)
