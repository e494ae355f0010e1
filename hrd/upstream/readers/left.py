"""What a free question about a key says that it has left.

OpenRouter's `GET /key` (https://openrouter.ai/docs/api-reference/limits) tells the account's free requests of the day and the
key's own budget; `GET /credits` answers keys of management with the account's balance. Moonshot's `GET /users/me/balance`
(https://platform.moonshot.ai/docs) has the balance of pay-as-you-go keys.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from hrd.core.failures import HintSource, Observation, WindowKind
from hrd.core.times import next_boundary

FREE_A_DAY: Final = 50
FREE_A_DAY_WITH_CREDITS: Final = 1000
CREDITS_FOR_MORE: Final = 10.0
"""OpenRouter's requests a day to free models, for whoever never bought so many credits, and for whoever did."""
DOLLARS_MAX: Final = 1e9
MICRO: Final = 1_000_000

_BUDGETS: Final = {"daily": ("day", WindowKind.CREDIT_DAY), "weekly": ("week", WindowKind.CREDIT_WEEK)}
_BUDGET_OF_MONTH: Final = ("month", WindowKind.CREDIT_MONTH)

Said = Mapping[str, object]


def read_left(reader: str, question: str, body: bytes, now: float, zone: str) -> tuple[Observation, ...]:
    """One observation a window that the answer speaks of; none if it makes no sense. Never raises."""
    read = _READERS.get((reader, question))
    if read is None:
        return ()
    try:
        answer = msgspec.json.decode(body)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError, and none of msgspec's
        return ()
    said = answer.get("data") if isinstance(answer, dict) else None
    return tuple(read(said, now, zone)) if isinstance(said, dict) else ()


def _openrouter_key(said: Said, now: float, zone: str) -> Iterator[Observation]:
    day = said.get("free_model_daily_requests")
    if isinstance(day, dict):
        limit, left, used = (_count(day.get(name)) for name in ("limit", "remaining", "used"))
        if left is None and limit is not None and used is not None:
            left = max(0, limit - used)
        if limit:
            yield _free_of_day(limit, left, now, zone)
    elif said.get("is_free_tier") is True:
        yield _free_of_day(FREE_A_DAY, None, now, zone)
    limit_usd, left_usd = _dollars(said.get("limit")), _left(said.get("limit_remaining"))
    if limit_usd is not None and left_usd is not None:
        span, kind = _BUDGETS.get(str(said.get("limit_reset")), _BUDGET_OF_MONTH)
        is_renewed = isinstance(said.get("limit_reset"), str)
        yield Observation(
            kind=kind if is_renewed else WindowKind.CREDIT,
            limit=limit_usd,
            left=left_usd,
            resets_at=next_boundary(span, now, zone) if is_renewed else None,
            scope="paid_key",
            source=HintSource.LOOKUP,
        )


def _openrouter_credits(said: Said, now: float, zone: str) -> Iterator[Observation]:
    bought, used = _number(said.get("total_credits")), _number(said.get("total_usage"))
    if bought is None or used is None:
        return
    yield _free_of_day(FREE_A_DAY_WITH_CREDITS if bought >= CREDITS_FOR_MORE else FREE_A_DAY, None, now, zone)
    yield from _balance(bought - used, "paid")


def _moonshot(said: Said, now: float, zone: str) -> Iterator[Observation]:  # noqa: ARG001 - a balance turns at no moment
    left = _number(said.get("available_balance"))
    if left is not None:
        yield from _balance(left, "paid")


def _balance(dollars: float, scope: str) -> Iterator[Observation]:
    left = _left(dollars)
    if left is not None:
        yield Observation(kind=WindowKind.CREDIT, left=left, scope=scope, source=HintSource.LOOKUP)


def _free_of_day(limit: int, left: int | None, now: float, zone: str) -> Observation:
    return Observation(
        kind=WindowKind.REQUESTS_DAY,
        limit=limit,
        left=left,
        resets_at=next_boundary("day", now, zone),
        scope="free",
        source=HintSource.LOOKUP,
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _number(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if abs(value) <= DOLLARS_MAX and math.isfinite(value) else None


def _dollars(value: object) -> int | None:
    """In millionths."""
    number = _number(value)
    return int(number * MICRO) if number is not None and number >= 0 else None


def _left(value: object) -> int | None:
    """The same of what is left: the last request may have cost more than there was."""
    number = _number(value)
    return _dollars(max(0.0, number)) if number is not None else None


_READERS: Final[dict[tuple[str, str], Callable[[Said, float, str], Iterator[Observation]]]] = {
    ("openrouter", "key"): _openrouter_key,
    ("openrouter", "credits"): _openrouter_credits,
    ("kimi", "users/me/balance"): _moonshot,
}
"""By the provider's reader, and the question."""
