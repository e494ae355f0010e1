"""The live pool: the only mutable routing state. It claims, takes in facts, and shows itself.

Nothing here waits, so that between looking and taking nobody else can run. All arithmetic is in `core`; this module holds the
state that it works on. `now` is Unix seconds.
"""

from collections.abc import Iterable

import msgspec

from hrd.core import access, blocks, failover, routing
from hrd.core.access import Caller
from hrd.core.ask import Kind
from hrd.core.blocks import Block
from hrd.core.breaker import Breaker
from hrd.core.conclusion import conclude
from hrd.core.facts import (
    BlamedLater,
    Claim,
    Committed,
    EmbeddingsUnpinned,
    Ended,
    Fact,
    Failed,
    Reset,
    RosterChanged,
)
from hrd.core.failures import Failure, HintSource, Verdict
from hrd.core.journal import PassedOver, Usage
from hrd.core.learned import Learning
from hrd.core.ledger import Reservation, Settlement
from hrd.core.providers import Candidate, CostClass
from hrd.core.refusals import Refusal
from hrd.core.remembered import AccountNamed, BlockLifted, DayCounts, EmbeddingPin, Remembered, Row
from hrd.core.roster import Roster, Selection
from hrd.core.routing import Standing
from hrd.core.tour import Tour
from hrd.core.windows import QuotaBook

SELECTIONS_CACHED_MAX = 1024
STANDINGS_MAX = 20_000
OUTPUT_GUESS_TOKENS = 512
"""What a reply is taken to cost before anything is known; a smaller max_tokens lowers it."""
PROBING_RECHECK_S = 1.0
CREDENTIALS_COUNTED_MAX = 10_000
PROBED_REASONS = frozenset({"rejected", "credits", "quota", "breaker", "model"})
"""After such a block one request goes first; the others wait for what it meets."""


