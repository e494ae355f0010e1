"""The quota book: whose limits a candidate has, what requests take of them, and what outlives a crash."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hrd.core.failures import Observation, WindowKind
from hrd.core.ledger import Spent
from hrd.core.price import Price
from hrd.core.providers import Candidate, CostClass, Provider
from hrd.core.quota.book import LEAKED_S, RELAXED_AT_ONCE, Amounts, QuotaBook
from hrd.core.quota.limit import Limit
from hrd.core.quota.window import Turn, Window, put_to_sleep
from tests.hrd.stage import NOON, candidate, key, provider

DAY = 86_400.0
CLAIMS = (Limit(kind="requests/day", limit=50, scope="free"), Limit(kind="requests/minute", limit=20, scope="free"))


def free(**facts: Any) -> Provider:
    return provider("alpha", cost_class="free", quota_scope="account", **{"limits": CLAIMS, **facts})


def spend(book: QuotaBook, who: Candidate, number: int, tokens: int = 100, now: float = NOON) -> None:
    book.reserve(number, book.meters_of(who, now), Amounts(tokens, 0), now)


def left(book: QuotaBook, now: float = NOON) -> dict[tuple[str, str], int | None]:
    return {(window.kind, window.owner): window.left for window in book.windows(now)}


def test_claims_of_a_free_tier_are_counted_and_not_known() -> None:
    book, who = QuotaBook(), candidate(free())
    spend(book, who, 1)
    windows = {window.kind: window for window in book.windows(NOON)}
    assert {kind: (one.left, one.is_known, one.source) for kind, one in windows.items()} == {
        "requests/day": (49, False, "catalogue"),
        "requests/minute": (19, False, "catalogue"),
    }
    assert windows["requests/day"].scope == "free:alpha/alpha-a1"
    assert (windows["requests/day"].turn, windows["requests/minute"].turn) == (Turn.FIXED, Turn.SLIDING)


def test_claims_say_nothing_of_what_is_paid_for_or_of_other_models() -> None:
    book = QuotaBook()
    book.meters_of(candidate(free(), credential=key("alpha", "a1", cost_class=CostClass.PAID)), NOON)
    one_model = free(limits=(Limit(kind="requests/day", limit=9, models=("other",)),))
    book.meters_of(candidate(one_model), NOON)
    assert left(book) == {}


def test_a_ceiling_of_ones_own_stands_beside_the_providers_word() -> None:
    book, who = QuotaBook(), candidate(free(own_limits=(Limit(kind="requests/day", limit=5),)))
    spend(book, who, 1)
    seen = (Observation(kind=WindowKind.REQUESTS_DAY, limit=1000, left=900, resets_at=NOON + 3600),)
    book.observe(who, seen, book.counts_of(1), NOON)
    assert left(book)["requests/day", "user"] == 4
    assert left(book)["requests/day", "provider"] == 900


def test_a_limit_that_was_changed_is_shown_before_anybody_asks_again() -> None:
    book, before = QuotaBook(), candidate(free(own_limits=(Limit(kind="requests/day", limit=5),), limits=()))
    spend(book, before, 1)
    book.limits_changed()
    after = candidate(free(own_limits=(Limit(kind="requests/day", limit=7),), limits=()))
    assert [(one.owner, one.limit, one.left, one.source) for one in book.foreseen([after], NOON)] == [
        ("user", 7, 6, "settings")
    ]
    book.meters_of(after, NOON)
    assert book.foreseen([after], NOON) == []
    assert left(book)["requests/day", "user"] == 6


def test_keys_of_one_account_count_together() -> None:
    book = QuotaBook()
    one = candidate(free(), credential=key("alpha", "a1", account="me"))
    other = candidate(free(), credential=key("alpha", "a2", account="me"))
    spend(book, one, 1)
    spend(book, other, 2)
    assert left(book)["requests/day", "provider"] == 48


def test_when_two_keys_turn_out_to_be_one_account_their_counts_become_one() -> None:
    book = QuotaBook()
    for number, name in enumerate(("a1", "a2"), 1):
        spend(book, candidate(free(), credential=key("alpha", name)), number)
    book.move({"alpha/alpha-a1": "alpha/me", "alpha/alpha-a2": "alpha/me"})
    assert left(book)["requests/day", "provider"] == 48
    book.settle(2, Amounts(), NOON, was_counted=False)
    assert left(book)["requests/day", "provider"] == 49


def day_window(number: int, owner: str = "provider") -> Window:
    return Window(
        scope=f"candidate:x-{number}/m",
        kind="requests/day",
        owner=owner,
        turn=Turn.FIXED,
        limit=9,
        used=1,
        source="refusals",
        begun_at=NOON - 3600,
        ends_at=NOON + 3600,
        seen_at=NOON,
    )


def test_what_is_asleep_is_relaxed_bit_by_bit_and_at_once_where_somebody_asks() -> None:
    many = 2 * RELAXED_AT_ONCE + 1
    book = QuotaBook([put_to_sleep(day_window(number)) for number in range(many)] + [put_to_sleep(day_window(0, owner="user"))])
    book.relax(lambda _: True, NOON)
    assert [meter.limit for meter in book.meters_at("candidate:x-5/m")] == [None]
    told = [book.take_unsaved(NOON) for _ in range(4)]
    assert [len(rows) for rows in told] == [RELAXED_AT_ONCE + 2, RELAXED_AT_ONCE, 0, 0]
    rows = {(row.scope, row.owner): row for batch in told for row in batch if isinstance(row, Window)}
    assert (rows["candidate:x-9/m", "provider"].limit, rows["candidate:x-9/m", "provider"].used) == (None, 1)
    assert rows["candidate:x-0/m", "user"].limit == 9
    assert [(window.scope, window.owner) for window in book.windows(NOON)] == [("candidate:x-0/m", "user")]


def test_of_what_was_not_touched_since_the_start_no_more_is_looked_at_than_asked_for() -> None:
    book = QuotaBook([put_to_sleep(day_window(number)) for number in range(50)])
    book.meters_at("candidate:x-49/m")
    assert [window.scope for window in book.windows(NOON, 2)] == [f"candidate:x-{n}/m" for n in (49, 0, 1)]
    assert len(book.windows(NOON)) == 50


def test_what_was_turned_away_at_the_door_is_given_back() -> None:
    book, who = QuotaBook(), candidate(free())
    spend(book, who, 1)
    spend(book, who, 2)
    book.settle(1, Amounts(), NOON, was_counted=False)
    book.settle(2, Amounts(), NOON)
    assert left(book)["requests/day", "provider"] == 49


def test_a_reservation_that_nobody_settles_is_let_go_of_as_spent() -> None:
    book, who = QuotaBook(), candidate(free(own_limits=(Limit(kind="at once", limit=1),)))
    spend(book, who, 1)
    assert book.expire(NOON + 60) == 0
    assert book.expire(NOON + LEAKED_S + 1) == 1
    assert left(book, NOON + LEAKED_S + 1)["at once", "user"] == 1
    assert left(book, NOON + LEAKED_S + 1)["requests/day", "provider"] == 49


def test_a_refusal_nobody_explained_is_the_full_claims() -> None:
    book, who = QuotaBook(), candidate(free(limits=(Limit(kind="requests/day", limit=2),)))
    for number in (1, 2, 3):
        spend(book, who, number)
    book.settle(3, Amounts(), NOON, was_counted=False)
    book.refused(book.meters_of(who, NOON), NOON, until=None, is_long=False, step=0)
    (day,) = [window for window in book.windows(NOON) if window.kind == "requests/day"]
    assert (day.limit, day.is_known, day.source) == (2, True, "refusals")


def test_a_refusal_that_ends_with_the_day_is_the_days() -> None:
    book, who = QuotaBook(), candidate(free(limits=()))
    for number in range(1, 8):
        spend(book, who, number)
    book.refused(book.meters_of(who, NOON), NOON, until=NOON + 12 * 3600, is_long=True, step=0)
    assert left(book) == {("requests/day", "provider"): 0}


def test_a_refusal_that_ends_at_another_moment_than_the_day_is_not_the_days() -> None:
    """A plan's window of five hours, say: who is free again then is asked then, and not at midnight."""
    book, who = QuotaBook(), candidate(free(limits=()))
    for number in range(1, 8):
        spend(book, who, number)
    book.refused(book.meters_of(who, NOON), NOON, until=NOON + 3 * 3600, is_long=True, step=0)
    assert [window.limit for window in book.windows(NOON) if window.kind == "requests/day"] in ([], [None])


