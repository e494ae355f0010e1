"""What was spent since a window was last seen: headers are saved now and then, the ledger with every request."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from hrd.core.windows import TOKEN_KINDS, Window

ROWS_MAX = 20_000
"""The newest ledger rows that are looked at when a process starts: windows in use were saved moments ago."""


class Spent(NamedTuple):
    """One ledger row: held and lost ones count in full."""

    at: float
    scopes: Sequence[str]
    tokens: int


def less_spent(windows: Iterable[Window], spent: Iterable[Spent], now: float) -> tuple[Window, ...]:
    """*windows* as they are after *spent*. One that has ended stays as it was seen."""
    kept = list(windows)
    by_scope: dict[str, list[int]] = {}
    for position, window in enumerate(kept):
        if window.ends_at > now:
            by_scope.setdefault(window.scope, []).append(position)
    left = [window.left for window in kept]
    for row in spent:
        for position in (position for scope in row.scopes for position in by_scope.get(scope, ())):
            if row.at > kept[position].seen_at:
                left[position] -= row.tokens if kept[position].kind in TOKEN_KINDS else 1
    return tuple(
        window if window.left == rest else msgspec.structs.replace(window, left=rest)
        for window, rest in zip(kept, left, strict=True)
    )
