"""Windows: what a scope has left, as its provider said, less what we reserved since."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from hrd.core import failover
from hrd.core.failures import Observation, WindowKind
from hrd.core.providers import Candidate

SCOPES_MAX = 20_000
PERIOD_S = {
    WindowKind.REQUESTS_MINUTE: 60.0,
    WindowKind.TOKENS_MINUTE: 60.0,
    WindowKind.REQUESTS_HOUR: 3600.0,
    WindowKind.TOKENS_HOUR: 3600.0,
    WindowKind.REQUESTS_DAY: 86400.0,
    WindowKind.TOKENS_DAY: 86400.0,
    WindowKind.REQUESTS_MONTH: 31 * 86400.0,
    WindowKind.TOKENS_MONTH: 31 * 86400.0,
}
UNKNOWN_PERIOD_S = 60.0
TOKEN_KINDS = frozenset(
    {
        WindowKind.TOKENS,
        WindowKind.TOKENS_MINUTE,
        WindowKind.TOKENS_HOUR,
        WindowKind.TOKENS_DAY,
        WindowKind.TOKENS_MONTH,
    }
)


class Window(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One window of one scope as last seen. `left` is as of `seen_at`; `resets_at` None is not known."""

    scope: str
    kind: WindowKind
    limit: int | None
    left: int
    resets_at: float | None
    source: str
    seen_at: float

    @property
    def ends_at(self) -> float:
        """When it is full again: as said, else a period after it was seen."""
        return self.resets_at if self.resets_at is not None else self.seen_at + PERIOD_S.get(self.kind, UNKNOWN_PERIOD_S)


class _Live:
    """A window with what was reserved of it since it was seen."""

    __slots__ = ("counts_tokens", "ends_at", "left", "seen", "unsaved")

    def __init__(self, seen: Window, *, unsaved: bool) -> None:
        self.seen = seen
        self.left = seen.left
        self.ends_at = seen.ends_at
        self.counts_tokens = seen.kind in TOKEN_KINDS
        self.unsaved = unsaved

    def now_as_window(self) -> Window:
        return msgspec.structs.replace(self.seen, left=max(0, self.left))


class QuotaBook:
    """All windows, by scope."""

    def __init__(self, windows: Iterable[Window]) -> None:
        self._by_scope: dict[str, dict[WindowKind, _Live]] = {}
        for window in windows:
            self._by_scope.setdefault(window.scope, {})[window.kind] = _Live(window, unsaved=False)

    def observe(self, candidate: Candidate, observations: Sequence[Observation], now: float) -> None:
        """Believe what a reply's headers said."""
        for seen in observations:
            if seen.left is None:
                continue
            scope = failover.scope_of(candidate, seen.scope or "quota")
            if scope not in self._by_scope and len(self._by_scope) >= SCOPES_MAX:
                self._forget_ended(now)
                if len(self._by_scope) >= SCOPES_MAX:
                    return
            window = Window(
                scope=scope,
                kind=seen.kind,
                limit=seen.limit,
                left=seen.left,
                resets_at=seen.resets_at,
                source="header",
                seen_at=now,
            )
            self._by_scope.setdefault(scope, {})[seen.kind] = _Live(window, unsaved=True)

    @property
    def is_empty(self) -> bool:
        """No window is known at all."""
        return not self._by_scope

    def follow(self, window: Window) -> None:
        """What somebody else has seen; the newest counts."""
        known = self._by_scope.get(window.scope, {}).get(window.kind)
        if known is None or known.seen.seen_at < window.seen_at:
            self._by_scope.setdefault(window.scope, {})[window.kind] = _Live(window, unsaved=False)

    def touches(self, scopes: Iterable[str]) -> bool:
        """Whether any window of *scopes* is known."""
        return bool(self._by_scope) and not self._by_scope.keys().isdisjoint(scopes)

    def reserve(self, scopes: Iterable[str], tokens: int, now: float) -> None:
        """Set one request of *tokens* aside in every window of *scopes*."""
        if self._by_scope and self.touches(scopes):
            for live in self._windows_of(scopes, now):
                live.left -= tokens if live.counts_tokens else 1

    def settle(self, scopes: Iterable[str], *, reserved_at: float, reserved_tokens: int, spent_tokens: int, now: float) -> None:
        """Correct the tokens set aside by what was really spent. A window that was seen since then has it counted already."""
        if self._by_scope and self.touches(scopes):
            for live in self._windows_of(scopes, now):
                if live.counts_tokens and live.seen.seen_at <= reserved_at:
                    live.left += reserved_tokens - spent_tokens

    def refills_at(self, scopes: Iterable[str], now: float, tokens: int = 1) -> float:
        """When the last window of *scopes* that has no room for a request of *tokens* is full again; 0 if all have room."""
        if not self.touches(scopes):
            return 0.0
        return max((live.ends_at for live in self._windows_of(scopes, now) if _is_empty(live, tokens)), default=0.0)

    def share_of(self, scopes: Iterable[str], now: float) -> float | None:
        """The smallest share left of any window of *scopes*, 0 to 1; None if none is known."""
        if not self.touches(scopes):
            return None
        windows = self._windows_of(scopes, now)
        return min((max(0.0, min(1.0, live.left / live.seen.limit)) for live in windows if live.seen.limit), default=None)

    def windows(self, now: float) -> list[Window]:
        """Every window as it stands, those that have ended left out."""
        self._forget_ended(now)
        return [live.now_as_window() for kinds in self._by_scope.values() for live in kinds.values()]

    def take_unsaved(self) -> list[Window]:
        """What changed since the last call."""
        rows = []
        for kinds in self._by_scope.values():
            for live in kinds.values():
                if live.unsaved:
                    live.unsaved = False
                    rows.append(live.now_as_window())
        return rows

    def forget(self, is_meant: Callable[[str], bool]) -> None:
        for scope in [scope for scope in self._by_scope if is_meant(scope)]:
            del self._by_scope[scope]

    def _windows_of(self, scopes: Iterable[str], now: float) -> Iterator[_Live]:
        """Those that have not ended: of a window that has begun anew nothing is known."""
        for scope in scopes:
            kinds = self._by_scope.get(scope)
            if kinds is not None:
                for live in kinds.values():
                    if live.ends_at > now:
                        yield live

    def _forget_ended(self, now: float) -> None:
        for scope, kinds in list(self._by_scope.items()):
            for kind in [kind for kind, live in kinds.items() if live.ends_at <= now]:
                del kinds[kind]
            if not kinds:
                del self._by_scope[scope]


def _is_empty(live: _Live, tokens: int) -> bool:
    if live.left <= 0:
        return True
    if not live.counts_tokens:
        return False
    limit = live.seen.limit
    return live.left < tokens and (limit is None or tokens <= limit)
