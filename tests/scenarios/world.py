"""A world: the router's own line between emulated providers and real connections of clients, on one virtual clock.

Everything is real but the clock and the disk: pool, exchange, attempts and connections are the daemon's, providers speak HTTP
over loopback. Wall time is derived from trio's clock, so that one clock moves both. When the world ends, three laws are
checked whatever the scenario was: one journal entry for each exchange, nothing in flight, each reservation settled once.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import msgspec
import trio

from hrd.core.access import Caller, Doorkeeper
from hrd.core.brake import Brake
from hrd.core.facts import RosterChanged
from hrd.core.journal import Entry
from hrd.core.ledger import Reservation, Settlement
from hrd.core.prices import Prices
from hrd.core.providers import Credential, Provider
from hrd.core.remembered import Row
from hrd.core.response_book import ResponseBook
from hrd.core.roster import Roster, who_lists
from hrd.core.secrets import Secret, scrub
from hrd.core.strangers import Strangers
from hrd.dialects import openai_chat
from hrd.dialects.contract import Dialect, StreamBounds
from hrd.dialects.spoken import TARGETS, always, openings
from hrd.downstream.call import JSON, Call, Endpoint
from hrd.downstream.context import BufferBudget, Context, Header, Patience
from hrd.downstream.departures import Departures
from hrd.downstream.heartbeat import Heartbeat
from hrd.downstream.listeners import Connections as ClientConnections
from hrd.downstream.listeners import listen_tcp
from hrd.downstream.peers import tcp_peer
from hrd.exchange import Exchange
from hrd.http.alarms import Alarms
from hrd.http.limits import HttpLimits
from hrd.http.messages import RequestHead
from hrd.pool import Pool, PoolRules
from hrd.store.limits import StoreLimits
from hrd.store.memory import Disk, MemoryStore
from hrd.trip.gate import Gate
from hrd.trip.terms import Terms
from hrd.upstream.attempt import Attempts
from hrd.upstream.connections import ConnectionLimits, Dialer
from hrd.upstream.connections import Connections as UpstreamConnections
from hrd.upstream.heads import Heads
from hrd.upstream.judging import Judge
from hrd.upstream.passes import Keys
from hrd.upstream.sending import Sender, SendLimits
from hrd.upstream.trust import SystemTrust
from tests.scenarios.client import Client, Reply, chat_bytes
from tests.upstreams import Behave, Rules, Upstream
from tests.upstreams.wires import Wire

EPOCH = 1_795_219_200.0
"""2026-11-21, midnight UTC."""
INSTANCE = b"this-instance"
CLIENT_KEYS = {
    "client-key-one-not-real": Caller(fingerprint="client-one"),
    "client-key-free-not-real": Caller(fingerprint="client-free", cost_policy="free-only"),
}
HELLO = [{"role": "user", "content": "hi"}]


class WatchedStore(MemoryStore):
    """The store in memory, with every row that was handed to it."""

    def __init__(self, disk: Disk, now: Any) -> None:
        super().__init__(disk, now, limits=StoreLimits(buffer_rows=1000))
        self.given: list[Row] = []

    def commit_nowait(self, rows: Sequence[Row]) -> None:
        self.given += rows
        super().commit_nowait(rows)

    async def commit(self, rows: Sequence[Row]) -> None:
        self.given += rows
        await super().commit(rows)


class Journal:
    """What was written about the exchanges."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    @property
    def entries(self) -> list[Entry]:
        return list(self._disk.journal.values())

    @property
    def last(self) -> Entry:
        return self.entries[-1]

    def answered_by(self) -> list[str]:
        return [entry.provider for entry in self.entries]

    def walked(self) -> list[tuple[str, str]]:
        """Who was asked for the last exchange, and what came of it."""
        return [(note.provider, note.outcome) for note in self.last.attempts]


