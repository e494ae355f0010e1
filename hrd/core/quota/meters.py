"""All meters, by scope, and what of them is to be stored.

At start a window stays the row that it was stored as until its scope is first touched: a hundred thousand scopes cost memory
alone.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from itertools import islice

import msgspec

from hrd.core.quota.kinds import HOUR_S
from hrd.core.quota.meter import Meter
from hrd.core.quota.twins import join
from hrd.core.quota.window import CATALOGUE, NOBODY, PROVIDER, SETTINGS, Asleep, Turn, Window, put_to_sleep, wake
from hrd.core.remembered import WindowForgotten

SCOPES_MAX = 200_000
RELAXED_AT_ONCE = 1000
METERS_MAX = 24
"""Of one scope."""


class Meters:
    """See the module's docstring. `through` is the last reservation that is in the counts."""

    def __init__(self, windows: Iterable[Window | Asleep]) -> None:
        self.changed: Callable[[str], None] = _ignore
        """Hears of each scope that gets another meter."""
        self.through = 0
        self._asleep: dict[str, list[Window | Asleep]] = {}
        for window in windows:
            self._asleep.setdefault(window.scope, []).append(window)
        self._by_scope: dict[str, list[Meter]] = {}
        self._unsaved: dict[Meter, None] = {}
        self._told: dict[Meter, None] = {}
        """Those of them of which a provider said what nobody could count again."""
        self._gone: list[WindowForgotten] = []
        self._to_relax: dict[str, float] = {}
        """Scopes that are asleep, and to be asked anew: since when."""
        self._set_back_at = float("inf")
        """Where the clock was when it had last been set back: rows of a later time are by the clock before that."""

    def __len__(self) -> int:
        """How many scopes there are."""
        return len(self._by_scope) + len(self._asleep)

    # one scope's ---------------------------------------------------------------------------------------------------------

    def at(self, scope: str) -> list[Meter]:
        """All of one scope; not to be changed."""
        meters = self._by_scope.get(scope)
        if meters is not None:
            return meters
        rows = self._asleep.pop(scope, None) if self._asleep else None
        if rows is None:
            return _NONE
        read = _read(rows)
        meters = self._by_scope[scope] = [Meter(_awake(row)) for row in read]
        for meter, row in zip(meters, read, strict=True):
            meter.is_stored = True
            if row.seen_at > self._set_back_at:
                meter.bring_back(self._set_back_at)
        if scope in self._to_relax:
            self._relax(meters, self._to_relax.pop(scope))
        return meters

    def find(self, scope: str, kind: str, owner: str = PROVIDER) -> Meter | None:
        return next((meter for meter in self.at(scope) if meter.kind == kind and meter.owner == owner), None)

    def has_room(self, scope: str) -> bool:
        """Whether *scope* may get another."""
        meters = self.at(scope)
        return len(meters) < METERS_MAX and (meters is not _NONE or len(self) < SCOPES_MAX)

    def add(self, meter: Meter) -> None:
        self.at(meter.scope)
        self._by_scope.setdefault(meter.scope, []).append(meter)
        self.changed(meter.scope)

    def touch(self, *meters: Meter) -> None:
        """They have counted, or been told something: who looked at them has to look again."""
        for meter in meters:
            self._unsaved[meter] = None
            for lane in meter.lanes:
                if not lane.is_stale:
                    lane.touch()

    def tell(self, meter: Meter) -> None:
        """What it was told is to be stored at once."""
        self._told[meter] = None

    # as rows -------------------------------------------------------------------------------------------------------------

    def asleep_at(self, scope: str) -> list[Window] | None:
        """The rows of *scope*, which nobody has touched; None if somebody has, or there are none."""
        rows = self._asleep.get(scope)
        return None if rows is None else _read(rows)

    def newest_stored(self) -> int:
        """Up to which reservation the rows count that nobody has touched."""
        return max((row.through for rows in self._asleep.values() for row in rows), default=0)

    def windows(self, now: float, most: int = SCOPES_MAX) -> Iterator[Window]:
        """Every window as it stands of which a limit is known or claimed, those that are in use first; of no more than *most*
        scopes that were not touched since the start."""
        for meters in self._by_scope.values():
            for meter in meters:
                meter.turn(now)
                if meter.limit is not None:
                    yield meter.row(self.through, now)
        for rows in islice(self._asleep.values(), most):
            for row in _read(rows):
                meter = Meter(_awake(row))
                meter.turn(now)
                if meter.limit is not None:
                    yield meter.row(row.through, now)

    def windows_at(self, scopes: Iterable[str], now: float, kinds: Container[str] | None = None) -> list[Window]:
        """Those of them that stand at *scopes*, of these *kinds* only if any are named: however many others there are, it costs
        no more."""
        found = (meter for scope in dict.fromkeys(scopes) for meter in self.at(scope))
        meters = [meter for meter in found if kinds is None or meter.kind in kinds]
        for meter in meters:
            meter.turn(now)
        return [meter.row(self.through, now) for meter in meters if meter.limit is not None]

    def take_told(self, now: float) -> list[Window]:
        """What providers said since the last call that the ledger does not have, and that a crash would take along: what others
        spent of a long window, and limits that were not known."""
        told, self._told = self._told, {}
        for meter in told:
            meter.is_stored = True
        return [meter.row(self.through, now) for meter in told]

    def take_unsaved(self, now: float) -> list[Window | WindowForgotten]:
        """What changed since the last call, but for what a restart may forget."""
        changed, self._unsaved = self._unsaved, {}
        rows = list[Window | WindowForgotten]()
        for meter in changed:
            if _is_kept(meter):
                meter.is_stored = True
                rows.append(meter.row(self.through, now))
            else:
                self._no_more(meter)
        gone, self._gone = self._gone, []
        return [*gone, *rows, *self._relax_asleep(now)]

    # changes -------------------------------------------------------------------------------------------------------------

    def bring_back(self, now: float) -> None:
        """The clock has been set back, or may have been before we started: see `Meter.bring_back`."""
        self._set_back_at = now
        for meters in self._by_scope.values():
            for meter in meters:
                if meter.bring_back(now):
                    self.touch(meter)

    def move(self, scope: str, target: str, now: float) -> list[tuple[Meter, Meter]]:
        """*scope* is called *target* now. Each meter of which there turned out to be another one, and the one that goes on."""
        joined = []
        for meter in self.at(scope):
            known = self.find(target, meter.kind, meter.owner)
            self._no_more(meter)
            if known is None:
                known = meter
                known.scope = target
                self._by_scope.setdefault(target, []).append(known)
            else:
                join(known, meter, now)
                joined.append((meter, known))
            self._unsaved[known] = None
        self._by_scope.pop(scope, None)
        self.changed(scope)
        self.changed(target)
        return joined

    def scopes(self) -> list[str]:
        return [*self._by_scope, *self._asleep]

    def limits_changed(self) -> None:
        """What only settings or catalogue said has to be said anew."""
        for meters in self._by_scope.values():
            for meter in meters:
                if meter.source in (CATALOGUE, SETTINGS):
                    meter.limit, meter.source, meter.is_known = None, NOBODY, False
                meter.claimed = None

    def forget(self, is_meant: Callable[[str], bool]) -> None:
        """Whatever is known of these scopes."""
        for scope in [scope for scope in self.scopes() if is_meant(scope)]:
            for meter in self.at(scope):
                self._no_more(meter)
            self._by_scope.pop(scope, None)
            self.changed(scope)

    def forget_idle(self, now: float) -> None:
        """Drop what nothing is known of any more."""
        for scope, meters in list(self._by_scope.items()):
            for meter in meters:
                meter.turn(now)
            if all(meter.is_idle and not meter.lanes for meter in meters):
                for meter in meters:
                    self._no_more(meter)
                del self._by_scope[scope]

    def _no_more(self, meter: Meter) -> None:
        """Its row, if there is one, is to go."""
        self._unsaved.pop(meter, None)
        self._told.pop(meter, None)
        if meter.is_stored:
            meter.is_stored = False
            self._gone.append(WindowForgotten(scope=meter.scope, kind=meter.kind, owner=meter.owner))

    def relax(self, is_meant: Callable[[str], bool], now: float) -> None:
        """What providers said and were concluded to allow at these scopes: they are asked, and say it again. What we counted
        ourselves stays, and what the user allows."""
        awake = [scope for scope in self._by_scope if is_meant(scope)]
        for scope in awake:
            self._relax(self._by_scope[scope], now)
        self._to_relax.update(dict.fromkeys((scope for scope in self._asleep if is_meant(scope)), now))
        for scope in awake:
            self.changed(scope)

    def _relax(self, meters: Iterable[Meter], now: float) -> None:
        for meter in meters:
            if meter.owner == PROVIDER:
                meter.relax(now)
                self.touch(meter)

    def _relax_asleep(self, now: float) -> Iterator[Window | WindowForgotten]:
        """Some of those that nobody has touched since the start: there may be very many."""
        for scope in list(islice(self._to_relax, RELAXED_AT_ONCE)):
            del self._to_relax[scope]
            kept = []
            for row in _read(self._asleep.pop(scope, ())):
                meter = Meter(row)
                if meter.owner == PROVIDER:
                    meter.relax(now)
                if _is_kept(meter):
                    kept.append(meter.row(row.through, now))
                else:
                    yield WindowForgotten(scope=scope, kind=row.kind, owner=row.owner)
            if kept:
                self._asleep[scope] = list(map(put_to_sleep, kept))
                yield from kept

    def follow(self, window: Window) -> None:
        """What another process has seen."""
        meter = self.find(window.scope, window.kind, window.owner)
        if meter is None:
            meter = Meter(window)
            meter.is_stored = True
            self.add(meter)
        elif meter.limit_at <= window.limit_at and window.limit is not None:
            meter.limit, meter.source, meter.is_known = window.limit, window.source, window.is_known
            self.touch(meter)

    def heed(self, window: Window, now: float) -> None:
        """What another process, which counts ours with its own, has seen."""
        self.follow(window)
        meter = self.find(window.scope, window.kind, window.owner)
        if meter is not None and (window.ends_at is None or window.ends_at > now):
            meter.turn(now)
            if window.used > meter.used:
                meter.count_again(window.used - meter.used, now, now)
                self.touch(meter)


_NONE: list[Meter] = []


def _ignore(_: str) -> None:
    pass


def _is_kept(meter: Meter) -> bool:
    if meter.turns is Turn.IN_FLIGHT:
        return meter.is_known and meter.owner == PROVIDER
    return meter.limit is not None or (meter.used > 0 and (meter.span_s or 0.0) > HOUR_S)


def _read(rows: Iterable[Window | Asleep]) -> list[Window]:
    return [window for row in rows if (window := wake(row)) is not None]


def _awake(row: Window) -> Window:
    """What only the catalogue or the settings said, they have to say again."""
    if row.source not in (CATALOGUE, SETTINGS):
        return row
    return msgspec.structs.replace(row, limit=None, source=NOBODY, is_known=False)
