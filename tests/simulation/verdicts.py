"""What each attempt and each unserved request is put down to, by somebody who knows the truth about the providers.

A refusal is *learning* until the window that refused has turned once since its first refusal: from then on its limit is known.
After that one a cause is nobody's fault: spent elsewhere in this turn, shrunk unannounced, revoked, a lie; and what a strategy
sends as a probe, as often as may be. All others could have been avoided.

Whose a window is has to be known as well: that two keys are of one account nobody can tell before its name was said to each
of them (docs/failures.md). Until then what one of them spends is spent elsewhere for the other.
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
from tests.simulation.windows import DAY_S, Fixed, Window

PROBE_S = 900.0
PROBES_A_DAY = 8
"""Of one window."""
REJECTED_PROBES_A_DAY = 25
"""A key that was rejected may be tried again after five minutes, then hourly."""
MAX_WAIT_S = 30.0
ESTIMATE_SPARE = 1.25
"""Nobody knows beforehand what a request will come to: who could have served it has room for a quarter more than estimated,"""
OUTPUT_AMPLE = int(OUTPUT_MEDIAN * math.exp(2.33 * OUTPUT_SPREAD))
"""and for a reply that only one in a hundred is longer than. Who does not leave that much spends more than there is."""
LEARNED_SPARE = 1.5
"""How long that is has to be learned from replies; who leaves half as much again cannot be blamed for it."""

LEARNING, PROBE, FOREIGN, SHRINKING, REVOKED = "learning", "probe", "spent elsewhere", "shrunk", "revoked"
OUTAGE, LIE, TOO_LARGE, AVOIDABLE = "outage", "lie", "too large", "avoidable"
CAUSES = (LEARNING, PROBE, FOREIGN, SHRINKING, REVOKED, OUTAGE, LIE, TOO_LARGE, AVOIDABLE)


@dataclass(slots=True)
class _Known:
    """What could be known of one window from its refusals."""

    from_: float
    """From when on its limit is known."""
    first_heard_at: float
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
LEFT_S = 1.5
"""Somebody is left alone who is free for so long while a request that needed them fails: clocks differ by a second (a day that
has just turned here may not have there), and what is sent is counted when it arrives."""
NOTES_MAX = 200


class Judge:
    """Keeps the tally of one strategy."""

    def __init__(self, clock: Clock, keys: Sequence[Key]) -> None:
        self.tally = Tally()
        self._clock = clock
        self._keys = list({id(key.account): key for key in reversed(keys)}.values())
        self._strangers: dict[int, set[str]] = {}
        """Account of several keys → those of them to which its name has not been said."""
        for one in self._keys:
            texts = {key.text for key in keys if key.account is one.account}
            self._strangers[id(one.account)] = texts if len(texts) > 1 else set()
        self._begin = clock.now
        self._known: dict[int, _Known] = {}
        self._refused_before: dict[str, list[float]] = {}
        self._lied_to: dict[int, float] = {}
        self._shut_until: dict[int, float] = {}
        """Account → until when it had no room for another like the last one that it was sent."""
        self._left: dict[int, list[Asked]] = defaultdict(list)
        """Account → requests that failed while it was left alone, unless that was for somebody who came before them."""
        self._missed_since: dict[int, float] = {}
        """Account → since when it is idle: it has recovered, or a request failed that it could have served."""

    # attempts ------------------------------------------------------------------------------------------------------------

    def sent(self, key: Key, asked: Asked, now: float, *, is_probe: bool = False) -> Reply:
        """Send *asked* with *key*, and count what becomes of it. *is_probe*: to find out whether a refusal still holds."""
        tally = self.tally
        account = key.account
        missed = self._missed_since.pop(id(account), None)
        if missed is not None and now >= missed:
            tally.idle.append((now - missed, account.provider))
        if left := self._left.get(id(account)):
            left[:] = [other for other in left if other.number < asked.number]
        reply = key.ask(asked, now)
        tally.sent += 1
        if now - self._begin > DAY_S:
            tally.sent_known += 1
        refused = reply.refused
        self._shut_until[id(account)] = account.free_at(asked, now)
        if refused is None:
            self._lied_to.pop(id(account), None)
            self._serves(account, now)
            return reply
        cause = self._cause(key, asked, refused, now, is_probe=is_probe)
        if account.name.encode() in reply.body:
            self._strangers[id(account)].discard(key.text)
        tally.refusals[cause] += 1
        name = refused.window.name if refused.window is not None else refused.kind
        tally.refused_by[cause, key.provider, name] += 1
        if cause == AVOIDABLE:
            self._note(f"avoidable: {key.text} {name} after {now - self._begin:.1f} s, request {asked.number}")
        return reply

    def _serves(self, account: Account, now: float) -> None:
        """Its windows are not full for everybody: what one of them refuses next is no second refusal in a row."""
        for window in account.windows if self._known else ():
            known = self._known.get(id(window))
            if known is not None and known.heard_at < now < known.until:
                known.until = now

    def deaf(self, now: float) -> None:
        """Whoever asked is no more: what is said from now on to what was asked before, nobody hears."""
        self._known = {window: known for window, known in self._known.items() if known.first_heard_at <= now}

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
            self._known[id(window)] = _Known(known_from, now + REFUSAL_S, now + REFUSAL_S, refused.until)
            return PROBE if is_probe else LEARNING
        is_same = known.heard_at < now < known.until
        amount = account.amount(window, asked)
        used, turn = window.used(now), window.turn(now)
        if now < known.from_:
            cause = LEARNING
        elif is_probe and _may_probe(known.probes, now, PROBES_A_DAY):
            cause = PROBE
        elif (used - window.foreign + amount <= window.limit or self._strangers[id(account)]) and known.foreign_turn != turn:
            cause, known.foreign_turn = FOREIGN, turn
        elif window.was and not known.is_shrinking_met:
            cause, known.is_shrinking_met = SHRINKING, True
        else:
            cause = AVOIDABLE
            foreseen = account.amount(window, replace(asked, output_tokens=min(asked.output_tokens, OUTPUT_AMPLE)))
            if used - window.foreign + foreseen > window.limit and not self._strangers[id(account)]:
                self.tally.overspent += 1
                self._note(
                    f"overspent: {account.provider} {window.name} after {now - self._begin:.1f} s, request {asked.number}"
                )
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
        """Nobody served *asked*, which gave up at *now*: whether somebody could have, at once or before its wait was over."""
        self.tally.failed += 1
        wanted = replace(
            asked,
            input_tokens=max(asked.input_tokens, int(asked.estimate * ESTIMATE_SPARE)),
            output_tokens=max(asked.output_tokens, int(OUTPUT_AMPLE * LEARNED_SPARE)),
        )
        lied_to = False
        chances: list[tuple[float, Key]] = []
        for key in self._keys:
            if not may_use(asked.caller, key.provider) or key.account.is_down(now - GUESS_S):  # no outage tells when it ends
                continue
            since = self._free_since(key, wanted, now)
            if since + LEFT_S > max(now, asked.at + MAX_WAIT_S):
                continue
            if self._lied_to.get(id(key.account), 0.0) > now:
                lied_to = True
            else:
                chances.append((max(since, now), key))
        if chances:
            at, key = min(chances, key=lambda chance: chance[0])
            self._clock.at(at + LEFT_S, self._was_it_left, (key, wanted, at, AT_ONCE if at <= now else IN_TIME))
        elif lied_to:
            self.tally.failed_in_vain[WORD] += 1

    def _free_since(self, key: Key, wanted: Asked, now: float) -> float:
        """From when on *wanted* fits, or fitted."""
        free = key.free_at(wanted, now)
        if free > now:
            return free
        began = (window.turn(now) - window.period_s for window in key.account.windows if isinstance(window, Fixed))
        return max(self._shut_until.get(id(key.account), 0.0), *began, 0.0)

    def _was_it_left(self, what: tuple[Key, Asked, float, str]) -> None:
        """Whether somebody who was free for a request that failed was left alone, or others took what there was."""
        key, wanted, since, _ = what
        now = self._clock.now
        if key.free_at(wanted, now) <= now and self._shut_until.get(id(key.account), 0.0) <= since:
            self._left[id(key.account)].append(wanted)
            self._clock.at(since + MAX_WAIT_S, self._was_it_kept, what)

    def _was_it_kept(self, what: tuple[Key, Asked, float, str]) -> None:
        """The same once nobody waits any more who came before."""
        key, wanted, since, which = what
        left = self._left[id(key.account)]
        if wanted in left:
            left.remove(wanted)
            self.tally.failed_in_vain[which] += 1
            if key.free_at(wanted, self._clock.now) <= self._clock.now:
                self._missed_since.setdefault(id(key.account), since)
            self._note(f"{which}: {key.text} after {since - self._begin:.1f} s, request {wanted.number}")

    def _note(self, text: str) -> None:
        if len(self.tally.notes) < NOTES_MAX:
            self.tally.notes.append(text)


def _may_probe(probes: list[float], now: float, a_day: int) -> bool:
    """Whether one more is no more than may be; notes it."""
    probes[:] = [at for at in probes if at > now - DAY_S]
    if len(probes) >= a_day:
        return False
    probes.append(now)
    return True