def test_a_far_moment_of_the_providers_own_teaches_nothing() -> None:
    book, who = QuotaBook(), candidate(free(limits=()))
    for number in range(1, 8):
        spend(book, who, number)
    book.refused(book.meters_of(who, NOON), NOON, until=NOON + 7 * DAY, is_long=True, step=0)
    assert left(book) == {}


def test_the_minutes_limit_is_learned_when_the_count_says_something_or_it_is_met_again() -> None:
    for used, step, learned in ((1, 0, False), (1, 1, True), (3, 0, True)):
        book, who = QuotaBook(), candidate(free(limits=()))
        for number in range(used):
            spend(book, who, number)
        book.refused(book.meters_of(who, NOON), NOON, until=None, is_long=False, step=step)
        assert bool(book.windows(NOON)) == learned


def test_when_waiting_does_not_help_the_limit_is_one_of_the_day() -> None:
    book, who = QuotaBook(), candidate(free())
    for number in range(9):
        spend(book, who, number)
    later = NOON + 80
    book.refused(book.meters_of(who, later), later, until=None, is_long=False, step=3)
    assert left(book, later)["requests/day", "provider"] == 0


def test_limits_that_are_taken_back_leave_the_counts() -> None:
    book = QuotaBook()
    spend(book, candidate(free()), 1)
    book.limits_changed()
    book.meters_of(candidate(free(limits=(Limit(kind="requests/day", limit=1000, scope="free"),))), NOON)
    assert left(book)["requests/day", "provider"] == 999


