"""All meters: what is asleep, what goes by another name, what is told of a few."""

from hrd.core.quota.amounts import Amounts
from hrd.core.quota.book import QuotaBook
from hrd.core.quota.meters import RELAXED_AT_ONCE
from hrd.core.quota.window import Turn, Window, put_to_sleep
from tests.hrd.core.quota.stage import free, left, spend
from tests.hrd.stage import NOON, candidate, key


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
    book.move({"alpha/alpha-a1": "alpha/me", "alpha/alpha-a2": "alpha/me"}, NOON)
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


def test_windows_of_a_few_scopes_are_those_of_all_at_them() -> None:
    book, who = QuotaBook(), candidate(free())
    spend(book, who, 1)
    spend(book, candidate(free(), credential=key("alpha", "a2")), 2)
    assert len(book.windows(NOON)) == 4
    assert book.windows_at((*who.scopes, *who.scopes, "nobody's"), NOON) == book.windows(NOON)[:2]


def test_what_was_stored_by_a_clock_that_was_ahead_is_brought_back_when_it_is_touched() -> None:
    ahead = NOON + 11 * 365 * 86_400
    who = candidate(free())
    stored = Window(
        scope=who.scopes[0],
        kind="tokens/day",
        turn=Turn.SAID,
        limit=9,
        source="refusals",
        limit_at=ahead,
        test_at=ahead + 900,
        seen_at=ahead,
    )
    for started_at in (NOON, ahead):
        book = QuotaBook([put_to_sleep(stored)], now=started_at)
        book.bring_back(NOON)
        (meter,) = (one for one in book.meters_of(who, NOON) if one.kind == "tokens/day")
        assert (meter.limit_at, meter.test_at) == (NOON, NOON + 900)
