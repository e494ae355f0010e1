"""What goes wrong in the month: drawn from the seed, set in the providers, told to nobody.

A provider is down for hours, a key is revoked, a limit shrinks without a word, three hints lie (reset in seven days, back after
ten minutes), and every day somebody spends of the same accounts elsewhere. The router is stopped and started once a day, and
crashes once a day.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.simulation.providers import Account, Asked, Key, Lie
from tests.simulation.tiers import OPEN_CLIENT
from tests.simulation.windows import DAY_S

HOUR_S = 3600.0
LIE_CLAIMED_S, LIE_S = 7 * DAY_S, 600.0
OUTAGE_S = 5 * HOUR_S


@dataclass(slots=True, frozen=True)
class Shrink:
    at: float
    account: Account
    window: str
    limit: float


@dataclass(slots=True, frozen=True)
class Foreign:
    """Somebody else sends a request with the same account."""

    at: float
    account: Account
    asked: Asked


@dataclass(slots=True, frozen=True)
class Troubles:
    shrinks: Sequence[Shrink]
    foreign: Sequence[Foreign]
    stops: Sequence[float]
    crashes: Sequence[float]


def plant(draw: random.Random, keys: Sequence[Key], begin: float, days: int) -> Troubles:
    """Set the month's troubles in the providers of *keys*; a short month has the first of them."""
    by_text = {key.text.removeprefix("test-not-a-key-"): key for key in keys}

    def moment(day: float) -> float:
        return begin + (day + draw.uniform(0.2, 0.6)) * DAY_S

    start = moment(4)
    for name in ("gemini-1", "gemini-2"):
        by_text[name].account.outages.append((start, start + OUTAGE_S))
    by_text["naga-2"].revoked_at = moment(9)
    for name, day in (("zai-1", 2), ("zai-2", 6), ("groq-1", 12)):
        start = moment(day)
        by_text[name].account.lies.append(Lie(start, start + LIE_S, LIE_CLAIMED_S))
    end = begin + days * DAY_S
    shrinks = [Shrink(moment(14), by_text["openrouter-2"].account, "day", 800)]
    elsewhere = [by_text[name].account for name in ("openrouter-1", "gemini-2", "cohere-1")]
    return Troubles(
        shrinks=[shrink for shrink in shrinks if shrink.at < end],
        foreign=_foreign(draw, elsewhere, begin, days),
        stops=[moment(day) for day in range(days)],
        crashes=[begin + (day + draw.uniform(0.65, 0.95)) * DAY_S for day in range(days)],
    )


def _foreign(draw: random.Random, accounts: Sequence[Account], begin: float, days: int) -> list[Foreign]:
    """A handful a day of each: another tool on another machine."""
    found = []
    for account in accounts:
        for day in range(days):
            start = begin + (day + draw.uniform(0.1, 0.9)) * DAY_S
            for number in range(draw.randrange(3, 12)):
                asked = Asked(0, start, OPEN_CLIENT, 300, 100, 300, 1.0, 3.0)
                found.append(Foreign(start + number * draw.uniform(5, 30), account, asked))
    return sorted(found, key=lambda one: one.at)