# crashes ---------------------------------------------------------------------------------------------------------------------


PRICE = Price(input=1_000_000, output=4_000_000)
"""A dollar and four for a million tokens."""
CREDIT = 10**9
OWN = (
    Limit(kind="requests/minute", limit=1000),
    Limit(kind="requests/day", limit=1000),
    Limit(kind="tokens/day", limit=10**6),
    Limit(kind="credit/month", limit=CREDIT),
)
NAMES = {"alpha/alpha-a1": "alpha/org"}


class Ledger:
    """What is on disk: rows of windows as they were flushed, rows of the ledger as they were committed."""

    def __init__(self) -> None:
        self.windows: dict[tuple[str, str, str], Window] = {}
        self.rows: dict[int, Spent] = {}
        self.names: dict[str, str] = {}

    def reserve(self, number: int, who: Candidate, tokens: int, now: float) -> None:
        self.rows[number] = Spent(number, now, who.scopes, tokens, tokens, None)

    def settle(self, number: int, tokens: int, now: float) -> None:
        self.rows[number] = self.rows[number]._replace(tokens=tokens, settled_at=now)

    def flush(self, book: QuotaBook, now: float) -> None:
        for row in book.take_unsaved(now):
            key = (row.scope, row.kind, row.owner)
            if isinstance(row, Window):
                self.windows[key] = row
            else:
                self.windows.pop(key, None)

    def begin(self, now: float) -> QuotaBook:
        """What a new process starts from, as the store reads it."""
        through = max((window.through for window in self.windows.values()), default=0)
        seen_at = max((window.seen_at for window in self.windows.values()), default=0.0)
        rows = [row for row in self.rows.values() if row.id > through or max(row.at, row.settled_at or 0.0) > seen_at]
        return QuotaBook(list(map(put_to_sleep, self.windows.values())), rows, now, self.names, lambda _: PRICE)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("ask"), st.integers(1, 900)),
            st.tuples(st.just("settle"), st.integers(1, 5000)),
            st.tuples(st.sampled_from(["flush", "kill", "name"]), st.just(0)),
        ),
        max_size=40,
    )
)
def test_whenever_the_process_is_killed_nothing_is_counted_less_than_it_was(steps: list[tuple[str, int]]) -> None:
    """Nor if the provider names the account in between: what is settled later was reserved under its former name."""
    row = free(own_limits=OWN, limits=())
    who = candidate(row)
    ledger, book, now = Ledger(), QuotaBook(price_at=lambda _: PRICE), NOON
    number, held, spent, requests = 0, dict[int, int](), 0, 0
    credit = at_most = 0
    for step, value in [*steps, ("kill", 0)]:
        now += 0.5
        match step:
            case "ask":
                number += 1
                requests += 1
                at_most += PRICE.at_most(value)
                held[number] = value
                ledger.reserve(number, who, value, now)
                book.reserve(number, book.meters_of(who, now), Amounts(value, 0, PRICE.cost(value, 0)), now)
            case "settle" if held:
                oldest = min(held)
                del held[oldest]
                spent += value
                credit += PRICE.cost(value, 0)
                at_most += PRICE.at_most(value)
                ledger.settle(oldest, value, now)
                book.settle(oldest, Amounts(value, 0, PRICE.cost(value, 0)), now)
            case "flush":
                ledger.flush(book, now)
            case "name" if not ledger.names:
                ledger.names = book.names = NAMES
                book.move(NAMES)
                ledger.flush(book, now)
                who = candidate(row, credential=key("alpha", "a1", account="org"))
            case "kill":
                spent += sum(held.values())
                credit += sum(PRICE.cost(tokens, 0) for tokens in held.values())
                held.clear()
                book = ledger.begin(now)
                book.meters_of(who, now)
                found = left(book, now)
                assert found["requests/day", "user"] == 1000 - requests
                assert found["requests/minute", "user"] == 1000 - requests
                assert found["tokens/day", "user"] == 10**6 - spent
                assert CREDIT - at_most <= (found["credit/month", "user"] or 0) <= CREDIT - credit
                credit = CREDIT - (found["credit/month", "user"] or 0)


