"""Blame: what a failure says of whoever met it, and what a look-up takes back: blocks, breakers, limits that were met."""

from collections.abc import Iterable, Sequence

from hrd.core import failover
from hrd.core.block_book import BlockBook
from hrd.core.blocks import REMEMBERED_S, Block
from hrd.core.breaker import BREAKER, Breakers
from hrd.core.facts import Claim, LookedUp
from hrd.core.failures import Failure, HintSource, Observation, Verdict, WindowKind
from hrd.core.inquiries import AHEAD_S
from hrd.core.learned import Learning
from hrd.core.providers import Candidate
from hrd.core.quota.book import QuotaBook
from hrd.core.quota.count import Count
from hrd.core.quota.meter import Meter
from hrd.core.remembered import Row
from hrd.core.rules import PoolRules

SIZE_BLOCK_S = 60.0
"""A moment that is further off, and is that of a large request, must not keep small ones away."""
CREDIT_KINDS = frozenset(kind for kind in WindowKind if kind.value.partition("/")[0] == "credit")
NO_PACE_KINDS = CREDIT_KINDS | {WindowKind.AT_ONCE}
TOKEN_KINDS = frozenset(kind for kind in WindowKind if "tokens" in kind.value)


class Blame:
    """Changes the pool's books of blocks, limits and what was learned; by rules, which the pool changes."""

    def __init__(self, rules: PoolRules, blocks: BlockBook, book: QuotaBook, learning: Learning, breakers: Breakers) -> None:
        self.rules = rules
        self._blocks = blocks
        self._book = book
        self._learning = learning
        self._breakers = breakers

    def failed(
        self, claim: Claim, failure: Failure, observations: Iterable[Observation], counts: Sequence[Count], now: float
    ) -> list[Row]:
        """*claim*, which is settled, met *failure*; *counts*: what it had counted. The rows to store."""
        candidate, rows = claim.candidate, list[Row]()
        if claim.is_probe:
            spans = self.rules.probe_s, self.rules.probe_max_s
            rows.extend(self._blocks.probed(candidate.scopes, now, first_s=spans[0], longest_s=spans[1]))
        seen = (*observations, *failure.seen)
        is_told = self._book.observe(candidate, seen, counts, now, refused=True) if seen else False
        if not is_told and failure.verdict in (Verdict.RATE_LIMITED, Verdict.QUOTA_EXHAUSTED):
            self._learn_from(candidate, failure, [count.meter for count in counts], now)
        rows.extend(self._learning.failed(candidate, failure, now))
        if failure.verdict is not Verdict.EMPTY and not self._is_in_the_windows(claim, failure, now):
            rows.extend(self.put_on(candidate, failure, begun_at=claim.begun_at, now=now))
        return rows

    def broke_off(self, claim: Claim, now: float) -> list[Row]:
        """The reply to *claim* had begun, and did not come to its end."""
        breaker = self._breakers.of(claim.candidate.provider.base_url)
        return self._open(breaker.broke_off(claim.candidate, self.rules, begun_at=claim.begun_at, now=now), now)

    def looked_up(self, fact: LookedUp, now: float) -> list[Row]:
        """A free question told what is left: what a refusal before it said may not hold any more."""
        candidate, rows, spans = fact.candidate, list[Row](), (self.rules.probe_s, self.rules.probe_max_s)
        for one in fact.observations:
            scope = failover.scope_of(candidate, one.scope or "quota")
            is_used_up = self._book.observe(candidate, (one,), (), now)
            if is_used_up:
                at = (scope, failover.scope_of(candidate, "account"))
                rows.extend(self._blocks.probed(at, now, first_s=spans[0], longest_s=spans[1], ahead_s=AHEAD_S))
            elif one.left:
                for reason in ("quota", "credits") if one.kind in CREDIT_KINDS else ("quota",):
                    rows.extend(self._blocks.lift_reason(scope, reason, begun_at=fact.begun_at))
                if one.kind is WindowKind.CREDIT and one.scope != "paid_key":  # the account's, which was below nothing
                    account = failover.scope_of(candidate, "account")
                    rows.extend(self._blocks.lift_reason(account, "credits", begun_at=fact.begun_at))
        return rows

    def put_on(self, candidate: Candidate, failure: Failure, *, begun_at: float, now: float) -> list[Row]:
        """*candidate* is not to be asked, for as long as *failure* says; the rows to store."""
        rows: list[Row] = []
        key = failover.block_key(candidate, failure)
        if key is not None:
            before = self._blocks.get(*key)
            until = failure.until
            is_counted = until is not None and self._book.is_full_by_count(candidate, until, now)
            block = failover.block_for(failure, key, before, now, probe_s=0.0 if is_counted else self.rules.probe_s)
            rows.extend(self._blocks.put(block))
            rows.append(block)
        if failover.RULES[failure.verdict].counts_for_breaker:
            connecting = failure.verdict is Verdict.CONNECT
            breaker = self._breakers.of(candidate.provider.base_url)
            scope = breaker.failed(candidate, self.rules, connecting=connecting, begun_at=begun_at, now=now)
            rows.extend(self._open(scope, now, failure.message if connecting else ""))
        return rows

    def _open(self, scope: str | None, now: float, unconnected: str = "") -> list[Row]:
        """Block what a breaker has opened, if it has. *unconnected*: why its endpoint cannot be reached, if that did it."""
        if scope is None:
            return []
        until = now + self.rules.breaker_cooldown_s
        block = Block(scope=scope, reason=BREAKER, source=HintSource.GUESS, set_at=now, until=until, message=unconnected)
        return [*self._blocks.put(block), block]

    def _is_in_the_windows(self, claim: Claim, failure: Failure, now: float) -> bool:
        """Whether the windows say it better than a block could: it was one too many at once, and ends with a request of ours;
        or it was too many tokens for what is left, of which smaller requests may have enough."""
        kinds = {one.kind for one in failure.seen}
        if kinds == {WindowKind.AT_ONCE}:
            return failure.until is None and self._book.full_at_once(claim.candidate.scopes)
        is_far = failure.until is not None and failure.until - now > SIZE_BLOCK_S
        if is_far and kinds and kinds <= TOKEN_KINDS and all(one.left for one in failure.seen):
            reservation = claim.reservation
            return any(True for _ in self._book.full_at(reservation.scopes, reservation.tokens, now))
        return False

    def _learn_from(self, candidate: Candidate, failure: Failure, meters: Sequence[Meter], now: float) -> None:
        """A limit was met, and nobody said which."""
        key = failover.block_key(candidate, failure)
        before = self._blocks.get(*key) if key is not None else None
        until, is_long = failure.until, failure.verdict is Verdict.QUOTA_EXHAUSTED
        if failure.scope in ("model", "provider") or any(one.kind in NO_PACE_KINDS for one in failure.seen):
            return  # it is not how often we ask that met it
        step = before.step + 1 if before is not None and now - before.until < REMEMBERED_S else 0
        self._book.refused(meters, now, until=until, is_long=is_long, step=step)
