"""The live pool: the only mutable routing state. It claims, takes in facts, and shows itself.

Nothing here waits, so that between looking and taking nobody else can run. All arithmetic is in `core`; this module holds the
books and swaps what changes. `now` is Unix seconds.
"""

from collections.abc import Sequence
from typing import Final

from hrd.core import scopes
from hrd.core.access import Caller
from hrd.core.ask import Kind
from hrd.core.blame import Blame
from hrd.core.block_book import BlockBook
from hrd.core.breaker import Breakers
from hrd.core.choice import ORDER_NAMED_MAX, Choice, Chosen
from hrd.core.client_book import ClientBook
from hrd.core.conclusion import conclude
from hrd.core.credit import CreditPrices, credit_spent
from hrd.core.day_book import DayBook
from hrd.core.elsewhere import Elsewhere
from hrd.core.facts import (
    BlamedLater,
    Claim,
    Committed,
    EmbeddingsUnpinned,
    Ended,
    Fact,
    Failed,
    LeftLine,
    LookedUp,
    ReasoningSeen,
    Reset,
    RosterChanged,
    RunsOn,
    SignedIn,
    Wait,
)
from hrd.core.failures import Verdict
from hrd.core.journal import SERVED, PassedOver, Usage, UsageSource
from hrd.core.lane import reading_of
from hrd.core.lanes import Lanes
from hrd.core.learned import Learning
from hrd.core.ledger import Raised, Reservation, Settlement
from hrd.core.line import Line
from hrd.core.pin import Pair, Pin
from hrd.core.providers import Candidate, CostClass
from hrd.core.quota.amounts import Amounts, amounts_of
from hrd.core.quota.book import QuotaBook
from hrd.core.reach import candidates_of, left_since, named_since, reach_of, true_names
from hrd.core.refusals import Refusal
from hrd.core.remembered import AccountNamed, EmbeddingPin, Remembered, Row
from hrd.core.roster import Roster
from hrd.core.rules import PoolRules
from hrd.core.selections import Selections
from hrd.core.snapshot import PoolSnapshot
from hrd.core.tour import Tour

__all__ = ["Pool", "PoolRules", "Wait"]

NOT_COUNTED = frozenset(
    {
        Verdict.RATE_LIMITED,
        Verdict.QUOTA_EXHAUSTED,
        Verdict.NO_CREDIT,
        Verdict.NO_CREDIT_ALL,
        Verdict.AFFORDABLE,
        Verdict.REJECTED,
        Verdict.REVOKED,
        Verdict.OVERLOADED,
        Verdict.SERVER_ERROR,
        Verdict.CONNECT,
        Verdict.NO_ROOM,
    }
)
"""Turned away at the door, or by an endpoint that is down: hardly any provider counts that as one of its requests. The windows
of those that do are put right by what they say next; counted wrongly, an outage of an hour would use up a day."""
_CHAT: Final = Kind.CHAT  # found ten times sooner so, see core.quota.kinds
_EMBEDDINGS: Final = Kind.EMBEDDINGS
_KNOWN: Final = UsageSource.KNOWN
_ESTIMATED: Final = UsageSource.ESTIMATED
_PAID: Final = CostClass.PAID
FORGET_S = 3600.0
"""How often what was learned is looked through for what has expired."""


