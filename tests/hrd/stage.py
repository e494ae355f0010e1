"""A stage for stories about the deciders: a pool of named keys, a clock set by hand, and requests that walk over it."""

from typing import Any

from hrd.core.access import Caller
from hrd.core.ask import Ask, Kind
from hrd.core.blocks import Block, is_in_force
from hrd.core.facts import Claim, Committed, Ended, Fact, Failed, Wait
from hrd.core.failures import Failure, HintSource, Observation, Verdict
from hrd.core.journal import AttemptNote, Usage, UsageSource
from hrd.core.providers import Candidate, CostClass, Credential, Provider
from hrd.core.refusals import Refusal
from hrd.core.remembered import Remembered, Row
from hrd.core.roster import Roster, who_lists
from hrd.core.secrets import Secret
from hrd.core.tour import Tour
from hrd.pool import Pool, PoolRules

NOON = 1_795_003_200.0
"""2026-11-18, 12:00 UTC."""
ANYBODY = Caller(fingerprint="client-00000001")


def provider(name: str, *models: str, **facts: Any) -> Provider:
    facts.setdefault("base_url", f"https://{name}.test/v1")
    return Provider(name=name, models=models or ("m1",), **facts)


def key(owner: str, name: str, *, account: str = "", account_id: str = "", cost_class: CostClass | None = None) -> Credential:
    """A credential whose fingerprint can be read: `alpha-a1`."""
    return Credential(
        provider=owner,
        fingerprint=f"{owner}-{name}",
        secret=Secret(f"test-not-a-key-{owner}-{name}", owner),
        source="auth.json",
        account=account,
        account_id=account_id,
        cost_class=cost_class,
    )


Cast = list[tuple[Provider, list[Credential | str]]]
"""Providers in their order, each with its credentials in theirs."""


def roster(cast: Cast, **facts: Any) -> Roster:
    providers = {row.name: row for row, _ in cast}
    facts.setdefault("mode", "sequential")
    facts.setdefault("modes", {})
    facts.setdefault("listed", who_lists(providers, {}))
    keys = {row.name: tuple(key(row.name, one) if isinstance(one, str) else one for one in group) for row, group in cast}
    return Roster(
        generation=1,
        own_name="hermes-router",
        providers=providers,
        credentials={name: group for name, group in keys.items() if group},
        **facts,
    )


def candidate(owner: Provider | None = None, model: str = "m1", credential: Credential | None = None) -> Candidate:
    """One candidate, as the roster makes them."""
    owner = owner or provider("alpha", model)
    made = roster([(owner, [credential or "a1"])]).select_chat(f"{owner.name}:{model}")
    assert not isinstance(made, Refusal), made.message
    return made.candidates[0]


def failure(verdict: Verdict, **facts: Any) -> Failure:
    facts.setdefault("message", f"said: {verdict.value}")
    if facts.get("until") is not None:
        facts.setdefault("source", HintSource.HEADER)
    return Failure(verdict=verdict, **facts)


def named(one: Candidate) -> str:
    """`a1` for a provider's only model, `a1/m2` else: who is asked, in a word."""
    name = one.credential.fingerprint.partition("-")[2]
    return name if one.provider.models == (one.model,) else f"{name}/{one.model}"


class Walk:
    """One request on its way over the stage."""

    def __init__(self, stage: "Stage", ask: Ask, caller: Caller) -> None:
        self.stage = stage
        self.caller = caller
        self.tour = Tour(ask)
        self.claim: Claim | None = None
        self.said: Wait | Refusal | None = None
        self.waited_s = 0.0

    def next(self) -> str:
        """Who is asked next; `wait 5`, or `refused`."""
        decision = self.stage.pool.claim(self.tour, self.caller, "req-1", self.stage.now, self.waited_s)
        if isinstance(decision, Claim):
            self.claim = decision
            self.stage.rows.append(decision.reservation)
            return named(decision.candidate)
        self.said = decision
        return f"wait {decision.until - self.stage.now:.1f}" if isinstance(decision, Wait) else "refused"

    def waits(self) -> str:
        """Do wait for as long as was said; then who is asked."""
        assert isinstance(self.said, Wait), self.said
        self.waited_s += self.said.until - self.stage.now
        self.stage.now = self.said.until
        self.tour.waited()
        return self.next()

    def fails(self, verdict: Verdict, *, after_s: float = 0.0, observations: tuple[Observation, ...] = (), **facts: Any) -> str:
        """The claim fails; then who is asked next."""
        self.missed(verdict, after_s=after_s, observations=observations, **facts)
        return self.next()

    def missed(
        self, verdict: Verdict, *, after_s: float = 0.0, observations: tuple[Observation, ...] = (), **facts: Any
    ) -> list[Row]:
        claim, self.claim = self.claim, None
        assert claim is not None, "somebody was asked"
        self.stage.now += after_s
        said = failure(verdict, **facts)
        rows = self.stage.apply(Failed(claim=claim, failure=said, observations=observations))
        c = claim.candidate
        self.tour.note(
            AttemptNote(provider=c.provider.name, model=c.model, credential=c.credential.fingerprint, outcome=verdict.value)
        )
        self.tour.failed(c, said)
        return rows

    def answers(self, *, after_s: float = 0.0, observations: tuple[Observation, ...] = ()) -> list[Row]:
        """The claim reaches its commit point."""
        assert self.claim is not None, "somebody was asked"
        self.stage.now += after_s
        fact = Committed(claim=self.claim, latency_ms=after_s * 1000 or 1.0, observations=observations)
        return self.stage.apply(fact)

    def ends(self, *, tokens: tuple[int, int] = (10, 20), after_s: float = 0.0, **facts: Any) -> list[Row]:
        """The claim is over."""
        claim, self.claim = self.claim, None
        assert claim is not None, "somebody was asked"
        self.stage.now += after_s
        usage = Usage(input_tokens=tokens[0], output_tokens=tokens[1], source=UsageSource.KNOWN)
        return self.stage.apply(Ended(claim=claim, outcome=facts.pop("outcome", "ok"), usage=usage, **facts))

    def refusal(self) -> Refusal:
        assert isinstance(self.said, Refusal), self.said
        return self.said


class Stage:
    """A pool and its clock."""

    def __init__(self, made: Roster, *, remembered: Remembered | None = None, **rules: Any) -> None:
        self.now = NOON
        self.rows: list[Row] = []
        self.pool = Pool(made, PoolRules(**rules), remembered or Remembered())

    def ask(self, model: str = "", *, kind: Kind = Kind.CHAT, caller: Caller = ANYBODY, **facts: Any) -> Walk:
        return Walk(self, Ask(kind=kind, model=model, **facts), caller)

    def serve(self, model: str = "", **facts: Any) -> str:
        """A request that the first who is asked answers; who that was."""
        walk = self.ask(model, **facts)
        who = walk.next()
        if walk.claim is not None:
            walk.answers()
            walk.ends()
        return who

    def apply(self, fact: Fact) -> list[Row]:
        rows = self.pool.apply(fact, self.now)
        self.rows.extend(rows)
        return rows

    def blocks(self) -> dict[str, tuple[str, float]]:
        """Scope → reason and seconds left, of what is in force."""
        found = [block for block in self.pool.snapshot(self.now).blocks if is_in_force(block, self.now)]
        return {block.scope: (block.reason, round(block.until - self.now, 3)) for block in found}

    def block(self, scope: str) -> Block:
        return next(block for block in self.pool.snapshot(self.now).blocks if block.scope == scope)

    def in_flight(self) -> int:
        return sum(self.pool.snapshot(self.now).in_flight.values())