class PoolRules(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that the pool needs."""

    cost_policy: str = "paid-ok"
    max_wait_s: float = 30.0
    breaker_window: int = 8
    breaker_samples_min: int = 4
    breaker_error_rate: float = 0.5
    breaker_cooldown_s: float = 60.0


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody can serve now, but somebody may at *until*; then claim again."""

    until: float


class PoolSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The pool as it stands, for `hr status` and its like. Values are copies or immutable."""

    roster: Roster
    rules: PoolRules
    blocks: tuple[Block, ...]
    book: QuotaBook
    learning: Learning
    embedding_pin: tuple[str, str] | None
    in_flight: dict[str, int]
    """Credential → requests out now."""
    latency_ms: dict[str, float]
    """Credential → smoothed time to the commit point."""
    today: dict[tuple[str, str], DayCounts]
    probing: frozenset[str]


class Pool:
    """See the module's docstring. Three verbs: `claim`, `apply`, `snapshot`."""

    def __init__(self, roster: Roster, rules: PoolRules, remembered: Remembered) -> None:
        self.roster = roster
        self.rules = rules
        self._next_reservation = remembered.next_reservation
        self._blocks: dict[str, dict[str, Block]] = {}
        for block in remembered.blocks:
            self._blocks.setdefault(block.scope, {})[block.reason] = block
        self._book = QuotaBook(remembered.windows)
        self._learning = Learning(remembered.learned)
        pin = remembered.embedding_pin
        self._pin = (pin.provider, pin.model) if pin is not None and pin.provider else None
        self._standings: dict[str, Standing] = {}
        self._breakers: dict[str, Breaker] = {}
        self._probes: dict[str, int] = {}
        self._selections: dict[tuple[Kind, str], Selection | Refusal] = {}
        self._today = {(counts.provider, counts.credential): counts for counts in remembered.today}
        self._day = 0

    # claim ---------------------------------------------------------------------------------------------------------------

    def claim(self, tour: Tour, caller: Caller, request_id: str, now: float, waited_s: float = 0.0) -> Claim | Wait | Refusal:
        """Choose a candidate for *tour* and reserve it, or say until when to wait, or refuse."""
        if tour.is_over:
            return conclude(tour, (), reasons=(), now=now)
        selection = self._select(tour)
        if isinstance(selection, Refusal):
            return selection
        if tour.again is not None:
            return self._reserve(tour.again, tour, request_id, now, others=1, passed=0, order=(tour.again.key,))
        usable = [c for c in selection.candidates if not self._why_not(c, tour, caller, now)]
        if not usable:
            return self._wait_or_refuse(selection, tour, caller, now, waited_s)
        ranked = self._ranked(usable, tour) if len(usable) > 1 else usable
        chosen = tour.choose(ranked)
        assert chosen is not None, "somebody is usable"
        return self._reserve(
            chosen,
            tour,
            request_id,
            now,
            others=len(usable) - 1,
            passed=len(selection.candidates) - len(usable),
            order=tuple(c.key for c in ranked[:32]),
        )

    def passed_over(self, tour: Tour, caller: Caller, now: float) -> tuple[PassedOver, ...]:
        """Who of those that the name selects would not be asked now, and why (for the journal)."""
        selection = self._select(tour)
        if isinstance(selection, Refusal):
            return ()
        rows = ((c, self._why_not(c, tour, caller, now)) for c in selection.candidates[:64])
        return tuple(
            PassedOver(candidate=c.key, why=why, until=self._free_at(c, now) or None)
            for c, why in rows
            if why and why != "already asked"
        )

    def _select(self, tour: Tour) -> Selection | Refusal:
        ask = tour.ask
        key = (ask.kind, ask.model)
        selection = self._selections.get(key)
        if selection is None:
            if len(self._selections) >= SELECTIONS_CACHED_MAX:
                self._selections.clear()
            if ask.kind is Kind.CHAT:
                selection = self.roster.select_chat(ask.model)
            else:
                selection = self.roster.select_embeddings(ask.model, self._pin)
            self._selections[key] = selection
        return selection

    def _why_not(self, candidate: Candidate, tour: Tour, caller: Caller, now: float) -> str:
        """Empty if *candidate* can be asked now."""
        return self._why_never(candidate, tour, caller) or tour.may_ask(candidate) or self._why_blocked(candidate, tour, now)

    def _why_never(self, candidate: Candidate, tour: Tour, caller: Caller) -> str:
        """Why this request may never ask *candidate*, whatever the time."""
        if caller.is_restricted or self.rules.cost_policy != access.ANYTHING:
            why = access.why_forbidden(caller, candidate, self.rules.cost_policy)
            if why:
                return why
        tools, vision, context = self._learning.facts_of(candidate)
        return routing.why_unfit(candidate, tour.ask, tools=tools, vision=vision, context=context)

    def _why_blocked(self, candidate: Candidate, tour: Tour, now: float) -> str:
        if not self._blocks.keys().isdisjoint(candidate.scopes):
            for scope in candidate.scopes:
                reasons = self._blocks.get(scope)
                if reasons is not None:
                    for block in reasons.values():
                        if block.until > now:
                            return block.reason
                        if scope in self._probes and block.reason in PROBED_REASONS:
                            return "probing"
        if self._book.is_empty_for(candidate.scopes, tour.ask.input_tokens, now):
            return "window"
        return ""

    def _ranked(self, usable: list[Candidate], tour: Tour) -> list[Candidate]:
        return routing.rank(
            usable,
            standing_of=self._standing_of,
            mode=self.roster.mode,
            mode_of=self.roster.mode_of,
            is_local_fit=lambda candidate: self._is_local_fit(candidate, tour),
        )

    def _standing_of(self, candidate: Candidate) -> Standing:
        standing = self._standings.get(candidate.key)
        if standing is None:
            if len(self._standings) >= STANDINGS_MAX:
                self._standings = {key: kept for key, kept in self._standings.items() if kept.in_flight}
            is_local = candidate.cost_class is CostClass.LOCAL
            standing = self._standings[candidate.key] = Standing(1.0 if is_local else routing.UNKNOWN_SHARE)
        share = self._book.share_of(candidate.scopes)
        if share is not None:
            standing.share = share
        return standing

    def _is_local_fit(self, candidate: Candidate, tour: Tour) -> bool:
        ask = tour.ask
        limit = candidate.provider.skip_tokens_over
        if limit and ask.input_tokens > limit:
            return False
        tools, vision, _ = self._learning.facts_of(candidate)
        return not (ask.tools and tools is not True) and not (ask.images and vision is not True)

    def _reserve(
        self, candidate: Candidate, tour: Tour, request_id: str, now: float, *, others: int, passed: int, order: tuple[str, ...]
    ) -> Claim:
        tour.begin(candidate)
        ask = tour.ask
        max_tokens = tour.max_tokens.get(candidate.key)
        expected = OUTPUT_GUESS_TOKENS if ask.max_tokens is None else min(ask.max_tokens, OUTPUT_GUESS_TOKENS)
        reservation = Reservation(
            id=self._next_reservation,
            at=now,
            request_id=request_id,
            provider=candidate.provider.name,
            model=candidate.model,
            credential=candidate.credential.fingerprint,
            scopes=candidate.scopes,
            tokens=ask.input_tokens + expected,
        )
        self._next_reservation += 1
        standing = self._standing_of(candidate)
        standing.in_flight += 1
        standing.used_at = now
        self._book.reserve(candidate.scopes, reservation.tokens)
        if not self._blocks.keys().isdisjoint(candidate.scopes):
            for scope in candidate.scopes:
                if scope in self._blocks:
                    self._probes.setdefault(scope, reservation.id)
        key = (candidate.provider.name, candidate.model)
        return Claim(
            candidate=candidate,
            reservation=reservation,
            begun_at=now,
            drop=self._learning.dropped(key) | tour.dropped.get(key, frozenset()),
            max_tokens=max_tokens,
            is_last=others == 0,
            order=order,
            is_choosy=passed > 0,
        )

    def _wait_or_refuse(self, selection: Selection, tour: Tour, caller: Caller, now: float, waited_s: float) -> Wait | Refusal:
        allowed = [
            c for c in selection.candidates if not self._why_never(c, tour, caller) and not self._refused_before(c, tour)
        ]
        if tour.for_client is None and not tour.is_all_empty():
            soonest = min((self._patient_at(c, tour, now) for c in allowed), default=blocks.FOREVER)
            if soonest <= now and not any(c.key in tour.tried for c in allowed):
                soonest = now + PROBING_RECHECK_S
            if soonest > now and soonest - now <= self.rules.max_wait_s - waited_s:
                return Wait(until=soonest)
        reasons = [row for c in allowed for row in self._reasons_of(c, tour, now)]
        passed = [PassedOver(candidate=c.key, why=self._why_not(c, tour, caller, now)) for c in selection.candidates]
        return conclude(tour, passed, reasons=reasons, now=now)

    def _refused_before(self, candidate: Candidate, tour: Tour) -> bool:
        why = tour.may_ask(candidate)
        return bool(why) and why != "already asked"

    def _in_force(self, candidate: Candidate, now: float) -> Iterable[Block]:
        for scope in candidate.scopes:
            for block in self._blocks.get(scope, {}).values():
                if block.until > now:
                    yield block

    def _free_at(self, candidate: Candidate, now: float) -> float:
        """When *candidate* is free again; 0 if it is."""
        until = max((block.until for block in self._in_force(candidate, now)), default=0.0)
        return max(until, self._book.refills_at(candidate.scopes, now))

    def _patient_at(self, candidate: Candidate, tour: Tour, now: float) -> float:
        """When it may be asked by a request that nobody else can serve."""
        until = max((blocks.patient_until(block) for block in self._in_force(candidate, now)), default=0.0)
        until = max(until, self._book.refills_at(candidate.scopes, now))
        if until <= now and self._why_blocked(candidate, tour, now) == "probing":
            return now + PROBING_RECHECK_S
        return until

    def _reasons_of(self, candidate: Candidate, tour: Tour, now: float) -> list[tuple[str, str, float]]:
        why = self._why_blocked(candidate, tour, now)
        if not why:
            return []
        return [(why, candidate.provider.name, self._free_at(candidate, now) or now + PROBING_RECHECK_S)]

    # apply ---------------------------------------------------------------------------------------------------------------

    def apply(self, fact: Fact, now: float) -> list[Row]:
        """Take in *fact*; the rows to store for it."""
        match fact:
            case Committed():
                return self._committed(fact, now)
            case Ended():
                return self._ended(fact, now)
            case Failed():
                return self._failed(fact, now)
            case BlamedLater():
                return self._blame(fact.candidate, fact.failure, now)
            case RosterChanged():
                return self._change_roster(fact.roster, now)
            case Reset():
                return self._reset(fact)
            case EmbeddingsUnpinned():
                return self._pin_embeddings("", "", now)

    def _committed(self, fact: Committed, now: float) -> list[Row]:
        candidate = fact.claim.candidate
        standing = self._standing_of(candidate)
        standing.latency_ms = (
            fact.latency_ms if not standing.latency_ms else (0.8 * standing.latency_ms + 0.2 * fact.latency_ms)
        )
        rows: list[Row] = []
        if not self._blocks.keys().isdisjoint(candidate.scopes):
            rows.extend(self._lift(candidate, begun_at=fact.claim.begun_at))
        breaker = self._breakers.get(candidate.provider.base_url)
        if breaker is not None:
            breaker.succeeded(candidate.model)
        if fact.observations:
            self._book.observe(candidate, fact.observations, now)
        key = (candidate.provider.name, candidate.model)
        if fact.claim.drop:
            rows.extend(self._learning.drop_worked(key, fact.claim.drop, now))
        if candidate.key.endswith("@embeddings") and self._pin is None:
            rows.extend(self._pin_embeddings(*key, now))
        return rows

    def _ended(self, fact: Ended, now: float) -> list[Row]:
        candidate = fact.claim.candidate
        rows: list[Row] = [self._settle(fact.claim, fact.outcome, fact.usage, now)]
        if fact.is_broken:
            rows.extend(self._count_for_breaker(candidate, connecting=False, now=now))
        if fact.used_tools or fact.saw_images:
            rows.extend(self._learning.saw(candidate, tools=fact.used_tools, vision=fact.saw_images, now=now))
        return rows

    def _failed(self, fact: Failed, now: float) -> list[Row]:
        claim, failure = fact.claim, fact.failure
        rows: list[Row] = [self._settle(claim, failure.verdict.value, Usage(), now, is_error=True)]
        if fact.observations:
            self._book.observe(claim.candidate, fact.observations, now)
        rows.extend(self._learning.failed(claim.candidate, failure, now))
        if failure.account and not claim.candidate.credential.account:
            rows.append(AccountNamed(credential=claim.candidate.credential.fingerprint, account=failure.account))
        if failure.verdict is not Verdict.EMPTY:
            rows.extend(self._blame(claim.candidate, failure, now))
        return rows

    def _blame(self, candidate: Candidate, failure: Failure, now: float) -> list[Row]:
        rows: list[Row] = []
        key = failover.block_key(candidate, failure)
        if key is not None:
            reasons = self._blocks.setdefault(key[0], {})
            block = failover.block_for(candidate, failure, reasons.get(key[1]), now)
            assert block is not None, "a verdict with a scope sets a block"
            reasons[key[1]] = block
            rows.append(block)
        if failover.RULES[failure.verdict].counts_for_breaker:
            connecting = failure.verdict is Verdict.CONNECT
            rows.extend(self._count_for_breaker(candidate, connecting=connecting, now=now))
        return rows

    def _count_for_breaker(self, candidate: Candidate, *, connecting: bool, now: float) -> list[Row]:
        url, rules = candidate.provider.base_url, self.rules
        breaker = self._breakers.get(url)
        if breaker is None:
            breaker = self._breakers[url] = Breaker(
                url,
                window=rules.breaker_window,
                samples_min=rules.breaker_samples_min,
                error_rate=rules.breaker_error_rate,
            )
        scope = breaker.failed(candidate.model, connecting=connecting, open_s=rules.breaker_cooldown_s, now=now)
        if scope is None:
            return []
        block = Block(scope=scope, reason="breaker", source=HintSource.GUESS, set_at=now, until=now + rules.breaker_cooldown_s)
        self._blocks.setdefault(scope, {})["breaker"] = block
        return [block]

    def _settle(self, claim: Claim, outcome: str, usage: Usage, now: float, *, is_error: bool = False) -> Settlement:
        candidate, reservation = claim.candidate, claim.reservation
        standing = self._standing_of(candidate)
        standing.in_flight -= 1
        spent = usage.input_tokens + usage.output_tokens
        self._book.settle(candidate.scopes, reservation.tokens, spent)
        if self._probes:
            for scope in [scope for scope, holder in self._probes.items() if holder == reservation.id]:
                del self._probes[scope]
        self._count(candidate, usage, is_error=is_error or outcome == "interrupted", now=now)
        return Settlement(id=reservation.id, at=now, tokens=spent, outcome=outcome)

    def _count(self, candidate: Candidate, usage: Usage, *, is_error: bool, now: float) -> None:
        day = int(now // 86400)
        if day != self._day:
            if self._day:
                self._today.clear()
            self._day = day
        key = (candidate.provider.name, candidate.credential.fingerprint)
        counts = self._today.get(key)
        if counts is None:
            if len(self._today) >= CREDENTIALS_COUNTED_MAX:
                return
            counts = self._today[key] = DayCounts(provider=key[0], credential=key[1])
        counts.requests += 1
        counts.errors += is_error
        counts.input_tokens += usage.input_tokens
        counts.output_tokens += usage.output_tokens

    def _lift(self, candidate: Candidate, *, begun_at: float) -> list[Row]:
        """A success clears what was set before its attempt began."""
        lifted: list[Row] = []
        for scope in candidate.scopes:
            reasons = self._blocks.get(scope)
            if reasons is None:
                continue
            for block in [block for block in reasons.values() if block.set_at <= begun_at]:
                del reasons[block.reason]
                lifted.append(BlockLifted(scope=scope, reason=block.reason))
            if not reasons:
                del self._blocks[scope]
        return lifted

    def _change_roster(self, roster: Roster, now: float) -> list[Row]:
        known = {c.fingerprint for group in self.roster.credentials.values() for c in group}
        self.roster = roster
        self._selections.clear()
        rows: list[Row] = []
        if self._pin is not None and not roster.credentials.get(self._pin[0]):
            rows.extend(self._pin_embeddings("", "", now))
        present = {c.fingerprint for group in roster.credentials.values() for c in group}
        for gone in known - present:
            rows.extend(self._reset(Reset(credential=gone)))
        return rows

    def _reset(self, fact: Reset) -> list[Row]:
        """A provider's reset lifts everything that could stop one of its candidates."""
        lifted: list[Row] = []
        urls = {self.roster.providers[fact.provider].base_url} if fact.provider in self.roster.providers else set()
        prints = {c.fingerprint for c in self.roster.credentials.get(fact.provider, ())}
        if fact.credential:
            prints = {fact.credential}
        for scope in list(self._blocks):
            if not _is_meant(scope, fact, urls, prints):
                continue
            lifted.extend(BlockLifted(scope=scope, reason=reason) for reason in self._blocks.pop(scope))
            self._probes.pop(scope, None)
        for url in urls or (set(self._breakers) if not fact.provider and not fact.credential else set()):
            self._breakers.pop(url, None)
        self._book.forget(lambda scope: _is_meant(scope, fact, urls, prints))
        return lifted

    def _pin_embeddings(self, provider: str, model: str, now: float) -> list[Row]:
        self._pin = (provider, model) if provider else None
        self._selections.clear()
        return [EmbeddingPin(provider=provider, model=model, at=now)]

    # snapshot ------------------------------------------------------------------------------------------------------------

    def snapshot(self, now: float) -> PoolSnapshot:
        """The pool as it stands."""
        self._forget_old_blocks(now)
        in_flight: dict[str, int] = {}
        latency_ms: dict[str, float] = {}
        for key, standing in self._standings.items():
            credential = key.rpartition("#")[2].removesuffix("@embeddings")
            in_flight[credential] = in_flight.get(credential, 0) + standing.in_flight
            if standing.latency_ms:
                latency_ms[credential] = min(standing.latency_ms, latency_ms.get(credential, standing.latency_ms))
        return PoolSnapshot(
            roster=self.roster,
            rules=self.rules,
            blocks=tuple(block for reasons in self._blocks.values() for block in reasons.values()),
            book=self._book,
            learning=self._learning,
            embedding_pin=self._pin,
            in_flight=in_flight,
            latency_ms=latency_ms,
            today=dict(self._today) if int(now // 86400) == self._day or not self._day else {},
            probing=frozenset(self._probes),
        )

    def take_unsaved(self, now: float) -> list[Row]:
        """Windows that changed since the last call, and blocks that are over and forgotten: stored now and then, by the clock."""
        return [*self._book.take_unsaved(), *self._forget_old_blocks(now)]

    def _forget_old_blocks(self, now: float) -> list[Row]:
        rows: list[Row] = []
        for scope in list(self._blocks):
            reasons = self._blocks[scope]
            for block in [block for block in reasons.values() if now - block.until > blocks.REMEMBERED_S]:
                del reasons[block.reason]
                rows.append(BlockLifted(scope=scope, reason=block.reason))
            if not reasons:
                del self._blocks[scope]
        return rows


def _is_meant(scope: str, fact: Reset, urls: set[str], prints: set[str]) -> bool:
    if not fact.provider and not fact.credential:
        return True
    kind, _, rest = scope.partition(":")
    if kind in ("candidate", "credential"):
        return rest.partition("/")[0] in prints
    if fact.credential:
        return rest.rpartition("/")[2] == fact.credential
    if kind == "endpoint":
        return rest.partition(" ")[0] in urls
    return rest.partition("/")[0] == fact.provider