class Pool:
    """See the module's docstring. Three verbs: `claim`, `apply`, `snapshot`."""

    def __init__(self, roster: Roster, rules: PoolRules, remembered: Remembered) -> None:
        self._next_reservation = remembered.next_reservation
        self._blocks = BlockBook(remembered.blocks)
        names = true_names(roster)
        self._prices = CreditPrices(roster)
        self._unsaved: list[Row] = [*self._blocks.bring_back(remembered.at), *self._blocks.move(names)]
        through = remembered.next_reservation - 1
        self._book = QuotaBook(remembered.windows, remembered.spent, remembered.at, names, self._prices.at, through)
        self._learning = Learning(remembered.learned)
        self._lanes = Lanes(self._blocks, self._book, self._learning)
        self._line = Line()
        self._choice = Choice(roster, rules, self._blocks, self._learning, self._lanes, self._line)
        self._count_the_last(remembered)
        self._breakers = Breakers(rules.breaker_window)
        self._blame = Blame(rules, self._blocks, self._book, self._learning, self._breakers)
        self._today = DayBook(remembered.today, remembered.at)
        pin = remembered.embedding_pin
        self._named: dict[str, str] = {}
        self._pin = Pin((pin.provider, pin.model), pin.at) if pin is not None and pin.provider else Pin(None)
        self._selections = Selections(roster)
        self._forgot_at = 0.0
        self._seen_at = remembered.at
        self.clients = ClientBook(remembered.charged, remembered.asked_lately, remembered.held)
        self.elsewhere = Elsewhere(
            remembered.held,
            remembered.read_at,
            blocks=self._blocks,
            quota=self._book,
            learning=self._learning,
            pin=self._pin,
            today=self._today,
            named=self._named,
            clients=self.clients,
            meet=self._meet,
        )
        self.rules = rules
        self.requested_at = 0.0
        """When somebody last wanted anything."""
        self.is_retired = False
        """Another process has taken over, or is about to. It counts what is reserved here with its own: what our windows have
        would be there twice. Blocks that are long over are its to drop."""

    def _count_the_last(self, remembered: Remembered) -> None:
        """What was spent after windows were last stored counts from now on, whether or not anybody asks there again."""
        for found in {tuple(row.scopes) for row in remembered.spent}:
            self._meet(found, remembered.at)

    def _meet(self, found: Sequence[str], now: float) -> None:
        """Whoever has these scopes has windows, and what counts there counts."""
        for candidate in candidates_of(found, self.roster):
            self._book.meters_of(candidate, now)

    @property
    def roster(self) -> Roster:
        return self._choice.roster

    @property
    def rules(self) -> PoolRules:
        return self._choice.rules

    @rules.setter
    def rules(self, rules: PoolRules) -> None:
        self._choice.rules = self._blame.rules = rules
        self._breakers.look_back(rules.breaker_window)
        self._book.probe_s = self._lanes.probe_s = rules.probe_s
        if self._lanes.reserve != rules.reserve:
            self._lanes.reserve = rules.reserve
            self._lanes.look_again()

    # claim ---------------------------------------------------------------------------------------------------------------

    def claim(self, tour: Tour, caller: Caller, request_id: str, now: float, waited_s: float = 0.0) -> Claim | Wait | Refusal:
        """Choose a candidate for *tour* and reserve it, or say until when to wait, or refuse."""
        self.requested_at = now
        decision = self._decide(tour, caller, request_id, now, waited_s)
        if tour.place is not None:
            if isinstance(decision, Claim):
                self._line.served(tour.place, decision.candidate, now)
            elif not isinstance(decision, Wait):
                self._line.give_up(tour.place)
        return decision

    def _decide(self, tour: Tour, caller: Caller, request_id: str, now: float, waited_s: float) -> Claim | Wait | Refusal:
        if tour.is_over:
            return conclude(tour, (), hindered=(), now=now)
        selection = self._selections.of(tour.ask, self._pin.pair)
        if isinstance(selection, Refusal):
            return selection
        may_pin = self._may_pin(tour)
        only = self._pin.tried if may_pin else None
        decision = self._choice.choose(selection, tour, caller, only=only, now=now, waited_s=waited_s)
        if not isinstance(decision, Chosen):
            return decision
        return self._reserve(decision, tour, request_id, now, client=caller.fingerprint, may_pin=may_pin)

    def passed_over(self, tour: Tour, caller: Caller, now: float, *, is_refused: bool = False) -> tuple[PassedOver, ...]:
        """Who of those that the name selects would not be asked now, and why (for the journal). *is_refused*: nobody is."""
        selection = self._selections.of(tour.ask, self._pin.pair)
        return (
            ()
            if isinstance(selection, Refusal)
            else self._choice.passed_over(selection, tour, caller, now, is_refused=is_refused)
        )

    def _may_pin(self, tour: Tour) -> bool:
        ask = tour.ask
        return ask.kind is _EMBEDDINGS and self._pin.pair is None and ask.model in ("", self.roster.own_name)

    def _reserve(self, chosen: Chosen, tour: Tour, request_id: str, now: float, *, client: str, may_pin: bool) -> Claim:
        lane, ask = chosen.lane, tour.ask
        candidate = lane.candidate
        named = chosen.ranked[:ORDER_NAMED_MAX]
        readings = tuple([reading_of(other, now) for other in named])
        tour.begin(candidate)
        guess = lane.output_guess if ask.kind is _CHAT else 0
        output = guess if ask.max_tokens is None else min(ask.max_tokens, guess)
        reservation = Reservation(
            id=self._next_reservation,
            at=now,
            request_id=request_id,
            provider=candidate.provider.name,
            model=candidate.model,
            credential=candidate.credential.fingerprint,
            scopes=candidate.scopes,
            tokens=ask.input_tokens + output,
            client=client,
        )
        self._next_reservation += 1
        self._lanes.begin(candidate, reservation.tokens, now)
        amounts = amounts_of(candidate, ask.input_tokens, output)
        at_most = amounts_of(candidate, tour.input_needed, lane.output_needed(ask.max_tokens))
        self._book.reserve(reservation.id, lane.meters or (), amounts, now, chosen.tested, at_most)
        is_probe = chosen.is_probe
        if not self._blocks.is_empty and self._blocks.touches(candidate.scopes):
            is_probe = is_probe or self._blocks.is_looked_at(candidate.scopes)
            self._blocks.begin(candidate.scopes, reservation.id)
        pair = candidate.pair
        if may_pin:
            self._pin.begin(pair, reservation.id)
        drop = self._learning.dropped(pair)
        return Claim(
            candidate=candidate,
            reservation=reservation,
            begun_at=now,
            drop=drop | tour.dropped[pair] if pair in tour.dropped else drop,
            max_tokens=tour.max_tokens.get(candidate.key),
            is_last=chosen.others <= 0,
            order=tuple([other.candidate.key for other in named]),
            is_choosy=chosen.passed > 0,
            may_pin=may_pin,
            is_probe=is_probe,
            moved_from=chosen.moved_from,
            readings=readings,
        )

    # apply ---------------------------------------------------------------------------------------------------------------

    def apply(self, fact: Fact, now: float) -> list[Row]:
        """Take in *fact*; the rows to store for it."""
        match fact:
            case Committed():
                return self._committed(fact, now)
            case RunsOn():
                return self._runs_on(fact, now)
            case Ended():
                return self._ended(fact, now)
            case Failed():
                return self._failed(fact, now)
            case BlamedLater():
                return self._blame.put_on(fact.candidate, fact.failure, begun_at=now, now=now)
            case RosterChanged():
                return self._change_roster(fact.roster, now)
            case Reset():
                return self._reset(fact, now)
            case SignedIn():
                return list(self._blocks.forget(scopes.credential(fact.credential).__eq__))
            case EmbeddingsUnpinned():
                return self._set_pin(None, now)
            case LeftLine():
                if fact.tour.place is not None:
                    self._line.give_up(fact.tour.place)
                return []
            case LookedUp():
                return self._looked_up(fact, now)
            case ReasoningSeen():
                key = (fact.provider, fact.model)
                return list(self._learning.thinks(key, reasoning=fact.reasoning, now=now))

    def _committed(self, fact: Committed, now: float) -> list[Row]:
        claim = fact.claim
        candidate, number = claim.candidate, claim.reservation.id
        rows: list[Row] = []
        self._lanes.answered(candidate, fact.latency_ms)
        self._breakers.of(candidate.provider.base_url).succeeded(candidate, begun_at=claim.begun_at)
        if not self._blocks.is_empty:
            self._blocks.end(number)
            if self._blocks.touches(candidate.scopes):
                rows.extend(self._blocks.lift(candidate.scopes, begun_at=claim.begun_at))
        self._book.answered(number, now)
        if fact.observations:
            self._book.observe(candidate, fact.observations, self._book.counts_of(number), now)
        self._name(candidate, fact.account)
        pair = candidate.pair
        if claim.drop:
            rows.extend(self._learning.drop_worked(pair, claim.drop, now))
        if claim.may_pin and self._pin.pair is None:
            rows.extend(self._set_pin(pair, now))
        if rows and not self._line.is_empty:
            self._line.call_all(now)
        return rows

    def _runs_on(self, fact: RunsOn, now: float) -> list[Row]:
        candidate, usage, number = fact.claim.candidate, fact.usage, fact.claim.reservation.id
        amounts = Amounts(usage.input_tokens, usage.output_tokens, credit_spent(candidate, usage))
        self._book.raise_to(number, amounts, now)
        tokens = usage.input_tokens + usage.output_tokens
        return [Raised(id=number, tokens=tokens, cost_microusd=fact.cost_microusd), *self._told(now)]

    def _ended(self, fact: Ended, now: float) -> list[Row]:
        claim, usage = fact.claim, fact.usage
        rows: list[Row] = [self._settle(claim, fact.outcome, usage, is_error=fact.is_broken, now=now)]
        if fact.is_broken:
            rows.extend(self._blame.broke_off(claim, now))
        if fact.used_tools or fact.saw_images:
            rows.extend(self._learning.saw(claim.candidate, tools=fact.used_tools, vision=fact.saw_images, now=now))
        if fact.outcome == SERVED and usage.output_tokens and usage.source is _KNOWN:
            self._learning.wrote(claim.candidate.pair, usage.output_tokens, now)
        return [*rows, *self._told(now)]

    def _failed(self, fact: Failed, now: float) -> list[Row]:
        claim, failure = fact.claim, fact.failure
        candidate = claim.candidate
        counts = self._book.counts_of(claim.reservation.id)
        rows: list[Row] = [
            self._settle(claim, failure.verdict.value, fact.usage, is_error=True, now=now, verdict=failure.verdict)
        ]
        rows.extend(self._blame.failed(claim, failure, fact.observations, counts, now))
        self._name(candidate, failure.account)
        return [*rows, *self._told(now)]

    def _told(self, now: float) -> list[Row]:
        """Windows that are stored with the settlement and not by the clock."""
        told = self._book.take_told(now)
        return [] if self.is_retired else [*told]

    def _name(self, candidate: Candidate, account: str) -> None:
        if account and not candidate.credential.account:
            self._named[candidate.credential.fingerprint] = account

    def _looked_up(self, fact: LookedUp, now: float) -> list[Row]:
        rows = self._blame.looked_up(fact, now)
        if rows:
            self._line.call_all(now)
        return rows

    def _settle(
        self, claim: Claim, outcome: str, usage: Usage, *, is_error: bool, now: float, verdict: Verdict | None = None
    ) -> Settlement:
        candidate, reservation = claim.candidate, claim.reservation
        spent = usage.input_tokens + usage.output_tokens
        is_cut = usage.source is _ESTIMATED and outcome != SERVED and verdict is None
        if is_cut:  # what it came to nobody knows: its provider may have gone on writing
            spent = max(spent, reservation.tokens)
        self._lanes.end(candidate)
        amounts = Amounts(usage.input_tokens, usage.output_tokens, credit_spent(candidate, usage))
        self._book.settle(reservation.id, amounts, now, was_counted=verdict not in NOT_COUNTED, is_cut=is_cut)
        self._blocks.end(reservation.id)
        if claim.may_pin:
            self._pin.end(reservation.id)
        self._today.count(candidate, usage, is_error=is_error, begun_at=claim.begun_at, now=now)
        if not self._line.is_empty:
            self._line.call(candidate)
        return Settlement(id=reservation.id, at=now, tokens=spent, outcome=outcome)

    # other processes -----------------------------------------------------------------------------------------------------

    def take_back(self, claim: Claim, tour: Tour, now: float) -> None:
        """The process that took over did not permit *claim*: it is as if it had never been."""
        candidate, reservation = claim.candidate, claim.reservation
        tour.tried.discard(candidate.key)
        self._lanes.end(candidate)
        self._book.settle(reservation.id, Amounts(), now, was_counted=False)
        self._blocks.end(reservation.id)
        self._pin.end(reservation.id)

    def follow(self, row: Row, now: float) -> list[Row]:
        """Another process has written *row*; what is to be written over it."""
        if isinstance(row, EmbeddingPin):
            self._selections.forget()
        return self.elsewhere.follow(row, now)

    def heed(self, row: Row, now: float) -> None:
        """The process that took over says what stands against a claim."""
        self.elsewhere.heed(row, now)

    @property
    def next_reservation(self) -> int:
        return self._next_reservation

    # changes by hand -----------------------------------------------------------------------------------------------------

    def _change_roster(self, roster: Roster, now: float) -> list[Row]:
        before = self.roster
        self._choice.change(roster)
        self._selections.change(roster)
        self._prices.change(roster)
        rows: list[Row] = []
        pair = self._pin.pair
        if pair is not None and not roster.credentials.get(pair[0]):
            rows.extend(self._set_pin(None, now))
        names = named_since(before, roster)
        rows.extend(self._blocks.move(names))
        self._book.names = true_names(roster)
        self._book.move(names, now)
        left = [*left_since(before, roster)]
        for fingerprint, accounts in left:
            self._book.part(fingerprint, accounts, now)
        for gone in sorted(before.fingerprints - roster.fingerprints):
            rows.extend(self._forget(Reset(credential=gone), now))
        for name, provider in before.providers.items():
            after = roster.providers.get(name)
            if after is not None and after.base_url != provider.base_url:
                rows.extend(self._forget(Reset(provider=name), now))
            elif after is not provider and after != provider:
                rows.extend(self._blocks.forget(scopes.provider(name).__eq__))
        if (names or left) and not self.is_retired:
            rows.extend(self._book.take_unsaved(now))  # in one with the name: no crash comes between
        self._book.limits_changed()
        self._lanes.rebuild()
        self._line.call_all(now)
        return rows

    def _reset(self, fact: Reset, now: float) -> list[Row]:
        """Somebody wants it to be asked again: what was said and concluded is forgotten, and what we counted stays."""
        self._book.relax(reach_of(fact, self.roster).covers, now)
        return self._lift(fact, now)

    def _forget(self, fact: Reset, now: float) -> list[Row]:
        """It is no more, or somebody else."""
        self._book.forget(reach_of(fact, self.roster).covers)
        return self._lift(fact, now)

    def _lift(self, fact: Reset, now: float) -> list[Row]:
        reach = reach_of(fact, self.roster)
        self._breakers.forget(None if reach.is_everything else reach.base_urls)
        rows: list[Row] = list(self._blocks.forget(reach.covers))
        if not fact.credential:
            rows += self._learning.forget(lambda provider: fact.provider in ("", provider), now)
        if not self.is_retired:
            rows += self._book.take_unsaved(now)
        self._line.call_all(now)
        return rows

    def _set_pin(self, pair: Pair | None, now: float) -> list[Row]:
        self._pin.set(pair, now)
        self._selections.forget()
        provider, model = pair or ("", "")
        return [EmbeddingPin(provider=provider, model=model, at=now)]

    # snapshot ------------------------------------------------------------------------------------------------------------

    def snapshot(self, now: float) -> PoolSnapshot:
        """The pool as it stands."""
        return PoolSnapshot(
            roster=self.roster,
            selections=self._selections,
            rules=self.rules,
            blocks=self._blocks.blocks(),
            book=self._book,
            learning=self._learning,
            embedding_pin=self._pin.pair,
            embedding_pinned_at=self._pin.at,
            lanes=self._lanes,
            today=self._today.today(now),
            probing=self._blocks.probing,
        )

    def take_named(self) -> list[AccountNamed]:
        """Accounts that providers named since the last call: they make another roster."""
        named = [AccountNamed(credential=credential, account=account) for credential, account in self._named.items()]
        self._named.clear()
        return named

    def take_unsaved(self, now: float) -> list[Row]:
        """What is stored now and then, by the clock: windows that changed since the last call, blocks that are over. Nothing
        once another process has taken over: it counts ours with its own."""
        self._today.turn(now)
        if now < self._seen_at:
            self._unsaved += self._blocks.bring_back(now)
            self._book.bring_back(now)
        self._seen_at = now
        if abs(now - self._forgot_at) >= FORGET_S:
            self._forgot_at = now
            self._learning.forget_expired(now)
            self._book.expire(now)
            self._book.forget_idle(now)
        first, self._unsaved = self._unsaved, []
        if self.is_retired:
            return []
        return [*first, *self._book.take_unsaved(now), *self._learning.take_unsaved(), *self._blocks.forget_old(now)]
