"""What the ledger of quotas costs when there is much of it: a claim over a hundred candidates, a start with a long memory."""

import time
from pathlib import Path
from statistics import median

import msgspec

from bench.figures import Figure
from bench.router import make_home, router
from hrd.core.access import Caller
from hrd.core.ask import Ask, Kind
from hrd.core.facts import Claim, Committed, Ended
from hrd.core.failures import Observation, WindowKind
from hrd.core.journal import Usage, UsageSource
from hrd.core.providers import Credential, Provider
from hrd.core.quota.limit import Limit
from hrd.core.quota.window import Window, put_to_sleep
from hrd.core.remembered import Remembered
from hrd.core.roster import Roster
from hrd.core.secrets import Secret
from hrd.core.tour import Tour
from hrd.pool import Pool, PoolRules
from hrd.store.migrations import migrate
from hrd.store.opening import connect
from tests.upstreams import free_port

SCOPES = 100_000
CANDIDATES = 100
ROUNDS = 8
CLAIMS = 1000
JOURNAL_ROWS = 1_000_000
ROWS_SINCE = 200
STARTS = 3
LIMITS = (Limit(kind="requests/minute", limit=10_000), Limit(kind="requests/day", limit=1_000_000))


def measure_quota(home: Path, rows: int = JOURNAL_ROWS) -> list[Figure]:
    one, many = claims_us(providers=1), claims_us(providers=10)
    return [
        Figure("claim_us", "a claim: 100 keys of one provider, 100,000 scopes", one, "µs", at_most=100),
        Figure("claim_mixed_us", "a claim: 10 keys of each of 10 providers, 100,000 scopes", many, "µs", at_most=100),
        Figure("long_start_s", f"start, 100,000 scopes, {rows:,} journal rows", _start_s(home, rows), "s", at_most=1.0),
    ]


def claims_us(providers: int, scopes: int = SCOPES, claims: int = CLAIMS, rounds: int = ROUNDS) -> float:
    """The median of a claim, each request being served before the next; of several rounds the quietest."""
    now = time.time()
    pool = Pool(
        _roster(providers, CANDIDATES // providers),
        PoolRules(),
        Remembered(windows=tuple(map(put_to_sleep, _windows(now, scopes))), at=now),
    )
    caller, spent = Caller(fingerprint="client-bench"), list[float]()
    for number in range(claims * rounds):
        now += 0.01
        tour = Tour(Ask(kind=Kind.CHAT, model="", input_tokens=400))
        began = time.perf_counter()
        claim = pool.claim(tour, caller, f"req-{number}", now)
        spent.append(time.perf_counter() - began)
        assert isinstance(claim, Claim), claim
        seen = (Observation(kind=WindowKind.TOKENS_MINUTE, limit=1_000_000, left=999_000, resets_at=now + 30),)
        pool.apply(Committed(claim=claim, latency_ms=100.0, observations=seen), now)
        usage = Usage(input_tokens=400, output_tokens=200, source=UsageSource.KNOWN)
        pool.apply(Ended(claim=claim, outcome="ok", usage=usage), now)
    found = [spent[first : first + claims] for first in range(claims, len(spent), claims)]
    return min(median(times) for times in found) * 1e6


def _roster(providers: int, keys: int) -> Roster:
    rows = {
        name: Provider(
            name=name, base_url=f"https://{name}.test/v1", models=("m",), cost_class="free", limits=LIMITS, own_limits=LIMITS
        )
        for name in (f"provider{number}" for number in range(providers))
    }
    return Roster(
        generation=1,
        own_name="hermes-router",
        providers=rows,
        credentials={name: tuple(_credential(name, number) for number in range(keys)) for name in rows},
        modes={},
        mode="parallel",
        listed={"m": tuple(rows)},
    )


def _credential(provider: str, number: int) -> Credential:
    secret = Secret(f"bench-not-a-key-{provider}-{number}", provider)
    return Credential(provider=provider, fingerprint=secret.fingerprint, secret=secret, source="auth.json")


def _windows(now: float, scopes: int) -> tuple[Window, ...]:
    """Of a hundred thousand scopes that somebody once asked about."""
    return tuple(
        Window(
            scope=f"candidate:other-{number:08x}/model-{number % 97}",
            kind="requests/day",
            limit=1000,
            used=number % 1000,
            ends_at=now + 3600,
            begun_at=now - 3600,
            seen_at=now - 60,
        )
        for number in range(scopes)
    )


def _start_s(home: Path, rows: int) -> float:
    """From the start of the process to its being ready, with a database that has grown."""
    place = make_home(home / "long", free_port())
    with router(place):
        pass
    fill(place / "hrd.db", rows)
    starts = []
    for _ in range(STARTS):
        with router(place) as again:
            starts.append(again.ready_s)
    return median(starts)


def fill(database: Path, rows: int, scopes: int = SCOPES) -> None:
    """A database that has grown, as a crash leaves it: the windows were stored two seconds ago, some rows have come since."""
    connection = connect(database)
    migrate(connection)
    now = time.time()
    connection.execute("BEGIN")
    stored = {"through": max(0, rows - ROWS_SINCE), "seen_at": now - 2.0}
    asleep = [put_to_sleep(msgspec.structs.replace(window, **stored)) for window in _windows(now, scopes)]
    connection.executemany(
        "INSERT INTO windows VALUES (?, 'requests/day', 'provider', ?, ?, ?)",
        ((row.scope, row.through, row.seen_at, row.body) for row in asleep),
    )
    count = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
    connection.execute(f"{count} INSERT INTO journal SELECT i, 'req-' || i, 'groq', 0, zeroblob(300) FROM n", (rows,))
    connection.execute(
        f"""{count} INSERT INTO ledger
            SELECT i, {now} - 100, 'req-' || i, 'groq', 'm', 'c', 1, 600, 1, 1, 1.0, {now} - 90, 500, 'ok', 'client', 0
            FROM n""",
        (rows,),
    )
    connection.execute("COMMIT")
    connection.close()