def test_two_hundred_at_once_never_overspend_a_window_of_fifty() -> None:
    book = QuotaBook()
    who = candidate(free(own_limits=(Limit(kind="requests/day", limit=50),), limits=()))
    granted = 0
    for number in range(200):
        meters = book.meters_of(who, NOON)
        if all(meter.fits_at(1, NOON) <= NOON for meter in meters):
            granted += 1
            spend(book, who, number)
    assert granted == 50


def test_a_hundred_thousand_windows_stay_rows_until_they_are_touched() -> None:
    rows = [
        Window(scope=f"candidate:x-{number}/m", kind="requests/day", limit=9, used=1, ends_at=NOON + 9)
        for number in range(1000)
    ]
    book = QuotaBook(rows, (), NOON)
    assert book.scopes == 1000
    assert len(book.meters_at("candidate:x-7/m")) == 1
    assert book.scopes == 1000
    assert len(book.windows(NOON)) == 1000


def test_what_nobody_has_used_yet_is_foreseen_and_counts_as_itself_once_it_is_used() -> None:
    who = candidate(free(own_limits=(Limit(kind="tokens/day", limit=500),)))
    book = QuotaBook()
    assert {(one.kind, one.owner, one.left, one.is_known, one.source) for one in book.foreseen([who, who], NOON)} == {
        ("requests/day", "provider", 50, False, "catalogue"),
        ("requests/minute", "provider", 20, False, "catalogue"),
        ("tokens/day", "user", 500, True, "settings"),
    }
    assert book.windows(NOON) == [], "looking changes nothing"
    spend(book, who, 1)
    assert book.foreseen([who], NOON) == []


def test_windows_of_a_few_scopes_are_those_of_all_at_them() -> None:
    book, who = QuotaBook(), candidate(free())
    spend(book, who, 1)
    spend(book, candidate(free(), credential=key("alpha", "a2")), 2)
    assert len(book.windows(NOON)) == 4
    assert book.windows_at((*who.scopes, *who.scopes, "nobody's"), NOON) == book.windows(NOON)[:2]
