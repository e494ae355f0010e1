"""The daemon's own pool on the line of `hrd.exchange`, without the wires: claim, commit, ask, apply, commit.

What the pool is told comes out of the providers' bytes by the daemon's own readers. What it remembers over a stop or a crash is
what was committed to the store, which is the memory store on a disk that outlives it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hrd.configuration.assemble import assemble
from hrd.core import inquiries
from hrd.core.access import Caller
from hrd.core.ask import Ask, Kind
from hrd.core.facts import Claim, Committed, Ended, Failed, LookedUp, RosterChanged, Wait
from hrd.core.failures import Observation
from hrd.core.journal import Usage, UsageSource
from hrd.core.prices import read_table
from hrd.core.providers import Candidate
from hrd.core.refusals import Refusal
from hrd.core.remembered import Row
from hrd.core.roster import Roster
from hrd.core.tour import Tour
from hrd.credentials.auth_file import AuthFile, auth_file_of
from hrd.pool import Pool, PoolRules
from hrd.settings import Settings, read_settings
from hrd.store.contract import Process
from hrd.store.memory import Disk, MemoryStore
from hrd.upstream.failures import read_failure
from hrd.upstream.ratelimits import read_limits
from hrd.upstream.readers.left import read_left
from tests.simulation.clock import Clock
from tests.simulation.providers import REFUSAL_S, Asked, Key, Reply
from tests.simulation.tiers import CLOSE_CLIENT, NOT_FOR_CLOSE, OPEN_CLIENT
from tests.simulation.verdicts import Judge

CATALOGUE = (Path(__file__).parents[2] / "hrd" / "core" / "catalogue.toml").read_text()
PRICES = (Path(__file__).parents[2] / "hrd" / "core" / "prices.toml").read_text()
FLUSH_S = 2.0
"""As in hrd.daemon: how often windows that changed are stored."""
TIDY_S = 600.0
CHECK_S = 30.0
"""How often it is looked whom to ask for nothing but what is left: the daemon does it every two seconds."""
BACK_S = 1.0
"""How soon a client asks again whom the router went down under."""


class Trip:
    """One request on its way."""

    __slots__ = ("asked", "claim", "life", "rows", "tour", "turn", "waited_s")

    def __init__(self, asked: Asked, life: int) -> None:
        self.asked = asked
        self.life = life
        self.tour = Tour(Ask(kind=Kind.CHAT, model="", stream=True, input_tokens=asked.estimate))
        self.claim: Claim | None = None
        self.rows: list[Row] = []
        self.waited_s = 0.0
        self.turn = 0
        """Which wait it is in."""


class Ours:
    """See the module's docstring."""

    def __init__(self, clock: Clock, judge: Judge, keys: Sequence[Key], *, mode: str = "parallel") -> None:
        self._clock = clock
        self._judge = judge
        self._settings = _settings(mode)
        self._auth = _auth(keys)
        self._accounts: dict[str, str] = {}
        self._generation = 0
        self._callers = _callers(keys)
        self._disk = Disk()
        self._life = 0
        self._trips: set[Trip] = set()
        self._tidied_at = clock.now
        self._checked_at = 0.0
        self._inquired_at: dict[str, float] = {}
        self.roster = self._roster()
        by_text = {key.text: key for key in keys}
        self._keys = {
            credential.fingerprint: by_text[credential.secret.reveal()]
            for group in self.roster.credentials.values()
            for credential in group
        }
        self._begin()

    # a process -----------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        now = self._clock.now
        self._life += 1
        self.store = MemoryStore(self._disk, lambda: self._clock.now, Process(self._life, now))
        remembered = self.store.load(now)
        self._accounts = {named.credential: named.account for named in remembered.accounts}
        self.roster = self._roster()
        self.pool = Pool(self.roster, PoolRules(), remembered)
        self._checked_at = 0.0
        self._inquired_at.clear()

    def flush(self, _: object) -> None:
        """What the daemon does every two seconds. Nobody can tell how often, but before it goes down."""
        self._tidied_at = self._clock.now
        rows = self.pool.take_unsaved(self._clock.now)
        if rows:
            self.store.commit_nowait(rows)

    def stop(self, _: object) -> None:
        """An orderly end and a new beginning: what runs is cut off and settled."""
        for trip in list(self._trips):
            if trip.claim is not None:
                usage = Usage(input_tokens=trip.asked.estimate, source=UsageSource.ESTIMATED)
                self._commit(trip, self.pool.apply(Ended(claim=trip.claim, outcome="stopped", usage=usage), self._clock.now))
        self.flush(None)
        self.store.close()
        self.crash(None)

    def crash(self, _: object) -> None:
        """What is not on disk is gone."""
        cut, self._trips = self._trips, set()
        self._judge.deaf(self._clock.now)
        self._begin()
        for trip in sorted(cut, key=lambda trip: trip.asked.number):
            if trip.claim is not None:
                self._key_of(trip.claim).account.leave(trip.asked, trip.claim.begun_at)
            self._judge.tally.repeated += 1
            self._clock.at(self._clock.now + BACK_S, self.ask, trip.asked)

    def _roster(self) -> Roster:
        self._generation += 1
        return assemble(
            catalogue_text=CATALOGUE,
            price_table=read_table(PRICES),
            settings=self._settings,
            auth=self._auth,
            discovered={},
            accounts=self._accounts,
            listening_on=(),
            demo=None,
            generation=self._generation,
        ).roster

    def _learn_accounts(self) -> None:
        named = self.pool.take_named()
        if named:
            self._accounts.update((one.credential, one.account) for one in named)
            self.roster = self._roster()
            self.store.commit_nowait([*named, *self.pool.apply(RosterChanged(roster=self.roster), self._clock.now)])

    # the line ------------------------------------------------------------------------------------------------------------

    def ask(self, asked: Asked) -> None:
        trip = Trip(asked, self._life)
        self._trips.add(trip)
        if self._clock.now - self._tidied_at > TIDY_S:
            self.flush(None)
        if self._clock.now - self._checked_at > CHECK_S:
            self._check()
        self._go_on(trip)

    def _check(self) -> None:
        """Ask for what is left, where that is worth a question, as `hrd.upstream.inquiring` does."""
        now = self._checked_at = self._clock.now
        shown = self.pool.snapshot(now)
        for candidate in inquiries.due(
            self.roster,
            shown.selections,
            shown.book,
            shown.blocks,
            asked_at=self._inquired_at,
            requested_at=self.pool.requested_at,
            every_s=self._settings.lookup_seconds,
            now=now,
        ):
            self._inquired_at[candidate.credential.fingerprint] = now
            body = self._keys[candidate.credential.fingerprint].look_up(now)
            if body is not None:
                self._clock.at(now + REFUSAL_S, self._told, (candidate, body, now, self._life))

    def _told(self, what: tuple[Candidate, bytes, float, int]) -> None:
        candidate, body, begun_at, life = what
        if life != self._life:
            return
        now, provider = self._clock.now, candidate.provider
        seen = read_left(provider.reader, provider.look_ups[0], body, now, provider.reset_zone)
        rows = self.pool.apply(LookedUp(candidate=candidate, observations=seen, begun_at=begun_at), now)
        if rows:
            self.store.commit_nowait(rows)

    def _go_on(self, trip: Trip) -> None:
        if trip.life != self._life:
            return
        now, asked = self._clock.now, trip.asked
        decision = self.pool.claim(trip.tour, self._callers[asked.caller], f"req-{asked.number}", now, trip.waited_s)
        if isinstance(decision, Refusal):
            self._commit(trip, [])
            self._trips.discard(trip)
            self._judge.failed(asked, now)
            return
        if isinstance(decision, Wait):
            self._commit(trip, [])
            self._judge.tally.waited += trip.waited_s == 0.0
            self._wait(trip, now, decision.until)
            return
        trip.claim = decision
        self._commit(trip, [decision.reservation])
        reply = self._judge.sent(self._key_of(decision), asked, now, is_probe=decision.is_probe)
        self._clock.at(now + reply.after_s, self._answered, (trip, decision, reply))

    def _wait(self, trip: Trip, now: float, until: float) -> None:
        """Until the moment that was said, or until something came free."""
        trip.turn += 1
        turn, began = trip.turn, now
        if trip.tour.place is not None:
            trip.tour.place.wake = lambda: self._clock.at(self._clock.now, self._waited, (trip, turn, began))
        self._clock.at(until, self._waited, (trip, turn, began))

    def _waited(self, what: tuple[Trip, int, float]) -> None:
        trip, turn, began = what
        if turn == trip.turn:
            trip.turn += 1
            trip.waited_s += self._clock.now - began
            trip.tour.waited()
            self._go_on(trip)

    def _answered(self, what: tuple[Trip, Claim, Reply]) -> None:
        trip, claim, reply = what
        if trip.life != self._life:
            return
        now = self._clock.now
        provider = claim.candidate.provider
        seen: tuple[Observation, ...] = tuple(read_limits(provider.reader, reply.headers, now))
        if reply.status != 200:
            failure = read_failure(
                provider.reader, reply.status, reply.headers, reply.body, now, zone=provider.reset_zone, scrub=str
            )
            trip.claim = None
            trip.rows += self.pool.apply(Failed(claim=claim, failure=failure, observations=seen), now)
            trip.tour.failed(claim.candidate, failure)
            self._learn_accounts()
            self._go_on(trip)
            return
        latency_ms = (now - claim.begun_at) * 1000.0
        trip.rows += self.pool.apply(Committed(claim=claim, latency_ms=latency_ms, observations=seen), now)
        self._clock.at(claim.begun_at + trip.asked.duration_s, self._ended, trip)

    def _ended(self, trip: Trip) -> None:
        if trip.life != self._life:
            return
        asked, claim = trip.asked, trip.claim
        assert claim is not None, "it is being served"
        usage = Usage(input_tokens=asked.input_tokens, output_tokens=asked.output_tokens, source=UsageSource.KNOWN)
        trip.claim = None
        self._commit(trip, self.pool.apply(Ended(claim=claim, outcome="ok", usage=usage), self._clock.now))
        self._trips.discard(trip)
        self._judge.served(self._key_of(claim), asked)

    def _key_of(self, claim: Claim) -> Key:
        return self._keys[claim.candidate.credential.fingerprint]

    def _commit(self, trip: Trip, rows: list[Row]) -> None:
        rows = [*trip.rows, *rows]
        trip.rows = []
        if rows:
            self.store.commit_nowait(rows)


def _settings(mode: str) -> Settings:
    settings = read_settings({}, f"ROTATION_MODE={mode}\n", None)
    assert isinstance(settings, Settings), str(settings)
    return settings


def _auth(keys: Sequence[Key]) -> AuthFile:
    """As if somebody had added the keys by hand. Whose account they are of, nobody has said."""
    providers: dict[str, list[str]] = {}
    for key in keys:
        providers.setdefault(key.provider, []).append(key.text)
    read = auth_file_of({"providers": providers})
    assert isinstance(read, AuthFile), str(read)
    return read


def _callers(keys: Sequence[Key]) -> dict[str, Caller]:
    allowed = tuple(dict.fromkeys(key.provider for key in keys if key.provider != NOT_FOR_CLOSE))
    return {
        OPEN_CLIENT: Caller(fingerprint="client-open"),
        CLOSE_CLIENT: Caller(fingerprint="client-close", allowed_providers=allowed),
    }
