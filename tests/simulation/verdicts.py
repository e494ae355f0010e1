"""What each attempt and each unserved request is put down to, by somebody who knows the truth about the providers.

A refusal is *learning* until the window that refused has turned once since its first refusal: from then on its limit is known.
After that one a cause is nobody's fault: spent elsewhere in this turn, shrunk unannounced, revoked, a lie; and probes, which
come no closer to each other than `PROBE_S`. All others could have been avoided.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.simulation.clock import Clock
from tests.simulation.providers import Account, Asked, Key, Refused, Reply
from tests.simulation.tiers import may_use
from tests.simulation.windows import DAY_S, Fixed, Window

PROBE_S = 900.0
REJECTED_PROBE_S = 300.0
"""A key that was rejected may be tried again after five minutes, then hourly."""
MAX_WAIT_S = 30.0
SPARE = 1.5
"""Nobody knows beforehand what a request will come to: who could have served it has room for half as much again."""

LEARNING, PROBE, FOREIGN, SHRINKING, REVOKED = "learning", "probe", "spent elsewhere", "shrunk", "revoked"
OUTAGE, LIE, TOO_LARGE, AVOIDABLE = "outage", "lie", "too large", "avoidable"
CAUSES = (LEARNING, PROBE, FOREIGN, SHRINKING, REVOKED, OUTAGE, LIE, TOO_LARGE, AVOIDABLE)


@dataclass(slots=True)
class _Known:
    """What could be known of one window from its refusals."""

    from_: float
    """From when on its limit is known."""
    at: float
    until: float
    """When it was last refused, and until when that was the answer."""
    foreign_turn: float = -1.0
    """The turn whose foreign spend has had its refusal."""
    is_shrinking_met: bool = False


@dataclass
class Tally:
    """The figures of one strategy's month."""

    asked: int = 0
    served: int = 0
    failed: int = 0
    failed_in_vain: Counter[str] = field(default_factory=Counter)
    """Failed although somebody could have served: at once, within the wait, or only by not believing what a provider said."""
    waited: int = 0
    repeated: int = 0
    """Asked again by their clients because the router went down under them; counted once."""
    sent: int = 0
    sent_known: int = 0
    """After the first day."""
    refusals: Counter[str] = field(default_factory=Counter)
    refused_by: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Cause, provider, window → refusals."""
    in_a_row: int = 0
    overspent: int = 0
    idle: list[tuple[float, str]] = field(default_factory=list)
    """For how long somebody was not asked who had recovered from an outage or from what a hint had lied about, or whom a
    request would have needed that failed; and who."""
    served_by: Counter[str] = field(default_factory=Counter)
    served_at: dict[int, list[Asked]] = field(default_factory=lambda: defaultdict(list))
    """Account → what it served."""
    notes: list[str] = field(default_factory=list)
    """The first things that went wrong, for the trace."""

    @property
    def avoidable(self) -> int:
        return self.refusals[AVOIDABLE]

    @property
    def avoidable_share(self) -> float:
        return self.avoidable / max(1, self.sent_known)

    @property
    def idle_longest_s(self) -> float:
        return max((seconds for seconds, _ in self.idle), default=0.0)


AT_ONCE, IN_TIME, WORD = "at once", "within the wait", "against a provider's word"
LOOK_S = 0.1
"""Who waits for a moment comes a little after it."""
NOTES_MAX = 200


class Judge:
    """Keeps the tally of one strategy."""

    def __init__(self, clock: Clock, keys: Sequence[Key]) -> None:
        self.tally = Tally()
        self._clock = clock
        self._keys = list({id(key.account): key for key in reversed(keys)}.values())
        self._begin = clock.now
        self._known: dict[int, _Known] = {}
        self._key_refused: dict[str, float] = {}
        self._lied_to: dict[int, float] = {}
        self._missed_since: dict[int, float] = {}
        """Account → since when it is idle: it has recovered, or a request failed that it could have served."""

    # attempts ------------------------------------------------------------------------------------------------------------

    def sent(self, key: Key, asked: Asked, now: float) -> Reply:
        """Send *asked* with *key*, and count what becomes of it."""
        tally = self.tally
        account = key.account
        missed = self._missed_since.pop(id(account), None)
        if missed is not None and now >= missed:
            tally.idle.append((now - missed, account.provider))
        reply = key.ask(asked, now)
        tally.sent += 1
        if now - self._begin > DAY_S:
            tally.sent_known += 1
        refused = reply.refused
        if refused is None:
            self._lied_to.pop(id(account), None)
            return reply
        cause = self._cause(key, asked, refused, now)
        tally.refusals[cause] += 1
        name = refused.window.name if refused.window is not None else refused.kind
        tally.refused_by[cause, key.provider, name] += 1
        if cause == AVOIDABLE:
            self._note(f"avoidable: {key.text} {name} after {now - self._begin:.1f} s, request {asked.number}")
        return reply

    def _cause(self, key: Key, asked: Asked, refused: Refused, now: float) -> str:
        match refused.kind:
            case "window":
                assert refused.window is not None, "a window is full"
                return self._window_cause(key.account, refused.window, asked, refused, now)
            case "outage":
                self._missed_since[id(key.account)] = refused.until
                return OUTAGE
            case "too large":
                return TOO_LARGE
            case "revoked":
                return self._repeated(key.text, REVOKED, now, REJECTED_PROBE_S)
            case _:
                self._missed_since[id(key.account)] = refused.until
                self._lied_to[id(key.account)] = now + next(
                    lie.claimed_s for lie in key.account.lies if lie.since <= now < lie.until
                )
                return self._repeated(f"lie to {id(key.account)}", LIE, now, PROBE_S)

    def _repeated(self, name: str, first: str, now: float, probe_s: float) -> str:
        before = self._key_refused.get(name)
        self._key_refused[name] = now
        if before is None or now - before > DAY_S:
            return first
        return PROBE if now - before >= probe_s else AVOIDABLE

    def _window_cause(self, account: Account, window: Window, asked: Asked, refused: Refused, now: float) -> str:
        known = self._known.get(id(window))
        if known is None:
            known_from = window.turn(now) if isinstance(window, Fixed) else now + window.period_s
            self._known[id(window)] = _Known(known_from, now, refused.until)
            return LEARNING
        is_same = now < known.until
        is_probe = is_same and now - known.at >= PROBE_S
        amount = account.amount(window, asked)
        used, turn = window.used(now), window.turn(now)
        if now < known.from_:
            cause = LEARNING
        elif is_probe:
            cause = PROBE
        elif used - window.foreign + amount <= window.limit and known.foreign_turn != turn:
            cause, known.foreign_turn = FOREIGN, turn
        elif window.was and not known.is_shrinking_met:
            cause, known.is_shrinking_met = SHRINKING, True
        else:
            cause = AVOIDABLE
            self.tally.overspent += used - window.foreign + amount > window.limit
        if is_same and not is_probe and cause != LEARNING:
            self.tally.in_a_row += 1
            self._note(f"in a row: {account.provider} {window.name} after {now - self._begin:.1f} s ({cause})")
        known.at, known.until = now, refused.until
        return cause

    # requests ------------------------------------------------------------------------------------------------------------

    def served(self, key: Key, asked: Asked) -> None:
        self.tally.served += 1
        self.tally.served_by[key.provider] += 1
        self.tally.served_at[id(key.account)].append(asked)

    def failed(self, asked: Asked, now: float) -> None:
        """Nobody served *asked*, which gave up at *now*: whether somebody could have."""
        tally = self.tally
        tally.failed += 1
        wanted = replace(asked, input_tokens=int(asked.input_tokens * SPARE), output_tokens=int(asked.output_tokens * SPARE))
        soonest, soon = max(now, asked.at + MAX_WAIT_S), None
        lied_to = False
        for key in self._keys:
            if not may_use(asked.caller, key.provider):
                continue
            free = key.free_at(wanted, now)
            if self._lied_to.get(id(key.account), 0.0) > now:
                lied_to = lied_to or free <= soonest
            elif free <= now:
                tally.failed_in_vain[AT_ONCE] += 1
                self._missed_since.setdefault(id(key.account), now)
                self._note(f"at once: {key.text} after {now - self._begin:.1f} s, request {asked.number}")
                return
            elif free < soonest:
                soonest, soon = free, key
        if soon is not None:
            self._clock.at(soonest + LOOK_S, self._was_it_taken, (soon, wanted))
        elif lied_to:
            tally.failed_in_vain[WORD] += 1

    def _was_it_taken(self, what: tuple[Key, Asked]) -> None:
        """Somebody came free within the wait of a request that had given up: whether others needed it."""
        key, wanted = what
        if key.free_at(wanted, self._clock.now) <= self._clock.now:
            self.tally.failed_in_vain[IN_TIME] += 1
            self._note(f"in time: {key.text} after {self._clock.now - self._begin:.1f} s, request {wanted.number}")

    def _note(self, text: str) -> None:
        if len(self.tally.notes) < NOTES_MAX:
            self.tally.notes.append(text)
