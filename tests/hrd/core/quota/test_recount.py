"""What outlives a crash."""

from hypothesis import given
from hypothesis import strategies as st

from hrd.core.failures import Observation, WindowKind
from hrd.core.ledger import STORED_WITHIN_S, Spent
from hrd.core.price import Price
from hrd.core.providers import Candidate
from hrd.core.quota.amounts import Amounts
from hrd.core.quota.book import QuotaBook
from hrd.core.quota.limit import Limit
from hrd.core.quota.window import Window, put_to_sleep
from tests.hrd.core.quota.stage import free, left
from tests.hrd.stage import NOON, candidate, key

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

    def tell(self, book: QuotaBook, now: float) -> None:
        """What is stored with a settlement."""
        self.windows.update({(row.scope, row.kind, row.owner): row for row in book.take_told(now)})

    def begin(self, now: float) -> QuotaBook:
        """What a new process starts from, as the store reads it."""
        through = max((window.through for window in self.windows.values()), default=0)
        seen_at = max((window.seen_at for window in self.windows.values()), default=0.0) - STORED_WITHIN_S
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
                book.move(NAMES, now)
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


def test_what_is_stored_with_a_settlement_lets_nobody_forget_what_other_windows_have_counted_since() -> None:
    """A reply told of one window, which was stored; another, which was not, had counted a giant."""
    who = candidate(free(own_limits=OWN, limits=()))
    ledger, book = Ledger(), QuotaBook(price_at=lambda _: PRICE)
    book.reserve(1, book.meters_of(who, NOON), Amounts(100), NOON)
    ledger.reserve(1, who, 100, NOON)
    ledger.flush(book, NOON)
    ledger.reserve(2, who, 7000, NOON + 1)
    book.reserve(2, book.meters_of(who, NOON + 1), Amounts(7000), NOON + 1)
    seen = Observation(kind=WindowKind.REQUESTS_DAY, limit=500, left=300)
    book.observe(who, (seen,), book.counts_of(2), NOON + 1)
    book.settle(2, Amounts(7000), NOON + 1.5)
    ledger.settle(2, 7000, NOON + 1.5)
    ledger.tell(book, NOON + 1.5)
    again = ledger.begin(NOON + 2)
    again.meters_of(who, NOON + 2)
    assert left(again, NOON + 2)["tokens/day", "user"] == 10**6 - 7100
    assert left(again, NOON + 2)["requests/day", "provider"] == 300