class World:
    """See the module's docstring. Made by `open_world`."""

    def __init__(self, nursery: trio.Nursery, **tuned: Any) -> None:
        self._nursery = nursery
        self._began = trio.current_time()
        self._slept_s = 0.0
        self._providers: dict[str, Provider] = {}
        self._credentials: dict[str, tuple[Credential, ...]] = {}
        self._mode = tuned.pop("mode", "sequential")
        self.disk = Disk()
        self.store = WatchedStore(self.disk, self.now)
        self.journal = Journal(self.disk)
        self.finished: list[Entry] = []
        self.crashes: list[BaseException] = []
        self.calls: dict[int, Call] = {}
        self._clients: list[Client] = []
        self.is_stopping = False
        self.chat_dialect: Dialect = openai_chat
        self.responses = ResponseBook(1_000_000, 3600.0)
        self._openings = dict(openings(self.responses, self.now))
        self._request_number = 0
        self.terms = Terms(
            doorkeeper=Doorkeeper([(key.encode(), caller) for key, caller in tuned.pop("callers", CLIENT_KEYS).items()]),
            strangers=Strangers(),
            auth_failures_max=tuned.pop("auth_failures_max", 60),
            instance_id=INSTANCE,
            reply_s=tuned.pop("reply_s", 300.0),
            slow_first_token_s=tuned.pop("slow_first_token_s", 180.0),
            deadline_s=tuned.pop("deadline_s", 600.0),
            stream_s=tuned.pop("stream_s", 7200.0),
            idle_s=tuned.pop("idle_s", 120.0),
            bounds=StreamBounds(tuned.pop("event_bytes", 1_048_576), tuned.pop("reply_bytes", 67_108_864)),
            waiting_max=tuned.pop("waiting_max", 1000),
            reasoning_reserve_tokens=4096,
            prices=tuned.pop("prices", Prices()),
        )
        rules = PoolRules(max_wait_s=tuned.pop("max_wait_s", 30.0), cost_policy=tuned.pop("cost_policy", "paid-ok"))
        self.pool = Pool(self._roster(), rules, self.store.load(self.now()))
        self._alarms = Alarms()
        self._departures = Departures()
        self._heartbeat = Heartbeat(tuned.pop("keepalive_s", 5.0))
        limits = HttpLimits(body_bytes=tuned.pop("body_bytes", 1_048_576))
        self.upstream = UpstreamConnections(
            limits=ConnectionLimits(
                open_max=tuned.pop("upstream_open_max", 2048),
                idle_max=64,
                idle_s=tuned.pop("upstream_idle_s", 50.0),
                http=limits,
            ),
            connect=Dialer(tuned.pop("trust", SystemTrust())).connect,
            alarms=self._alarms,
        )
        attempts = Attempts(
            connections=self.upstream,
            sender=Sender(
                connections=self.upstream,
                heads=Heads(instance_id=INSTANCE.decode(), user_agent="hermes-router/test", forwarded={}),
                limits=SendLimits(connect_s=5.0, wait_s=30.0),
            ),
            judge=Judge(scrub=self._scrub, now=self.now),
            passes=Keys(),
            error_bytes=65_536,
            scrub=self._scrub,
        )
        self.exchange = Exchange(
            pool=self.pool,
            store=self.store,
            attempts=attempts,
            targets=TARGETS,
            gate=Gate(self.pool.clients, Brake(), self.now),
            heartbeat=self._heartbeat,
            terms=lambda: self.terms,
            now=self.now,
            finished=self.finished.append,
        )
        self.budget = BufferBudget(tuned.pop("buffered_bytes", 4_194_304))
        self.patience = Patience(
            idle_s=tuned.pop("idle_connection_s", 120.0),
            header_s=tuned.pop("header_s", 15.0),
            body_s=tuned.pop("body_s", 60.0),
            write_s=tuned.pop("write_s", 120.0),
        )
        self._connections_max = tuned.pop("connections_max", 100)
        self.clients = ClientConnections(
            self._context(limits), connections_max=lambda: self._connections_max, peer_of=lambda _, peer: tcp_peer(peer)
        )
        assert not tuned, f"not known here: {list(tuned)}"

    def _context(self, limits: HttpLimits) -> Context:
        return Context(
            dispatch=self._dispatch,
            limits=limits,
            patience=self.patience,
            budget=self.budget,
            alarms=self._alarms,
            departures=self._departures,
            calls=self.calls,
            next_request_id=self._next_request_id,
            date=lambda: (b"date", b"Sat, 21 Nov 2026 00:00:00 GMT"),
            is_stopping=lambda: self.is_stopping,
            crashed=lambda _, crash: self.crashes.append(crash),
            cors=lambda _: (),
        )

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        (listener,) = listen_tcp("127.0.0.1", 0)
        self._port = listener.getsockname()[1]
        with listener:
            async with trio.open_nursery() as nursery:
                for part in (self._alarms.run, self._heartbeat.run, self._departures.run):
                    nursery.start_soon(part)
                nursery.start_soon(self.clients.accept, listener, nursery)
                task_status.started()

    # the clock -----------------------------------------------------------------------------------------------------------

    def now(self) -> float:
        return EPOCH + self.elapsed_s + self._slept_s

    def sleep_through(self, seconds: float) -> None:
        """The machine sleeps: the time of day moves on, and nothing else. A day that nobody has to live through."""
        self._slept_s += seconds

    def set_clock(self, by_s: float) -> None:
        """Somebody sets the time of day, forward or back."""
        self._slept_s += by_s

    @property
    def elapsed_s(self) -> float:
        return trio.current_time() - self._began

    # providers -----------------------------------------------------------------------------------------------------------

    async def provider(
        self,
        name: str,
        *behaviours: Behave,
        keys: Sequence[str] = ("",),
        rules: Rules | None = None,
        wire: Wire | None = None,
        **row: Any,
    ) -> Upstream:
        """A provider that does *behaviours* one after the other, with as many keys as *keys* has (named `alpha-key-1` …)."""
        script: Behave = behaviours[0] if len(behaviours) == 1 else behaviours  # type: ignore[assignment]
        upstream = Upstream(script, rules=rules or Rules(), wire=wire)
        await self._nursery.start(upstream.serve)
        self.add(name, upstream.base_url, keys, **row)
        return upstream

    def add(self, name: str, base_url: str, keys: Sequence[str] = ("",), **row: Any) -> None:
        """A provider that is reached at *base_url*."""
        fields = {"models": ("model-x",), "cost_class": "free", "discover": False, **row}
        self._providers[name] = Provider(name=name, base_url=base_url, **fields)
        self._credentials[name] = tuple(_credential(name, key or f"{name}-key-{number}") for number, key in enumerate(keys, 1))
        self.pool.apply(RosterChanged(roster=self._roster()), self.now())

    def _roster(self) -> Roster:
        return Roster(
            generation=len(self._providers),
            own_name="hermes-router",
            providers=dict(self._providers),
            credentials=dict(self._credentials),
            modes={},
            mode=self._mode,
            listed=who_lists(self._providers, {}),
        )

    def _scrub(self, text: str) -> str:
        return scrub(text, [credential.secret for group in self._credentials.values() for credential in group])

    # clients -------------------------------------------------------------------------------------------------------------

    def _next_request_id(self) -> str:
        self._request_number += 1
        return f"req-{self._request_number}"

    def _dispatch(self, head: RequestHead) -> Endpoint:
        if head.path == "/v1/chat/completions":
            return partial(self.exchange.serve, opening=always(self.chat_dialect))
        opening = self._openings.get(head.path)
        if opening is not None:
            return partial(self.exchange.serve, opening=opening)
        return _crash if head.path == "/crash" else _health

    async def client(self) -> Client:
        """A connection; it is closed with the world at the latest."""
        client = Client(await trio.open_tcp_stream("127.0.0.1", self._port))
        self._clients.append(client)
        return client

    async def post(self, body: Any, *, headers: str = "", key: str = "client-key-one-not-real", path: str = "") -> Reply:
        """One request on a connection of its own."""
        client = await self.client()
        try:
            return await client.ask(body, key=key, headers=headers, path=path or "/v1/chat/completions")
        finally:
            await client.leave()

    async def chat(self, model: str = "model-x", *, stream: bool = False, headers: str = "", **fields: Any) -> Reply:
        asked = {"model": model, "messages": HELLO, **({"stream": True} if stream else {}), **fields}
        return await self.post(asked, headers=headers)

    async def ask(self, model: str = "model-x", *, stream: bool = False, **fields: Any) -> str:
        """What the model says; the reply must be a good one."""
        reply = await self.chat(model, stream=stream, **fields)
        assert reply.status == 200, reply.body
        assert not reply.is_cut
        return reply.text

    async def begin(self, model: str = "model-x", *, stream: bool = True, **fields: Any) -> Client:
        """Send a request and do not read its reply yet."""
        client = await self.client()
        asked = {"model": model, "messages": HELLO, **({"stream": True} if stream else {}), **fields}
        await client.send(chat_bytes(asked))
        return client

    def blocks(self) -> list[tuple[str, str, float, str]]:
        """Kind of scope, reason, seconds from now and source of every block in force."""
        now = self.now()
        blocks = sorted(self.pool.snapshot(now).blocks, key=lambda block: block.set_at)
        return [
            (block.scope.partition(":")[0], block.reason, round(block.until - now, 3), block.source.value)
            for block in blocks
            if block.until > now
        ]

    def close_clients(self) -> None:
        for client in self._clients:
            client.stream.socket.close()

    def limit_connections(self, count: int) -> None:
        self._connections_max = count

    # the laws ------------------------------------------------------------------------------------------------------------

    async def come_to_rest(self) -> None:
        """Until no call is being served."""
        while self.calls:  # noqa: ASYNC110 - nobody tells the test when a call ends
            await trio.sleep(0.1)

    def check_laws(self) -> None:
        assert self.crashes == []
        self.check_ledger()
        recorded = Counter(row.request_id for row in self.store.given if isinstance(row, Entry))
        assert set(recorded.values()) <= {1}, "an exchange has one journal entry"
        assert self.budget.held == 0, "what was held for calls is given back"

    def check_ledger(self) -> None:
        in_flight = self.pool.snapshot(self.now()).in_flight
        assert not any(in_flight.values()), f"nothing is in flight when idle: {in_flight}"
        reserved = [row.id for row in self.store.given if isinstance(row, Reservation)]
        settled = [row.id for row in self.store.given if isinstance(row, Settlement)]
        assert sorted(reserved) == sorted(settled), "every reservation is settled exactly once"
        assert len(set(reserved)) == len(reserved), "no reservation is made twice"
        today = int(self.now() // 86400)
        for (client, day), charged in self.disk.charged.items():
            standing = self.pool.clients.standing(client, self.now())
            assert standing.at_once == 0, "nobody's request is under way"
            if day == today:
                counted = (standing.requests, standing.tokens, standing.cost_microusd)
                assert counted == (charged.requests, charged.tokens, charged.cost_microusd), "what is stored is what is known"


@asynccontextmanager
async def open_world(**tuned: Any) -> AsyncIterator[World]:
    async with trio.open_nursery() as nursery:
        world = World(nursery, **tuned)
        await nursery.start(world.run)
        try:
            yield world
        finally:
            world.close_clients()
        with trio.fail_after(10_000):
            await world.come_to_rest()
        world.check_laws()
        world.upstream.drop_idle()
        nursery.cancel_scope.cancel()


def _credential(provider: str, key: str) -> Credential:
    secret = Secret(key, provider)
    account_id = key.replace("-key-", "-account-")  # read where accounts sign in, and there alone
    return Credential(
        provider=provider, fingerprint=secret.fingerprint, secret=secret, source="auth.json", account_id=account_id
    )


async def _health(call: Call) -> None:
    headers: list[Header] = [JSON, (b"x-request-id", call.request_id.encode())]
    await call.reply(200, headers, msgspec.json.encode({"status": "ok"}))


async def _crash(call: Call) -> None:
    raise ZeroDivisionError("planted")
