"""The daemon: builds every object once, owns the nurseries; the order of its shutdown is its indentation.

support   heartbeat, departures, store, control socket      lasts longest
  served  client connections                                ends when the calls are over
    front listeners, watchers, look-ups                     ends at the first signal
"""

import email.utils
import gc
import errno
import os
import secrets
import signal
import socket
import time
import traceback
from collections.abc import Callable
from functools import partial

import msgspec
import trio

from hrd import __version__
from hrd.admin.finished import Finished
from hrd.admin.server import admin_dispatch, may_control
from hrd.admin.status import DaemonFacts
from hrd.configuration.assemble import Assembled, Demo, assemble
from hrd.configuration.live import Configuration, watch
from hrd.core.facts import RosterChanged
from hrd.core.journal import Entry
from hrd.core.providers import CostClass, Credential, Provider
from hrd.core.remembered import AccountNamed, Discovered, Remembered, Row
from hrd.core.secrets import Secret, scrub
from hrd.demo.serve import serve_demo
from hrd.dialects import embeddings, openai_chat
from hrd.downstream import call as call_
from hrd.downstream.call import Call
from hrd.downstream.context import BufferBudget, Context, Header, Patience
from hrd.downstream.departures import Departures
from hrd.downstream.heartbeat import Heartbeat
from hrd.downstream.listeners import Connections, listen_tcp, listen_unix
from hrd.downstream.peers import tcp_peer, unix_peer
from hrd.exchange import Exchange, Terms
from hrd.http.alarms import Alarms
from hrd.http.limits import HttpLimits
from hrd.logbook import Logbook
from hrd.metrics import Gauges, Metrics
from hrd.pages import cors_of, public_dispatch
from hrd.pool import Pool, PoolRules
from hrd.settings import Settings
from hrd.store.sqlite import SqliteStore
from hrd.upstream.attempt import AttemptLimits, Attempts
from hrd.upstream.connections import Connections as UpstreamConnections
from hrd.upstream.connections import Dialer
from hrd.upstream.heads import Heads
from hrd.upstream.lookups import LookupFailed, read_models
from hrd.upstream.trust import SystemTrust

USER_AGENT = f"hermes-router/{__version__}"
FLUSH_S = 2.0
CLOCK_CHECK_S = 10.0
GOODBYE_S = 3.0
"""How long cancelled calls may take to say why, when we stop."""
LOOKUP_DELAY_S = 2.0
LOOKUP_RETRY_S = 3600.0
LOOKUP_CHECK_S = 60.0
GC_THRESHOLD = 20_000


class CannotListen(Exception):  # noqa: N818 - says what happened
    """The address that clients are to connect to is not to be had."""


