"""What holders of client keys have spent: taken before a request is sent, corrected when it is over, never forgiven."""

from collections import Counter
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hrd.core.ceilings import SET_ASIDE, TOO_DEAR, Ceilings
from hrd.core.client_book import ClientBook, Tab
from hrd.core.ledger import Reservation
from hrd.core.refusals import Refusal
from hrd.core.remembered import AskedAt, Charge

NOON = 1_795_003_200.0
TODAY = int(NOON // 86400)


def admit(
    book: ClientBook,
    ceilings: Ceilings | None = None,
    *,
    sends: int = 10,
    expects: int = 90,
    now: float = NOON,
    client: str = "c",
) -> Tab:
    tab = book.admit(client, ceilings or Ceilings(), sends=sends, expects=expects, now=now)
    assert isinstance(tab, Tab), tab
    return tab


def refused(book: ClientBook, ceilings: Ceilings, *, sends: int = 10, now: float = NOON, client: str = "c") -> Refusal:
    found = book.admit(client, ceilings, sends=sends, expects=90, now=now)
    assert isinstance(found, Refusal)
    return found


def held(number: int, client: str) -> Reservation:
    return Reservation(
        id=number,
        at=NOON,
        request_id=f"req-{number}",
        provider="p",
        model="m",
        credential="p-1",
        scopes=(),
        tokens=5,
        client=client,
    )


# one request -------------------------------------------------------------------------------------------------------------


def test_a_request_sets_aside_what_it_expects_and_is_charged_what_it_came_to() -> None:
    book = ClientBook()
    tab = admit(book)
    tab.ask(500)
    assert tab.take_charges() == (Charge(client="c", day=TODAY, requests=1, tokens=100, cost_microusd=500),)
    tab.settle(70, 320)
    tab.close()
    assert tab.take_charges() == (Charge(client="c", day=TODAY, tokens=-30, cost_microusd=-180),)
    standing = book.standing("c", NOON)
    assert (standing.at_once, standing.requests, standing.tokens, standing.cost_microusd) == (0, 1, 70, 320)


def test_a_reply_that_runs_on_beyond_what_was_set_aside_counts_while_it_runs() -> None:
    book, ceilings = ClientBook(), Ceilings(tokens_day=500)
    tab = admit(book, ceilings)
    tab.ask(500)
    tab.take_charges()
    tab.raise_to(90, 400)
    assert tab.take_charges() == (), "it was set aside"
    tab.raise_to(480, 700)
    assert tab.take_charges() == (Charge(client="c", day=TODAY, tokens=380, cost_microusd=200),)
    refused(book, ceilings, sends=21)
    tab.settle(600, 900)
    tab.close()
    standing = book.standing("c", NOON)
    assert (standing.tokens, standing.cost_microusd) == (600, 900)


def test_what_replies_of_whoever_is_asked_usually_come_to_is_set_aside_as_far_as_it_fits() -> None:
    book, ceilings = ClientBook(), Ceilings(tokens_day=1000)
    tab = admit(book, ceilings)
    tab.ask(0, 400)
    assert book.standing("c", NOON).tokens == 400
    tab.settle(20, 0)
    tab.ask(0, 5000)
    assert book.standing("c", NOON).tokens == 1000
    assert refused(book, ceilings).retry_after_s == 1.0
    tab.settle(500, 0)
    tab.close()
    assert book.standing("c", NOON).tokens == 520
    without = admit(book)
    without.ask(0, 5000)
    assert book.standing("c", NOON).tokens == 620, "without a ceiling nobody is in the way of anybody"


def test_attempts_in_vain_are_charged_too() -> None:
    book = ClientBook()
    tab = admit(book)
    tab.ask(100)
    tab.settle(10, 40)
    tab.ask(0)
    assert book.standing("c", NOON).tokens == 110, "the second may still need all that was set aside"
    tab.settle(60, None)
    tab.close()
    standing = book.standing("c", NOON)
    assert (standing.requests, standing.tokens, standing.cost_microusd) == (1, 70, 40)


def test_a_request_that_nobody_was_asked_for_is_not_stored_and_does_not_count_for_the_day() -> None:
    book = ClientBook()
    tab = admit(book)
    tab.close()
    tab.close()
    assert tab.take_charges() == ()
    standing = book.standing("c", NOON)
    assert (standing.at_once, standing.in_minute, standing.requests, standing.tokens) == (0, 1, 0, 0)


def test_what_was_told_already_is_not_told_again() -> None:
    tab = admit(ClientBook())
    tab.ask(None)
    assert len(tab.take_charges()) == 1
    assert tab.take_charges() == ()


def test_a_request_belongs_to_the_day_on_which_it_began() -> None:
    book = ClientBook()
    late = NOON + 43199
    tab = admit(book, now=late)
    tab.ask(0)
    tab.take_charges()
    admit(book, now=late + 2)
    tab.settle(500, 0)
    tab.close()
    assert [charge.day for charge in tab.take_charges()] == [TODAY]
    assert book.standing("c", late + 2).tokens == 100, "the new day knows nothing of it"
    assert book.standing("c", late).tokens == 500


# ceilings ----------------------------------------------------------------------------------------------------------------


def test_requests_at_once() -> None:
    book, two = ClientBook(), Ceilings(concurrency=2)
    first, _ = admit(book, two), admit(book, two)
    assert refused(book, two).retry_after_s == 1.0
    admit(book, two, client="another")
    first.close()
    admit(book, two)


def test_a_minute_slides() -> None:
    book, three = ClientBook(), Ceilings(rpm=3)
    for at in (0, 20, 40):
        admit(book, three, now=NOON + at).close()
    assert refused(book, three, now=NOON + 50).retry_after_s == pytest.approx(10.25)
    assert isinstance(refused(book, three, now=NOON + 60), Refusal)
    admit(book, three, now=NOON + 60.25)
    assert refused(book, three, now=NOON + 61).retry_after_s == pytest.approx(19.25)


def test_what_was_refused_does_not_count() -> None:
    book, one = ClientBook(), Ceilings(rpm=1)
    admit(book, one)
    for _ in range(5):
        refused(book, one)
    assert book.standing("c", NOON).in_minute == 1


def test_a_reply_sets_no_more_aside_than_is_left_and_the_next_is_refused_until_it_is_over() -> None:
    book, ceilings = ClientBook(), Ceilings(tokens_day=100)
    tab = admit(book, ceilings, sends=10, expects=5000)
    assert book.standing("c", NOON).tokens == 100
    refused(book, ceilings, sends=1)
    tab.ask(0)
    tab.settle(40, 0)
    tab.close()
    admit(book, ceilings, sends=10)


def test_whom_only_what_is_set_aside_is_in_the_way_of_is_told_to_ask_again_soon() -> None:
    book, ceilings = ClientBook(), Ceilings(tokens_day=1000, cost_day_microusd=1000)
    tab = admit(book, ceilings, sends=10, expects=5000)
    tab.ask(5000)
    told = refused(book, ceilings, sends=900)
    assert (told.retry_after_s, "set aside" in told.message) == (1.0, True)
    assert refused(book, ceilings, sends=1001).retry_after_s == 43200.0
    other = admit(book, Ceilings(cost_day_microusd=1000))
    assert (other.why_too_dear(1000), other.why_too_dear(1001)) == (SET_ASIDE, TOO_DEAR)
    tab.raise_to(1000, 1500)
    assert (other.why_too_dear(1000), other.why_too_dear(1001)) == (SET_ASIDE, TOO_DEAR)
    tab.settle(500, 900)
    tab.close()
    other.close()
    assert refused(book, ceilings, sends=900).retry_after_s == 43200.0
    assert (other.why_too_dear(100), other.why_too_dear(101)) == ("", TOO_DEAR)
    admit(book, ceilings, sends=400)


def test_the_cost_ceiling_passes_over_who_costs_too_much() -> None:
    book, ceilings = ClientBook(), Ceilings(cost_day_microusd=1000)
    tab = admit(book, ceilings)
    assert tab.has_cost_ceiling
    assert (tab.why_too_dear(1000), tab.why_too_dear(1001), tab.why_too_dear(0)) == ("", TOO_DEAR, "")
    tab.ask(5000)
    assert tab.left_microusd == 0, "set aside as far as it fits"
    other = admit(book, ceilings)
    assert other.why_too_dear(1) == SET_ASIDE
    tab.settle(50, 300)
    assert other.left_microusd == 700
    assert other.why_too_dear(None) != ""


def test_without_a_cost_ceiling_nothing_is_too_dear() -> None:
    tab = admit(ClientBook())
    assert not tab.has_cost_ceiling
    assert (tab.why_too_dear(None), tab.why_too_dear(10**12)) == ("", "")


def test_two_hundred_at_once_never_share_a_remainder() -> None:
    book, ceilings = ClientBook(), Ceilings(requests_day=50)
    found = [book.admit("c", ceilings, sends=1, expects=1, now=NOON) for _ in range(200)]
    assert Counter(type(one) for one in found) == {Tab: 50, Refusal: 150}


# what outlives a process -------------------------------------------------------------------------------------------------


def test_a_new_process_goes_on_where_the_old_one_was() -> None:
    charged = [Charge(client="c", day=TODAY, requests=3, tokens=300, cost_microusd=9)]
    lately = [AskedAt("c", NOON - 59), AskedAt("c", NOON - 1)]
    book = ClientBook(charged, lately, [held(7, "c")])
    standing = book.standing("c", NOON)
    assert (standing.at_once, standing.in_minute, standing.requests, standing.tokens) == (1, 2, 3, 300)
    assert refused(book, Ceilings(rpm=2)).retry_after_s == pytest.approx(1.25)
    refused(book, Ceilings(concurrency=1))
    book.end_elsewhere(7)
    book.end_elsewhere(7)
    admit(book, Ceilings(concurrency=1, rpm=3, requests_day=4))


def test_what_another_process_spends_counts_here() -> None:
    book = ClientBook()
    book.begin_elsewhere(held(1, "c"))
    book.begin_elsewhere(held(1, "c"))
    book.begin_elsewhere(held(2, ""))
    book.follow(Charge(client="c", day=TODAY, requests=1, tokens=100))
    book.follow(Charge(client="c", day=TODAY, tokens=-60))
    assert (book.standing("c", NOON).at_once, book.standing("c", NOON).tokens) == (1, 40)
    book.end_elsewhere(1)
    assert book.standing("c", NOON).at_once == 0


def test_keys_that_were_revoked_are_forgotten_when_nothing_of_theirs_runs_and_their_day_is_over() -> None:
    book = ClientBook()
    running, done = admit(book, client="running"), admit(book, client="done")
    for tab in (running, done):
        tab.ask(0)
    done.close()
    book.keep_only(["c"], NOON)
    assert [book.standing(name, NOON).requests for name in ("done", "running")] == [1, 1], "they may come back today"
    book.keep_only(["c"], NOON + 86400)
    assert [book.standing(name, NOON).requests for name in ("done", "running")] == [0, 1]


# clocks ------------------------------------------------------------------------------------------------------------------


def test_a_clock_that_jumps_over_midnight_and_back_forgives_nothing() -> None:
    book, ceilings = ClientBook(), Ceilings(requests_day=1)
    admit(book, ceilings).ask(0)
    admit(book, ceilings, now=NOON + 86400)
    refused(book, ceilings)


def test_a_clock_that_starts_in_1970_and_is_put_right_forgives_nothing() -> None:
    book = ClientBook([Charge(client="c", day=day, requests=1) for day in (TODAY - 1, TODAY)])
    ceilings = Ceilings(requests_day=2)
    for _ in range(2):
        admit(book, ceilings, now=60.0).ask(0)
    refused(book, ceilings, now=60.0)
    admit(book, ceilings).ask(0)
    refused(book, ceilings)


def test_days_of_a_clock_that_was_years_ahead_do_not_push_this_day_out() -> None:
    days = (TODAY - 1, TODAY, TODAY + 4000, TODAY + 4001)
    book = ClientBook([Charge(client="c", day=day, requests=1) for day in days])
    refused(book, Ceilings(requests_day=1))
    assert book.standing("c", NOON + 86400).requests == 0
    assert book.standing("c", NOON).requests == 1


def test_a_clock_that_was_set_back_holds_nobody_longer_than_a_minute_more() -> None:
    book, ceilings = ClientBook(), Ceilings(rpm=1)
    admit(book, ceilings, now=NOON + 3600)
    admit(book, ceilings, now=NOON)
    admit(book, ceilings, now=NOON + 61)


# whatever happens --------------------------------------------------------------------------------------------------------


class Spending(RuleBasedStateMachine):
    """Requests of one key in any order: what is charged in the end is what they came to, and the store is never told less than
    that at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.book = ClientBook()
        self.ceilings = Ceilings(concurrency=4, tokens_day=5000, cost_day_microusd=9000)
        self.open: dict[int, tuple[Tab, bool]] = {}
        self.were_asked: set[int] = set()
        self.numbers = count()
        self.tokens = 0
        self.cost = 0
        self.stored = Charge(client="c", day=TODAY)

    def store(self, tab: Tab) -> None:
        for charge in tab.take_charges():
            self.stored = Charge(
                client="c",
                day=TODAY,
                requests=self.stored.requests + charge.requests,
                tokens=self.stored.tokens + charge.tokens,
                cost_microusd=self.stored.cost_microusd + charge.cost_microusd,
            )

    @rule(sends=st.integers(0, 2000), expects=st.integers(0, 4000))
    def begins(self, sends: int, expects: int) -> None:
        tab = self.book.admit("c", self.ceilings, sends=sends, expects=expects, now=NOON)
        if isinstance(tab, Tab):
            self.open[next(self.numbers)] = (tab, False)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), cost=st.none() | st.integers(0, 5000), tokens=st.integers(0, 5000))
    def asks(self, data: st.DataObject, cost: int | None, tokens: int) -> None:
        number = data.draw(st.sampled_from(sorted(self.open)))
        tab, is_asking = self.open[number]
        if not is_asking:
            self.were_asked.add(number)
            tab.ask(cost, tokens)
            self.store(tab)
            self.open[number] = (tab, True)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), tokens=st.integers(0, 3000), cost=st.none() | st.integers(0, 5000))
    def runs_on(self, data: st.DataObject, tokens: int, cost: int | None) -> None:
        tab, is_asking = self.open[data.draw(st.sampled_from(sorted(self.open)))]
        if is_asking:
            tab.raise_to(tokens, cost)
            self.store(tab)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), tokens=st.integers(0, 3000), cost=st.none() | st.integers(0, 5000), ends=st.booleans())
    def settles(self, data: st.DataObject, tokens: int, cost: int | None, ends: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.open)))
        tab, is_asking = self.open[number]
        if is_asking:
            tab.settle(tokens, cost)
            self.tokens += tokens
            self.cost += cost or 0
        self.open[number] = (tab, False)
        if ends or not is_asking:
            tab.close()
            del self.open[number]
        self.store(tab)

    @invariant()
    def nothing_is_counted_less_than_it_came_to(self) -> None:
        standing = self.book.standing("c", NOON)
        for counted in (standing, self.stored):
            assert counted.tokens >= self.tokens
            assert counted.cost_microusd >= self.cost
            assert counted.requests >= len(self.were_asked)
        assert standing.at_once == len(self.open) <= 4

    @invariant()
    def what_ended_is_counted_as_it_was(self) -> None:
        if not self.open:
            standing = self.book.standing("c", NOON)
            assert standing.tokens_aside == 0
            for counted in (standing, self.stored):
                assert (counted.requests, counted.tokens, counted.cost_microusd) == (
                    len(self.were_asked),
                    self.tokens,
                    self.cost,
                )


TestSpending = Spending.TestCase
TestSpending.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@given(st.lists(st.tuples(st.floats(0, 300), st.booleans()), max_size=60))
def test_no_minute_has_more_requests_than_its_ceiling(steps: list[tuple[float, bool]]) -> None:
    book, ceilings, now = ClientBook(), Ceilings(rpm=5), NOON
    admitted: list[float] = []
    for pause, is_long in steps:
        now += pause if is_long else pause / 300
        if isinstance(book.admit("c", ceilings, sends=1, expects=1, now=now), Tab):
            admitted.append(now)
        assert sum(now - 60 < at <= now for at in admitted) <= 5
