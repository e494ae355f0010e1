"""The book of blocks: who is blocked, who is being probed, and when each may be asked again. Its owner is the pool."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

import msgspec

from hrd.core import blocks
from hrd.core.blocks import Block
from hrd.core.remembered import BlockLifted
from hrd.core.scopes import renamed

PROBED_REASONS = frozenset({"rejected", "needs login", "credits", "quota", "breaker", "model"})
"""After such a block one request goes first; the others wait for what it meets."""
PROBING = "probing"
RECHECK_S = 1.0
"""How soon to look again for what a probe met."""
SCOPES_MAX = 20_000
"""Clients make up names of models, each of which may be refused."""
NARROWEST = "candidate:"


class BlockBook:
    """All blocks, by scope and reason."""

    def __init__(self, remembered: Iterable[Block]) -> None:
        self._by_scope: dict[str, dict[str, Block]] = {}
        self._probes: dict[str, int] = {}
        """Scope → the reservation that went first."""
        self.changed: Callable[[str], None] = _ignore
        """Hears of each scope of which something else is known."""
        for block in remembered:
            self.put(block)

    # questions -----------------------------------------------------------------------------------------------------------

    @property
    def is_empty(self) -> bool:
        """Nothing is known of anybody: mostly so, and then nobody need be looked at one by one."""
        return not self._by_scope

    def touches(self, scopes: Iterable[str]) -> bool:
        """Whether anything is known of *scopes*, in force or not."""
        return bool(self._by_scope) and not self._by_scope.keys().isdisjoint(scopes)

    def get(self, scope: str, reason: str) -> Block | None:
        return self._by_scope.get(scope, {}).get(reason)

    def hindrance(self, scopes: Iterable[str], now: float) -> Block | None:
        """Of the blocks in force on *scopes* the one that holds longest."""
        if not self.touches(scopes):
            return None
        return max(self._in_force(scopes, now), key=lambda block: block.until, default=None)

    def why(self, scopes: Iterable[str], now: float) -> str:
        """Empty if nothing here keeps a candidate of *scopes* from being asked."""
        if not self.touches(scopes):
            return ""
        hindrance = self.hindrance(scopes, now)
        if hindrance is not None:
            return hindrance.reason
        return PROBING if self._is_probed(scopes, now) else ""

    def patient_at(self, scopes: Iterable[str], now: float) -> float:
        """When a request that nobody else can serve may ask, be it as a probe; not after *now* if it may at once."""
        return max((self._patient_at(block, now) for block in self._in_force(scopes, now)), default=0.0)

    def _patient_at(self, block: Block, now: float) -> float:
        at = blocks.patient_until(block)
        if block.next_probe is None:
            return at
        if block.next_probe > now:
            return min(at, block.next_probe)
        return min(at, now + RECHECK_S) if block.scope in self._probes else at

    def is_probed(self, scopes: Iterable[str], now: float) -> bool:
        """Somebody has gone first, and what they meet is not known yet."""
        return bool(self._probes) and self._is_probed(scopes, now)

    def is_looked_at(self, scopes: Iterable[str]) -> bool:
        """Whether who asks here goes first after, or in spite of, a block of the kind that one request finds out about."""
        return any(reason in PROBED_REASONS for scope in scopes for reason in self._by_scope.get(scope, ()))

    def last_set(self, scopes: Iterable[str]) -> float:
        """When the newest block here was set, in force or not; 0 if there is none."""
        found = (block.set_at for scope in scopes for block in self._by_scope.get(scope, {}).values())
        return max(found, default=0.0)

    def is_probe_due(self, scopes: Iterable[str], now: float) -> bool:
        """Whether one request may ask in spite of everything in force here, to see whether it still holds."""
        if self._probes and any(scope in self._probes for scope in scopes):
            return False
        return all(block.next_probe is not None and block.next_probe <= now for block in self._in_force(scopes, now))

    def changes_at(self, scopes: Iterable[str], now: float) -> float:
        """Until when all this stays so, by the clock alone."""
        moments = [blocks.FOREVER]
        for block in self._in_force(scopes, now):
            moments.append(block.until)
            if block.next_probe is not None and block.next_probe > now:
                moments.append(block.next_probe)
            if (patient_at := blocks.patient_until(block)) > now:
                moments.append(patient_at)
        return min(moments)

    def blocks(self) -> tuple[Block, ...]:
        """Every block, the expired ones that are still remembered too."""
        return tuple(block for reasons in self._by_scope.values() for block in reasons.values())

    @property
    def probing(self) -> frozenset[str]:
        return frozenset(self._probes)

    # changes -------------------------------------------------------------------------------------------------------------

    def put(self, block: Block) -> list[BlockLifted]:
        """Note *block*; what had to be forgotten for it."""
        forgotten: list[BlockLifted] = []
        if block.scope not in self._by_scope and len(self._by_scope) >= SCOPES_MAX:
            forgotten = self._drop(self._least(), lambda _: True)
        self._by_scope.setdefault(block.scope, {})[block.reason] = block
        self.changed(block.scope)
        return forgotten

    def _least(self) -> str:
        """The scope whose blocks are missed least: one model with one credential, and of those whoever was blocked first."""
        return next((scope for scope in self._by_scope if scope.startswith(NARROWEST)), next(iter(self._by_scope)))

    def begin(self, scopes: Iterable[str], reservation: int) -> None:
        """*reservation* asks in spite of, or after, what is known of *scopes*."""
        for scope in scopes:
            if scope in self._by_scope:
                self._probes.setdefault(scope, reservation)
                self.changed(scope)

    def end(self, reservation: int) -> None:
        """What *reservation* met is known."""
        if self._probes:
            for scope in [scope for scope, holder in self._probes.items() if holder == reservation]:
                del self._probes[scope]
                self.changed(scope)

    def probed(
        self, scopes: Iterable[str], now: float, *, first_s: float, longest_s: float, ahead_s: float = 0.0
    ) -> list[Block]:
        """A probe met something else than a success: when the next one is due. *ahead_s*: so much too early counts as well."""
        rows = []
        for block in list(self._in_force(scopes, now)):
            if block.next_probe is not None and block.next_probe <= now + ahead_s:
                row = blocks.probed(block, now, first_s=first_s, longest_s=longest_s)
                self.put(row)
                rows.append(row)
        return rows

    def lift(self, scopes: Iterable[str], *, begun_at: float) -> list[BlockLifted]:
        """A success clears what was set before its attempt began, and only that."""
        return [row for scope in scopes for row in self._drop(scope, lambda block: block.set_at < begun_at)]

    def lift_reason(self, scope: str, reason: str, *, begun_at: float) -> list[BlockLifted]:
        """The same for one reason alone."""
        return self._drop(scope, lambda block: block.reason == reason and block.set_at < begun_at)

    def move(self, names: Mapping[str, str]) -> list[Block | BlockLifted]:
        """What was said of accounts holds for them under their true names (*names*: old → new, both `<provider>/<account>`)."""
        rows: list[Block | BlockLifted] = []
        for scope in self._scopes() if names else ():
            target = renamed(scope, names)
            if target == scope:
                continue
            for block in tuple(self._by_scope[scope].values()):
                known = self.get(target, block.reason)
                if known is None or known.until < block.until:
                    moved = msgspec.structs.replace(block, scope=target)
                    rows.extend(self.put(moved))
                    rows.append(moved)
            rows.extend(self._drop(scope, lambda _: True))
        return rows

    def forget(self, is_meant: Callable[[str], bool]) -> list[BlockLifted]:
        """Lift everything on the scopes that are meant."""
        return [row for scope in self._scopes() if is_meant(scope) for row in self._drop(scope, lambda _: True)]

    def forget_one(self, scope: str, reason: str) -> None:
        """Somebody else has lifted it."""
        self._drop(scope, lambda block: block.reason == reason)

    def bring_back(self, now: float) -> list[Block]:
        """The clock has been set back: nothing holds longer for that. What had to be changed."""
        changed = [after for block in self.blocks() if (after := blocks.brought_back(block, now)) is not block]
        for block in changed:
            self.put(block)
        return changed

    def forget_old(self, now: float) -> list[BlockLifted]:
        """Drop what has been over for so long that its step counts no more."""
        return [
            row for scope in self._scopes() for row in self._drop(scope, lambda block: now - block.until > blocks.REMEMBERED_S)
        ]

    def _scopes(self) -> Collection[str]:
        return list(self._by_scope)

    def _drop(self, scope: str, is_over: Callable[[Block], bool]) -> list[BlockLifted]:
        reasons = self._by_scope.get(scope)
        if reasons is None:
            return []
        dropped = [block for block in reasons.values() if is_over(block)]
        for block in dropped:
            del reasons[block.reason]
        if dropped:
            self.changed(scope)
        if not reasons:
            del self._by_scope[scope]
            self._probes.pop(scope, None)
        return [BlockLifted(scope=scope, reason=block.reason) for block in dropped]

    def _in_force(self, scopes: Iterable[str], now: float) -> Iterator[Block]:
        for scope in scopes:
            reasons = self._by_scope.get(scope)
            if reasons is not None:
                for block in reasons.values():
                    if block.until > now:
                        yield block

    def _is_probed(self, scopes: Iterable[str], now: float) -> bool:
        """A probe is out on a block that is over, or that only a patient request passes by."""
        for scope in scopes:
            if scope in self._probes:
                for block in self._by_scope.get(scope, {}).values():
                    if block.reason in PROBED_REASONS and blocks.patient_until(block) <= now:
                        return True
        return False


def _ignore(_: str) -> None:
    pass