class Daemon:
    """Everything that lives as long as the process."""

    def __init__(self, configuration: Configuration, store: SqliteStore, remembered: Remembered, *, demo_wanted: bool) -> None:
        settings = configuration.settings
        self._configuration = configuration
        self._store = store
        self._demo_wanted = demo_wanted
        self._demo: Demo | None = None
        self._discovered = {found.provider: found for found in remembered.discovered}
        self._accounts = {named.credential: named.account for named in remembered.accounts}
        self._generation = 0
        self._listening_on: list[tuple[str, int]] = [(settings.host, settings.port)]
        self._started_at = self.now()
        self._boot = secrets.token_hex(4)
        self._request_number = 0
        self._instance_id = secrets.token_hex(16).encode()
        self._stop = trio.Event()
        self._stop_now = trio.Event()
        self._look_up = trio.Event()
        self._rebind = trio.Event()
        self._date_second = 0
        self._date = (b"date", b"")
        self.log = Logbook(settings.log_level, configuration.secrets)
        self._calls: dict[int, Call] = {}
        self._assembled = self._assemble()
        self._pool = Pool(self._assembled.roster, pool_rules(settings), remembered)
        self._terms = self._make_terms()
        self._finished = Finished()
        self._metrics = Metrics(self._gauges)
        self._heartbeat = Heartbeat(settings.keepalive_seconds)
        self._departures = Departures()
        self._alarms = Alarms()
        self._trust = SystemTrust()
        self._upstream = UpstreamConnections(
            limits=http_limits(settings),
            idle_s=settings.upstream_idle_seconds,
            idle_max=settings.max_upstream_idle,
            connect=Dialer(self._trust).connect,
            alarms=self._alarms,
        )
        self._heads = Heads(instance_id=self._instance_id.decode(), user_agent=USER_AGENT, forwarded=self._assembled.forwarded)
        self._attempts = Attempts(
            connections=self._upstream,
            heads=self._heads,
            limits=AttemptLimits(connect_s=settings.connect_seconds, error_bytes=settings.max_error_bytes),
            scrub=self.scrub,
            now=self.now,
        )
        self._exchange = Exchange(
            pool=self._pool,
            store=store,
            attempts=self._attempts,
            heartbeat=self._heartbeat,
            terms=lambda: self._terms,
            now=self.now,
            finished=self._exchange_finished,
        )
        self._clients = self._make_clients(settings)
        self._control = self._make_control(settings)

    # one value out of many -----------------------------------------------------------------------------------------------

    @staticmethod
    def now() -> float:
        """Wall time, Unix seconds: for windows and timestamps. Deadlines go by trio's clock."""
        return time.time()

    def scrub(self, text: str) -> str:
        return scrub(text, self._configuration.secrets())

    def _assemble(self) -> Assembled:
        self._generation += 1
        return assemble(
            catalogue_text=self._configuration.catalogue_text,
            settings=self._configuration.settings,
            auth=self._configuration.auth,
            discovered=self._discovered,
            accounts=self._accounts,
            listening_on=self._listening_on,
            demo=self._demo,
            generation=self._generation,
        )

    def _make_terms(self) -> Terms:
        settings = self._configuration.settings
        return Terms(
            doorkeeper=self._assembled.doorkeeper,
            instance_id=self._instance_id,
            reply_s=settings.reply_seconds,
            slow_first_token_s=settings.slow_first_token_seconds,
            deadline_s=settings.deadline_seconds,
            stream_s=settings.stream_seconds,
            idle_s=settings.idle_seconds,
            reasoning_reserve_tokens=settings.reasoning_token_reserve,
        )

    def _make_clients(self, settings: Settings) -> Connections:
        dispatch = public_dispatch(
            posts={
                "/v1/chat/completions": partial(self._exchange.serve, dialect=openai_chat, path="/chat/completions"),
                "/v1/embeddings": partial(self._exchange.serve, dialect=embeddings, path="/embeddings"),
            },
            terms=lambda: self._terms,
            pool=self._pool,
            store=self._store,
            facts=self.facts,
            metrics=self._metrics,
            settings=lambda: self._configuration.settings,
            now=self.now,
        )
        context = self._context(settings, dispatch, cors=cors_of(lambda: self._configuration.settings.cors_origins))
        return Connections(
            context,
            connections_max=lambda: self._configuration.settings.max_connections,
            peer_of=lambda _, address: tcp_peer(address),
        )

    def _make_control(self, settings: Settings) -> Connections:
        dispatch = admin_dispatch(
            pool=self._pool,
            store=self._store,
            configuration=self._configuration,
            facts=self.facts,
            changed=self.changed,
            stop=self.stop,
            finished=self._finished,
            may_control=lambda peer: may_control(peer, os.geteuid(), control_gid(self._configuration.settings)),
            now=self.now,
        )
        return Connections(
            self._context(settings, dispatch, cors=lambda _: (), calls={}),
            connections_max=lambda: self._configuration.settings.max_control_connections,
            peer_of=lambda sock, _: unix_peer(sock),
        )

    def _context(self, settings: Settings, dispatch: object, *, cors: object, calls: dict[int, Call] | None = None) -> Context:
        return Context(
            dispatch=dispatch,  # type: ignore[arg-type]
            limits=http_limits(settings),
            patience=Patience(
                idle_s=settings.idle_connection_seconds,
                header_s=settings.header_seconds,
                body_s=settings.body_seconds,
                write_s=settings.client_write_seconds,
            ),
            budget=BufferBudget(settings.max_buffered_bytes),
            alarms=self._alarms,
            departures=self._departures,
            calls=self._calls if calls is None else calls,
            next_request_id=self._next_request_id,
            date=self._date_header,
            is_stopping=self._stop.is_set,
            crashed=self._crashed,
            cors=cors,  # type: ignore[arg-type]
        )

    # what others ask -----------------------------------------------------------------------------------------------------

    def facts(self) -> DaemonFacts:
        """What `hr status` says of the process itself."""
        host, port = self._listening_on[0]
        return DaemonFacts(
            version=__version__,
            pid=os.getpid(),
            uptime_s=self.now() - self._started_at,
            endpoint=endpoint_url(host, port),
            listening=not self._stop.is_set(),
            draining=self._stop.is_set(),
            in_flight=len(self._calls),
            connections=len(self._clients.open),
            troubles=self._configuration.troubles,
        )

    def _gauges(self) -> Gauges:
        now = self.now()
        snapshot = self._pool.snapshot(now)
        return Gauges(
            uptime_s=now - self._started_at,
            in_flight=len(self._calls),
            connections=len(self._clients.open),
            blocks=sum(block.until > now for block in snapshot.blocks),
            rows_waiting=self._store.health().rows_waiting,
        )

    def _next_request_id(self) -> str:
        self._request_number += 1
        return f"req-{self._boot}-{self._request_number:x}"

    def _date_header(self) -> Header:
        second = int(time.time())
        if second != self._date_second:
            self._date_second = second
            self._date = (b"date", email.utils.formatdate(second, usegmt=True).encode())
        return self._date

    def _exchange_finished(self, entry: Entry) -> None:
        self._metrics.finished(entry)
        self._finished.tell(entry)
        self.log.exchange(entry)

    def _crashed(self, call: Call, crash: BaseException) -> None:
        """An error that nobody foresaw: enough to find it by, nothing of the request."""
        frames = traceback.extract_tb(crash.__traceback__)[-6:]
        where = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(frames))
        self.log.error("crashed", request=call.request_id, error=f"{type(crash).__name__}: {crash}", where=where)

    # changes while it lives ----------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Settings or credentials are others now: new requests go by them, running ones keep what they began with."""
        settings = self._configuration.settings
        for trouble in self._configuration.troubles:
            self.log.warning("configuration not taken", problem=trouble)
        self._assembled = self._assemble()
        self._pool.rules = pool_rules(settings)
        self._store.commit_nowait(self._pool.apply(RosterChanged(roster=self._assembled.roster), self.now()))
        self._terms = self._make_terms()
        self._heads.forward(self._assembled.forwarded)
        self._heartbeat.every_s = settings.keepalive_seconds
        self.log.set_level(settings.log_level)
        self._rebind.set()
        self._look_up.set()

    def stop(self) -> None:
        """Finish what runs, then end; a second time: end at once."""
        if self._stop.is_set():
            self._stop_now.set()
        self._stop.set()

    # running -------------------------------------------------------------------------------------------------------------

    async def run(self, control_path: str, ready: Callable[["Daemon"], None]) -> None:
        """Serve until told to stop. Raises `CannotListen` when the address or the control socket is not to be had."""
        calm_collector()
        first = self._bind()
        control = bind_control(control_path, self._configuration.settings)
        async with trio.open_nursery() as support:
            for part in (self._alarms.run, self._heartbeat.run, self._departures.run, self._store.housekeep, self._flush):
                support.start_soon(part)
            if self._demo_wanted:
                await self._start_demo(support)
            support.start_soon(self._control.accept, control, support)
            await self._serve(first, support, ready)
            support.cancel_scope.cancel()
        control.close()
        remove_own_socket(control_path)
        self._upstream.drop_idle()
        self._store.close()

    async def _serve(self, first: list[socket.socket], support: trio.Nursery, ready: Callable[["Daemon"], None]) -> None:
        async with trio.open_nursery() as served:
            async with trio.open_nursery() as front:
                front.start_soon(self._keep_listening, first, served)
                front.start_soon(self._take_signals)
                front.start_soon(watch, self._configuration, self.changed)
                front.start_soon(self._watch_clock)
                front.start_soon(self._look_up_models)
                ready(self)
                await self._stop.wait()
                front.cancel_scope.cancel()
            support.start_soon(self._take_signals)
            await self._drain()
            served.cancel_scope.cancel()

    async def _drain(self) -> None:
        """Let running calls finish, for STOP_SECONDS; then they hear why they end."""
        settings = self._configuration.settings
        self.log.info("stopping", in_flight=len(self._calls))
        self._clients.close_idle()
        with trio.move_on_after(settings.stop_seconds):
            async with trio.open_nursery() as waiting:
                waiting.start_soon(self._cancel_when_asked, waiting.cancel_scope)
                while self._calls:
                    await trio.sleep(0.02)
                waiting.cancel_scope.cancel()
        for call in list(self._calls.values()):
            call.cancel(call_.STOPPING)
        with trio.move_on_after(GOODBYE_S):
            while self._calls:
                await trio.sleep(0.02)

    async def _cancel_when_asked(self, scope: trio.CancelScope) -> None:
        await self._stop_now.wait()
        scope.cancel()

    async def _take_signals(self) -> None:
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as received:
            async for number in received:
                if number == signal.SIGHUP:
                    self._configuration.reload()
                    self.changed()
                else:
                    self.stop()

    # listening -----------------------------------------------------------------------------------------------------------

    def _bind(self) -> list[socket.socket]:
        settings = self._configuration.settings
        try:
            sockets = listen_tcp(settings.host, settings.port)
        except (OSError, UnicodeError) as error:
            raise CannotListen(cannot_listen(settings, error)) from None
        port = sockets[0].getsockname()[1]
        self._listening_on = [(settings.host, port), *((sock.getsockname()[0], port) for sock in sockets)]
        return sockets

    async def _keep_listening(self, sockets: list[socket.socket], served: trio.Nursery) -> None:
        """Accept; when HOST or PORT change, listen there first and only then stop listening here."""
        settings = self._configuration.settings
        address = (settings.host, settings.port)
        try:
            while True:
                async with trio.open_nursery() as accepting:
                    for sock in sockets:
                        accepting.start_soon(self._clients.accept, sock, served)
                    found, address = await self._wait_for_other_address(address)
                    accepting.cancel_scope.cancel()
                for sock in sockets:
                    sock.close()
                sockets = found
                self.changed()
                self.log.info("listening", endpoint=self.facts().endpoint)
        finally:
            for sock in sockets:
                sock.close()

    async def _wait_for_other_address(self, address: tuple[str, int]) -> tuple[list[socket.socket], tuple[str, int]]:
        while True:
            self._rebind = trio.Event()
            await self._rebind.wait()
            settings = self._configuration.settings
            wanted = (settings.host, settings.port)
            if wanted == address:
                continue
            before = self._listening_on
            try:
                return self._bind(), wanted
            except CannotListen as error:
                self._listening_on = before
                self.log.warning("still listening at the old address", problem=str(error))
                address = wanted

    # in the background ---------------------------------------------------------------------------------------------------

    async def _flush(self) -> None:
        """Store what changes too often to be stored at once; tell when the store falls ill or recovers."""
        state = "ok"
        while True:
            await trio.sleep(FLUSH_S)
            rows = self._pool.take_unsaved(self.now())
            if rows:
                self._store.commit_nowait(rows)
            self._upstream.drop_expired()
            health = self._store.health()
            if health.state != state:
                state = health.state
                self.log.warning("store", state=state, message=health.message)

    async def _watch_clock(self) -> None:
        """Wall time that outruns the monotonic clock means that the machine slept: idle connections are dead by now."""
        wall, mono = time.time(), trio.current_time()
        while True:
            await trio.sleep(CLOCK_CHECK_S)
            wall_now, mono_now = time.time(), trio.current_time()
            if (wall_now - wall) - (mono_now - mono) > self._configuration.settings.sleep_gap_seconds:
                self.log.info("the machine slept: idle connections to providers are dropped")
                self._upstream.drop_idle()
            wall, mono = wall_now, mono_now

    async def _look_up_models(self) -> None:
        """Read each provider's list of models now and then, one at a time, never in a request's way."""
        failed_at: dict[str, float] = {}
        await trio.sleep(LOOKUP_DELAY_S)
        while True:
            rows: list[Row] = []
            for provider, credential in self._lists_due(failed_at):
                found = await read_models(
                    provider,
                    credential,
                    hop=self._instance_id,
                    user_agent=USER_AGENT,
                    models_max=self._configuration.settings.max_models_discovered,
                    trust=self._trust,
                    now=self.now,
                )
                if isinstance(found, LookupFailed):
                    failed_at[provider.name] = self.now()
                    self.log.debug("no list of models", provider=provider.name, reason=found.reason)
                else:
                    self._discovered[provider.name] = found
                    rows.append(found)
            if rows:
                self._store.commit_nowait(rows)
                self._assembled = self._assemble()
                self._store.commit_nowait(self._pool.apply(RosterChanged(roster=self._assembled.roster), self.now()))
            self._look_up = trio.Event()
            with trio.move_on_after(LOOKUP_CHECK_S):
                await self._look_up.wait()

    def _lists_due(self, failed_at: dict[str, float]) -> list[tuple[Provider, Credential]]:
        now, roster = self.now(), self._pool.roster
        due = []
        for name in roster.enabled:
            provider = roster.providers[name]
            known = self._discovered.get(name)
            is_fresh = known is not None and now - known.at < self._configuration.settings.discovery_seconds
            if provider.discover and not is_fresh and now - failed_at.get(name, 0.0) > LOOKUP_RETRY_S:
                due.append((provider, roster.credentials[name][0]))
        return due

    async def _start_demo(self, support: trio.Nursery) -> None:
        addresses = await support.start(serve_demo)
        providers: list[Provider] = []
        credentials: dict[str, tuple[Credential, ...]] = {}
        for address in addresses:
            key = Secret(f"demo-key-of-{address.name}", address.name)
            providers.append(
                Provider(
                    name=address.name,
                    base_url=address.base_url,
                    models=(address.model,),
                    embed_model=f"{address.model}-embeddings",
                    cost_class="free",
                    discover=False,
                    demo=True,
                )
            )
            credentials[address.name] = (
                Credential(
                    provider=address.name,
                    fingerprint=key.fingerprint,
                    secret=key,
                    source="built in",
                    cost_class=CostClass.FREE,
                ),
            )
        self._demo = Demo(providers=tuple(providers), credentials=credentials)
        self.changed()


