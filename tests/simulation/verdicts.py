"""What each attempt and each unserved request is put down to, by somebody who knows the truth about the providers.

A refusal is *learning* until the window that refused has turned once since its first refusal: from then on its limit is known.
After that one a cause is nobody's fault: spent elsewhere in this turn, shrunk unannounced, revoked, a lie; and what a strategy
sends as a probe, as often as may be. All others could have been avoided.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.simulation.clock import Clock
from tests.simulation.providers import REFUSAL_S, Account, Asked, Key, Refused, Reply
from tests.simulation.tiers import may_use
from tests.simulation.traffic import OUTPUT_MEDIAN, OUTPUT_SPREAD
from tests.simulation.windows import DAY_S, Fixed, Unit, Window

PROBE_S = 900.0
IN_DOUBT = 0.01
"""Of a window of tokens: what was out at a crash counts as spent in full, and no provider tells what it came to."""
PROBES_A_DAY = 8
"""Of one window."""
REJECTED_PROBES_A_DAY = 25
"""A key that was rejected may be tried again after five minutes, then hourly."""
MAX_WAIT_S = 30.0
SPARE = 1.5
"""Nobody knows beforehand what a request will come to: who could have served it has room for half as much again."""
OUTPUT_AMPLE = int(OUTPUT_MEDIAN * math.exp(2 * OUTPUT_SPREAD))
"""And for a reply that only one in forty is longer than: who does not leave that much room spends more than there is."""

LEARNING, PROBE, FOREIGN, SHRINKING, REVOKED = "learning", "probe", "spent elsewhere", "shrunk", "revoked"
OUTAGE, LIE, TOO_LARGE, AVOIDABLE = "outage", "lie", "too large", "avoidable"
CAUSES = (LEARNING, PROBE, FOREIGN, SHRINKING, REVOKED, OUTAGE, LIE, TOO_LARGE, AVOIDABLE)


@dataclass(slots=True)
class _Known:
    """What could be known of one window from its refusals."""

    from_: float
    """From when on its limit is known."""
    heard_at: float
    until: float
    """When the last refusal was heard, and until when it is the answer."""
    foreign_turn: float = -1.0
    """The turn whose foreign spend has had its refusal."""
    is_shrinking_met: bool = False
    probes: list[float] = field(default_factory=list)


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
GUESS_S = 12.0
"""A guessed block holds for ten seconds when nobody else could serve, and then somebody has to look."""
GRACE_S = 1.0
"""Who comes free as the wait ends may come too late."""
LOOK_S = 1.0
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
        self._refused_before: dict[str, list[float]] = {}
        self._lied_to: dict[int, float] = {}
        self._asked_at: dict[int, float] = {}
        self._missed_since: dict[int, float] = {}
        """Account → since when it is idle: it has recovered, or a request failed that it could have served."""

    # attempts ------------------------------------------------------------------------------------------------------------

    def sent(self, key: Key, asked: Asked, now: float, *, is_probe: bool = False) -> Reply:
        """Send *asked* with *key*, and count what becomes of it. *is_probe*: to find out whether a refusal still holds."""
        tally = self.tally
        account = key.account
        self._asked_at[id(account)] = now
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
        cause = self._cause(key, asked, refused, now, is_probe=is_probe)
        tally.refusals[cause] += 1
        name = refused.window.name if refused.window is not None else refused.kind
        tally.refused_by[cause, key.provider, name] += 1
        if cause == AVOIDABLE:
            self._note(f"avoidable: {key.text} {name} after {now - self._begin:.1f} s, request {asked.number}")
        return reply

    def _cause(self, key: Key, asked: Asked, refused: Refused, now: float, *, is_probe: bool) -> str:
        match refused.kind:
            case "window":
                assert refused.window is not None, "a window is full"
                return self._window_cause(key.account, refused.window, asked, refused, now, is_probe=is_probe)
            case "outage":
                self._clock.at(refused.until, self._recovered, (key, asked))
                return OUTAGE
            case "too large":
                return TOO_LARGE
            case "revoked":
                return self._repeated(key.text, REVOKED, now, REJECTED_PROBES_A_DAY if is_probe else 0)
            case _:
                self._clock.at(refused.until, self._recovered, (key, asked))
                self._lied_to[id(key.account)] = now + next(
                    lie.claimed_s for lie in key.account.lies if lie.since <= now < lie.until
                )
                return self._repeated(f"lie to {id(key.account)}", LIE, now, PROBES_A_DAY if is_probe else 0)

    def _recovered(self, what: tuple[Key, Asked]) -> None:
        """What kept everybody out is over, unless it was full before that; from now on somebody may be missed."""
        key, asked = what
        if key.free_at(asked, self._clock.now) <= self._clock.now:
            self._missed_since.setdefault(id(key.account), self._clock.now)

    def _repeated(self, name: str, first: str, now: float, probes_max: int) -> str:
        before = self._refused_before.get(name)
        if before is None:
            self._refused_before[name] = []
            return first
        return PROBE if _may_probe(before, now, probes_max) else AVOIDABLE

    def _window_cause(
        self, account: Account, window: Window, asked: Asked, refused: Refused, now: float, *, is_probe: bool
    ) -> str:
        known = self._known.get(id(window))
        if known is None:
            known_from = window.turn(now) if isinstance(window, Fixed) else now + window.period_s
            self._known[id(window)] = _Known(known_from, now + REFUSAL_S, refused.until)
            return LEARNING
        is_same = known.heard_at < now < known.until
        amount = account.amount(window, asked)
        used, turn = window.used(now), window.turn(now)
        if now < known.from_:
            cause = LEARNING
        elif is_probe and _may_probe(known.probes, now, PROBES_A_DAY):
            cause = PROBE
        elif used - window.foreign + amount <= window.limit and known.foreign_turn != turn:
            cause, known.foreign_turn = FOREIGN, turn
        elif window.was and not known.is_shrinking_met:
            cause, known.is_shrinking_met = SHRINKING, True
        else:
            cause = AVOIDABLE
            foreseen = account.amount(window, replace(asked, output_tokens=min(asked.output_tokens, OUTPUT_AMPLE)))
            self.tally.overspent += used - window.foreign + foreseen > window.limit
        if is_same and cause not in (LEARNING, PROBE):
            self.tally.in_a_row += 1
            self._note(f"in a row: {account.provider} {window.name} after {now - self._begin:.1f} s ({cause})")
        known.heard_at, known.until = now + REFUSAL_S, refused.until
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
        output = max(int(asked.output_tokens * SPARE), OUTPUT_AMPLE)
        wanted = replace(asked, input_tokens=int(asked.input_tokens * SPARE), output_tokens=output)
        soonest, soon = max(now, asked.at + MAX_WAIT_S), None
        lied_to = False
        for key in self._keys:
            if not may_use(asked.caller, key.provider):
                continue
            if key.account.is_down(now - GUESS_S):  # no outage tells when it ends
                continue
            free = _surely_free_at(key, wanted, now)
            if self._lied_to.get(id(key.account), 0.0) > now:
                lied_to = lied_to or free <= soonest
            elif free <= now:
                if self._was_free_in_time(key.account, asked, now):
                    self._clock.at(now + GRACE_S, self._was_it_left, (key, wanted, now))
                    return
            elif free < soonest:
                soonest, soon = free, key
        if soon is not None:
            self._clock.at(soonest + LOOK_S, self._was_it_taken, (soon, wanted))
        elif lied_to:
            tally.failed_in_vain[WORD] += 1

    def _was_free_in_time(self, account: Account, asked: Asked, now: float) -> bool:
        """Of somebody free now: whether not only since the wait of *asked* was as good as over."""
        if now < asked.at + MAX_WAIT_S - GRACE_S:
            return True
        lately = max(now - asked.at - MAX_WAIT_S, 0.0) + GRACE_S
        turned = (w.turn(now) - w.period_s for w in account.windows if isinstance(w, Fixed))
        return now - max(self._asked_at.get(id(account), 0.0), *turned, 0.0) > lately

    def _was_it_left(self, what: tuple[Key, Asked, float]) -> None:
        """Somebody was free as a request gave up: whether those who waited before it took what there was."""
        key, wanted, then = what
        now = self._clock.now
        if _surely_free_at(key, wanted, now) <= now:
            self.tally.failed_in_vain[AT_ONCE] += 1
            self._missed_since.setdefault(id(key.account), then)
            self._note(f"at once: {key.text} after {then - self._begin:.1f} s, request {wanted.number}")

    def _was_it_taken(self, what: tuple[Key, Asked]) -> None:
        """Somebody came free within the wait of a request that had given up: whether others needed it."""
        key, wanted = what
        if _surely_free_at(key, wanted, self._clock.now) <= self._clock.now:
            self.tally.failed_in_vain[IN_TIME] += 1
            self._note(f"in time: {key.text} after {self._clock.now - self._begin:.1f} s, request {wanted.number}")

    def _note(self, text: str) -> None:
        if len(self.tally.notes) < NOTES_MAX:
            self.tally.notes.append(text)


def _surely_free_at(key: Key, wanted: Asked, now: float) -> float:
    """When *wanted* fits, with what is in doubt of the windows of tokens to spare."""
    at = key.free_at(wanted, now)
    for window in key.account.windows:
        if window.unit is Unit.TOKENS:
            amount = min(window.limit, key.account.amount(window, wanted) + IN_DOUBT * window.limit)
            at = max(at, window.free_at(amount, now))
    return at


def _may_probe(probes: list[float], now: float, a_day: int) -> bool:
    """Whether one more is no more than may be; notes it."""
    probes[:] = [at for at in probes if at > now - DAY_S]
    if len(probes) >= a_day:
        return False
    probes.append(now)
    return True
