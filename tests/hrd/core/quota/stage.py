"""Claims, a book, meters, and what is spent of them."""

from typing import Any

from hrd.core.providers import Candidate, Provider
from hrd.core.quota import excess
from hrd.core.quota.amounts import Amounts
from hrd.core.quota.book import QuotaBook
from hrd.core.quota.count import Count
from hrd.core.quota.limit import Limit
from hrd.core.quota.meter import Meter
from hrd.core.quota.window import Turn, Window
from tests.hrd.stage import NOON, provider

DAY = 86_400.0
CLAIMS = (Limit(kind="requests/day", limit=50, scope="free"), Limit(kind="requests/minute", limit=20, scope="free"))


def free(**facts: Any) -> Provider:
    return provider("alpha", cost_class="free", quota_scope="account", **{"limits": CLAIMS, **facts})


def spend(book: QuotaBook, who: Candidate, number: int, tokens: int = 100, now: float = NOON) -> None:
    book.reserve(number, book.meters_of(who, now), Amounts(tokens, 0), now)


def left(book: QuotaBook, now: float = NOON) -> dict[tuple[str, str], int | None]:
    return {(window.kind, window.owner): window.left for window in book.windows(now)}


def meter(kind: str = "requests/minute", limit: int | None = 5, turn: Turn = Turn.SLIDING, **facts: Any) -> Meter:
    return Meter(Window(scope="s", kind=kind, limit=limit, turn=turn, **facts))


def counted(made: Meter, amounts: list[int], now: float = NOON) -> list[Count]:
    return [made.count(amount, now) for amount in amounts]


def answer(count: Count, now: float = NOON) -> None:
    """The reply to what *count* counts begins."""
    count.meter.answered(count, now)
    if count.is_beyond or count.is_test:
        excess.taken(count, now)