def calm_collector() -> None:
    """What was made so far lives for ever; what requests make is freed by counting. Full collections cost tens of milliseconds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 20)


def pool_rules(settings: Settings) -> PoolRules:
    return PoolRules(
        cost_policy=settings.cost_policy,
        max_wait_s=settings.max_wait_seconds,
        breaker_window=settings.breaker_window,
        breaker_samples_min=settings.breaker_min_samples,
        breaker_error_rate=settings.breaker_error_rate,
        breaker_cooldown_s=settings.breaker_cooldown,
    )


def http_limits(settings: Settings) -> HttpLimits:
    return HttpLimits(
        request_line_bytes=settings.max_request_line_bytes,
        head_bytes=settings.max_head_bytes,
        headers_count=settings.max_headers,
        body_bytes=settings.max_request_bytes,
        reply_body_bytes=settings.max_reply_bytes,
    )


def endpoint_url(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - shown, not bound
    return f"http://{shown}:{port}"


def cannot_listen(settings: Settings, error: OSError | UnicodeError) -> str:
    """Why the address that clients connect to is not to be had, and what to set instead."""
    what = f"cannot listen on {settings.host} port {settings.port}"
    if isinstance(error, socket.gaierror):
        return f"{what}: no such host; set HOST to an address of this machine, such as 127.0.0.1"
    match error.errno if isinstance(error, OSError) else None:
        case errno.EADDRINUSE:
            return f"{what}: another program listens there; end it (who: ss -ltnp), or take another: PORT=8320 hrd"
        case errno.EADDRNOTAVAIL:
            return f"{what}: this machine has no such address; set HOST to one that it has, such as 127.0.0.1"
        case errno.EACCES:
            return f"{what}: that port is for root alone; take another: PORT=8320 hrd"
        case _:
            return f"{what}: {error.strerror or error if isinstance(error, OSError) else error}"


def control_gid(settings: Settings) -> int | None:
    """The group that may use the control socket, if one is set."""
    if not settings.control_group:
        return None
    import grp  # noqa: PLC0415 - only where a group is set

    try:
        return grp.getgrnam(settings.control_group).gr_gid
    except KeyError:
        return int(settings.control_group) if settings.control_group.isdecimal() else None


def bind_control(path: str, settings: Settings) -> socket.socket:
    group = control_gid(settings)
    try:
        return listen_unix(path, 0o600 if group is None else 0o660, group)
    except OSError as error:
        raise CannotListen(f"cannot open the control socket {path}: {error.strerror or error}") from None


def remove_own_socket(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
