"""The daemon: builds every object once, owns the nurseries; the order of its shutdown is its indentation.

support   heartbeat, departures, store, signals, control    lasts longest
  served  client connections                                ends when the calls are over
    front listeners, watchers, look-ups                     ends at the first signal
"""

import email.utils
import os
import secrets
import signal
import socket
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec
import trio

from hrd import __version__, bounds
from hrd.admin.finished import Finished
from hrd.admin.server import admin_dispatch, may_control
from hrd.admin.status import DaemonFacts
from hrd.admin.wire.status import Finishing
from hrd.configuration.assemble import Assembled
from hrd.configuration.demo import demo_of
from hrd.configuration.generations import Generations
from hrd.configuration.live import Configuration, watch
from hrd.core import inquiries
from hrd.core.brake import Brake
from hrd.core.facts import LookedUp, RosterChanged, SignedIn
from hrd.core.journal import Entry
from hrd.core.providers import Candidate, Credential, Provider
from hrd.core.remembered import AccountNamed, Discovered, Remembered, Row
from hrd.core.response_book import ResponseBook
from hrd.core.secrets import Lookout, scrub
from hrd.core.strangers import Strangers
from hrd.demo.serve import serve_demo
from hrd.dialects.spoken import TARGETS, openings
from hrd.downstream.call import Call, Endpoint
from hrd.downstream.context import BufferBudget, Context, Header
from hrd.downstream.departures import Departures
from hrd.downstream.doors import ClientDoor, ControlDoor, endpoint_url, gid_of
from hrd.downstream.drain import drain
from hrd.downstream.heartbeat import Heartbeat
from hrd.downstream.listeners import Connections
from hrd.downstream.peers import tcp_peer, unix_peer
from hrd.exchange import Exchange
from hrd.handover.giving import Belongings
from hrd.handover.inheritance import Inheritance
from hrd.handover.predecessors import Predecessors
from hrd.handover.succession import Succession
from hrd.handover.succession import Terms as SuccessionTerms
from hrd.handover.successor import Successor
from hrd.http.alarms import Alarms
from hrd.http.messages import RequestHead
from hrd.logbook import Logbook
from hrd.metrics import Gauges, Metrics
from hrd.notify import Notify
from hrd.pages import cors_of, public_dispatch
from hrd.pool import Pool
from hrd.settings import Settings
from hrd.signals import Signals
from hrd.store.contract import Process, Store
from hrd.store.lock import Lock
from hrd.trip.gate import Gate
from hrd.trip.terms import Terms
from hrd.upstream.accounts.accounts import Accounts
from hrd.upstream.accounts.keeping import RENEWED, Keeping
from hrd.upstream.accounts.renewal import Renewal
from hrd.upstream.accounts.server import LoginServer
from hrd.upstream.accounts.signing_in import SigningIn
from hrd.upstream.attempt import Attempts
from hrd.upstream.connections import Connections as UpstreamConnections
from hrd.upstream.connections import Dialer
from hrd.upstream.general import General
from hrd.upstream.heads import Heads
from hrd.upstream.inquiring import Inquiries
from hrd.upstream.lookups import LookupFailed, ModelLookups
from hrd.upstream.proxies import proxies_of
from hrd.upstream.trust import SystemTrust
from hrd.waking import watch_clock

USER_AGENT = f"hermes-router/{__version__}"
FLUSH_S = 2.0
STATUS_S = 5.0
"""How often a supervisor is told how things are."""
CONTROL_GOODBYE_S = 5.0


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What the process found when it began."""

    process: Process
    environ: Mapping[str, str]
    lock: Lock
    notify: Notify
    schema: int
    """Which layout the database has."""


class Daemon:
    """Everything that lives as long as the process."""

    def __init__(
        self,
        configuration: Configuration,
        store: Store,
        remembered: Remembered,
        surroundings: Surroundings,
        *,
        now: Callable[[], float],
        demo_wanted: bool,
    ) -> None:
        """*now*: wall time, Unix seconds, for windows and timestamps. Deadlines go by trio's clock."""
        settings = configuration.settings
        self.now = now
        self._surroundings = surroundings
        self._notify = surroundings.notify
        self._configuration = configuration
        self._store = store
        self._demo_wanted = demo_wanted
        self._generations = Generations(configuration, remembered.discovered, remembered.accounts)
        self._door = ClientDoor(lambda: self._clients, self._wanted_address)
        self._control_door = ControlDoor(configuration.places.control_socket, self._control_gid)
        self._started_at = self.now()
        self._boot = secrets.token_hex(4)
        self._request_number = 0
        self._instance_id = secrets.token_hex(16).encode()
        self._stop = trio.Event()
        self._stop_now = trio.Event()
        self._signals = Signals()
        self._control_accepting = trio.CancelScope()
        self._date_second = 0
        self._date = (b"date", b"")
        self.log = Logbook(settings.log_level, configuration.secrets)
        self._calls: dict[int, Call] = {}
        self._control_calls: dict[int, Call] = {}
        self._assembled = self._generations.next(self._door.listening_on)
        self._pool = Pool(self._assembled.roster, bounds.pool_rules(settings), remembered)
        self._strangers = Strangers()
        self._terms = self._make_terms()
        self._finished = Finished()
        self._metrics = Metrics(self._gauges)
        self._heartbeat = Heartbeat(settings.keepalive_seconds)
        self._departures = Departures()
        self._alarms = Alarms()
        self._trust = SystemTrust()
        self._dialer = Dialer(self._trust)
        self._upstream = UpstreamConnections(
            limits=bounds.connection_limits(settings),
            connect=self._dialer.connect,
            alarms=self._alarms,
        )
        self._heads = Heads(
            instance_id=self._instance_id.decode(),
            user_agent=USER_AGENT,
            forwarded=self._assembled.forwarded,
            proxies=proxies_of(settings),
        )
        general = General(
            hop=self._instance_id,
            user_agent=USER_AGENT,
            trust=self._trust,
            proxies=lambda: proxies_of(self._configuration.settings),
        )
        self._login_server = LoginServer(general, lambda: bounds.login_server_terms(self._configuration.settings), self.scrub)
        self._accounts = self._make_accounts()
        self._lookups = ModelLookups(
            general=general,
            passes=self._accounts,
            now=self.now,
            due=self._lists_due,
            models_max=lambda: self._configuration.settings.max_models_discovered,
        )
        self._inquiries = Inquiries(
            general=general,
            passes=self._accounts,
            now=self.now,
            due=self._inquiries_due,
            told=self._looked_up,
            not_told=self._not_told,
        )
        self._attempts = Attempts(
            connections=self._upstream,
            heads=self._heads,
            passes=self._accounts,
            limits=bounds.attempt_limits(settings),
            scrub=self.scrub,
            now=self.now,
        )
        self._brake = Brake()
        self._responses = ResponseBook(settings.responses_kept_bytes, settings.responses_kept_seconds)
        self._exchange = Exchange(
            pool=self._pool,
            store=store,
            attempts=self._attempts,
            targets=TARGETS,
            gate=Gate(self._pool.clients, self._brake, self.now),
            heartbeat=self._heartbeat,
            terms=lambda: self._terms,
            now=self.now,
            finished=self._exchange_finished,
        )
        self._clients = self._make_clients(settings)
        self._control = self._make_control(settings)
        self._predecessors = Predecessors(
            pool=self._pool,
            store=store,
            now=self.now,
            adopt=self._adopt_client,
            finished=self._finished_elsewhere,
            stop=self.stop,
        )
        self._succession = self._make_succession()

    # one value out of many -----------------------------------------------------------------------------------------------

    def scrub(self, text: str) -> str:
        return scrub(text, (*self._configuration.secrets(), *self._accounts.secrets()))

    def _wanted_address(self) -> tuple[str, int]:
        return self._configuration.settings.host, self._configuration.settings.port

    def _control_gid(self) -> int | None:
        return gid_of(self._configuration.settings.control_group)

    def _make_terms(self) -> Terms:
        settings = self._configuration.settings
        return Terms(
            doorkeeper=self._assembled.doorkeeper,
            strangers=self._strangers,
            auth_failures_max=settings.max_auth_failures,
            instance_id=self._instance_id,
            reply_s=settings.reply_seconds,
            slow_first_token_s=settings.slow_first_token_seconds,
            deadline_s=settings.deadline_seconds,
            stream_s=settings.stream_seconds,
            idle_s=settings.idle_seconds,
            event_bytes_max=settings.max_event_bytes,
            waiting_max=settings.max_waiting_requests,
            reasoning_reserve_tokens=settings.reasoning_token_reserve,
            prices=self._assembled.prices,
            brake_rules=bounds.brake_rules(settings),
            secrets=Lookout(self._configuration.secrets()),
        )

    def _make_accounts(self) -> Accounts:
        keeping = Keeping(self._configuration, self.now, self._account_told)
        folder = Path(self._configuration.places.auth_json).parent
        return Accounts(
            keeping,
            Renewal(keeping, self._login_server, folder, self.now),
            early_s=lambda: self._configuration.settings.codex_renew_seconds,
            now=self.now,
        )

    def _make_clients(self, settings: Settings) -> Connections:
        dispatch = public_dispatch(
            posts={
                endpoint: partial(self._exchange.serve, opening=opening)
                for endpoint, opening in openings(self._responses, self.now)
            },
            terms=lambda: self._terms,
            pool=self._pool,
            store=self._store,
            facts=self.facts,
            metrics=self._metrics,
            settings=lambda: self._configuration.settings,
            now=self.now,
        )
        cors = cors_of(lambda: self._configuration.settings.cors_origins)
        context = self._context(settings, dispatch, cors, self._calls, self._stop.is_set)
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
            discovered=self._generations.discovered,
            facts=self.facts,
            listening_on=lambda: self._door.listening_on,
            connect=self._dialer.connect,
            changed=self.changed,
            stop=self.stop,
            restart=lambda: self._succession.restart(),  # noqa: PLW0108 - made last, because it holds all of these
            accounts=self._accounts,
            signing_in=SigningIn(
                self._login_server,
                within_s=lambda: self._configuration.settings.codex_login_seconds,
                ports=lambda: self._configuration.settings.codex_callback_ports,
                now=self.now,
            ),
            finished=self._finished,
            reset=self._brake.release,
            may_control=lambda peer: may_control(peer, os.geteuid(), self._control_gid()),
            now=self.now,
        )
        return Connections(
            self._context(
                settings, dispatch, lambda _: (), self._control_calls, lambda: False
            ),  # `hr` is answered until the very end
            connections_max=lambda: self._configuration.settings.max_control_connections,
            peer_of=lambda sock, _: unix_peer(sock),
        )

    def _make_succession(self) -> Succession:
        surroundings = self._surroundings
        terms = SuccessionTerms(
            settings=lambda: self._configuration.settings,
            status_line=self._status_line,
            claims_wait_for=self._claims_wait_for,
            stop=self._stop,
            stop_now=self._stop_now,
            leave_signals=self._signals.leave,
            calls=self._calls,
            control_calls=self._control_calls,
            lock=surroundings.lock,
            lock_path=Path(self._configuration.places.lock),
        )
        what = Belongings(
            process=surroundings.process,
            schema=surroundings.schema,
            lock=surroundings.lock.fileno(),
            door=self._door,
            control_door=self._control_door,
            clients=self._clients,
            control=self._control,
            predecessors=self._predecessors,
        )
        return Succession(
            terms,
            what,
            environ=surroundings.environ,
            pool=self._pool,
            store=self._store,
            now=self.now,
            notify=self._notify,
            log=self.log,
        )

    def _context(
        self,
        settings: Settings,
        dispatch: Callable[[RequestHead], Endpoint],
        cors: Callable[[RequestHead], tuple[Header, ...]],
        calls: dict[int, Call],
        is_stopping: Callable[[], bool],
    ) -> Context:
        return Context(
            dispatch=dispatch,
            limits=bounds.http_limits(settings),
            patience=bounds.patience(settings),
            budget=BufferBudget(settings.max_buffered_bytes),
            alarms=self._alarms,
            departures=self._departures,
            calls=calls,
            next_request_id=self._next_request_id,
            date=self._date_header,
            is_stopping=is_stopping,
            crashed=self._crashed,
            cors=cors,
        )

    # what others ask -----------------------------------------------------------------------------------------------------

    def facts(self) -> DaemonFacts:
        """What `hr status` says of the process itself."""
        host, port = self._door.listening_on[0]
        return DaemonFacts(
            version=__version__,
            pid=os.getpid(),
            uptime_s=self.now() - self._started_at,
            endpoint=endpoint_url(host, port),
            listening=not self._stop.is_set(),
            draining=self._stop.is_set() and not self.is_handed_over,  # then the router goes on, and that is what is asked for
            in_flight=len(self._calls),
            connections=len(self._clients.open),
            finishing=tuple(
                Finishing(pid=one.pid, version=one.version, in_flight=one.in_flight, until=one.until)
                for one in self._predecessors.finishing()
            ),
            troubles=tuple(filter(None, (*self._configuration.troubles, self._door.trouble))),
            lapses=tuple(self._accounts.lapses()),
            unstored=tuple(self._accounts.unstored()),
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
        second = int(self.now())
        if second != self._date_second:
            self._date_second = second
            self._date = (b"date", email.utils.formatdate(second, usegmt=True).encode())
        return self._date

    def _exchange_finished(self, entry: Entry) -> None:
        self._metrics.finished(entry)
        self._finished.tell(entry)
        self.log.exchange(entry)

    def _crashed(self, call: Call | None, crash: BaseException) -> None:
        """An error that nobody foresaw: enough to find it by."""
        frames = traceback.extract_tb(crash.__traceback__)[-6:]
        where = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(frames))
        request_id = call.request_id if call is not None else ""
        self.log.error("crashed", request=request_id, error=f"{type(crash).__name__}: {crash}", where=where)

    # changes while it lives ----------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Settings or credentials are others now: new requests go by them, running ones keep what they began with."""
        settings = self._configuration.settings
        for trouble in self._configuration.troubles:
            self.log.warning("configuration not taken", problem=trouble)
        self._brake.release()
        self._pool.rules = bounds.pool_rules(settings)
        self._accounts.take()
        self._adopt(self._generations.next(self._door.listening_on))
        self._heartbeat.every_s = settings.keepalive_seconds
        self._upstream.limits = bounds.connection_limits(settings)
        self._attempts.limits = bounds.attempt_limits(settings)
        self._store.limits = bounds.store_limits(settings)
        self._responses.bytes_max, self._responses.kept_s = settings.responses_kept_bytes, settings.responses_kept_seconds
        for connections in (self._clients, self._control):
            connections.context.limits = bounds.http_limits(settings)
            connections.context.patience = bounds.patience(settings)
            connections.context.budget.bytes_max = settings.max_buffered_bytes
        self.log.set_level(settings.log_level)
        self._door.look_again()
        trouble = self._control_door.look_again()
        if trouble:
            self.log.warning("configuration not taken", problem=trouble)

    def _adopt(self, assembled: Assembled, learned: Sequence[Row] = ()) -> None:
        """Serve by *assembled* from now on; *learned* is stored in one with what follows from it."""
        self._assembled = assembled
        self._store.commit_nowait([*learned, *self._pool.apply(RosterChanged(roster=assembled.roster), self.now())])
        self._pool.clients.keep_only([caller.fingerprint for caller in assembled.doorkeeper.callers()], self.now())
        self._terms = self._make_terms()
        self._heads.renew(assembled.forwarded, proxies_of(self._configuration.settings))
        self._lookups.look_again()
        self._inquiries.keep_only(assembled.roster.fingerprints)

    def _learn(self, found: list[Discovered], named: list[AccountNamed]) -> None:
        """Model lists were read, or providers named the accounts of credentials."""
        if self._generations.learn(found, named):
            self._adopt(self._generations.next(self._door.listening_on), [*found, *named])
        else:
            self._store.commit_nowait([*found, *named])

    def _account_told(self, fingerprint: str, what: str) -> None:
        """The login of an account was renewed, or not."""
        if what != RENEWED:
            self.log.warning("login not renewed", credential=fingerprint, reason=what)
            return
        self.log.info("login renewed", credential=fingerprint)
        self._store.commit_nowait(self._pool.apply(SignedIn(credential=fingerprint), self.now()))
        self._terms = self._make_terms()

    def stop(self) -> None:
        """Finish what runs, then end; a second time: end at once."""
        if self.is_handed_over:
            self._succession.stop()
        elif self._stop.is_set():
            self._stop_now.set()
            self._predecessors.stop(0.0)
        self._stop.set()

    # another process -----------------------------------------------------------------------------------------------------

    @property
    def is_handed_over(self) -> bool:
        return self._succession.successor is not None

    def listen_on(self, sockets: list[socket.socket]) -> None:
        """On sockets that the supervisor opened, if there are any."""
        if sockets:
            self._door.adopt(sockets, None)

    def _claims_wait_for(self, successor: Successor | None) -> None:
        self._exchange.successor = successor

    def _adopt_client(self, connection: socket.socket) -> None:
        self._clients.adopt(connection, self._served)

    def _finished_elsewhere(self, entry: Entry) -> None:
        self._metrics.finished(entry)
        self._finished.tell(entry)

    # running -------------------------------------------------------------------------------------------------------------

    async def run(self, ready: Callable[["Daemon"], None], inheritance: Inheritance | None = None) -> None:
        """Serve until told to stop, or until another process does. Raises `CannotListen` when the address or the control socket
        is not to be had. With *inheritance* it takes over from another process, if it comes to that."""
        is_ours = inheritance is None
        try:
            if inheritance is not None:
                self._door.adopt(inheritance.listeners, inheritance.asked)
                self._control_door.adopt(inheritance.control)
            self._door.bind()
            control = self._control_door.bind()
            async with trio.open_nursery() as support:
                for part in (self._alarms.run, self._heartbeat.run, self._departures.run, self._store.housekeep, self._flush):
                    support.start_soon(part)
                if self._demo_wanted:
                    self._generations.demo = demo_of(await support.start(serve_demo))
                    self.changed()
                support.start_soon(self._take_signals)
                is_ours = inheritance is None or await inheritance.take()
                if is_ours:
                    support.start_soon(self._accept_control, control, support)
                    support.start_soon(self._tell_supervisor)
                    await self._serve(support, ready, inheritance)
                    self._save()
                support.cancel_scope.cancel()
        finally:
            self._door.close()
            if is_ours and not self.is_handed_over:
                self._control_door.close()
            else:
                self._control_door.leave()
            self._upstream.drop_idle()
            self._signals.close()
            self._store.close()

    async def _serve(self, support: trio.Nursery, ready: Callable[["Daemon"], None], inheritance: Inheritance | None) -> None:
        async with trio.open_nursery() as self._served:
            served = self._served
            async with trio.open_nursery() as front:
                if inheritance is not None:
                    self._predecessors.meet(inheritance.older)
                support.start_soon(self._predecessors.run)
                support.start_soon(self._accounts.run)
                front.start_soon(self._succession.run)
                front.start_soon(partial(self._door.keep, served, moved=self._moved, stayed=self._stayed))
                front.start_soon(watch, self._configuration, self.changed)
                front.start_soon(
                    partial(
                        watch_clock,
                        wall=self.now,
                        gap_s=lambda: self._configuration.settings.sleep_gap_seconds,
                        woke=self._woke,
                    )
                )
                front.start_soon(partial(self._lookups.run, found=lambda found: self._learn(found, []), failed=self._no_list))
                front.start_soon(self._inquiries.run)
                ready(self)
                self._notify.ready(self._status_line())
                if inheritance is not None:
                    self._door.look_again()
                await self._stop.wait()
                front.cancel_scope.cancel()
            successor = self._succession.successor
            if successor is not None:
                self._control_accepting.cancel()
                self._accounts.retire()
                await self._succession.finish(successor)
            else:
                await self._finish()
            served.cancel_scope.cancel()

    async def _finish(self) -> None:
        """Nobody takes over: what runs may take STOP_SECONDS, here and in former processes."""
        stop_s = self._configuration.settings.stop_seconds
        self.log.info("stopping", in_flight=len(self._calls))
        self._notify.stopping("stopping")
        self._succession.refuse()
        self._predecessors.stop(0.0 if self._stop_now.is_set() else stop_s)
        self._clients.close_idle()
        began = trio.current_time()
        await drain(self._calls, within_s=stop_s, at_once=self._stop_now)
        with trio.move_on_at(began + stop_s + CONTROL_GOODBYE_S):
            await self._predecessors.wait_gone()

    async def _take_signals(self) -> None:
        while True:
            number = await self._signals.receive()
            if number != signal.SIGHUP:
                self.stop()
            elif self.is_handed_over:
                self._succession.reload()
            else:
                self._configuration.reload()
                self.changed()

    def _moved(self) -> None:
        self.changed()
        self.log.info("listening", endpoint=self.facts().endpoint)

    def _stayed(self, why: str) -> None:
        self.log.warning("still listening at the old address", problem=why)

    # in the background ---------------------------------------------------------------------------------------------------

    async def _flush(self) -> None:
        """Store what changes too often to be stored at once; tell when the store falls ill or recovers."""
        state = "ok"
        while True:
            await trio.sleep(FLUSH_S)
            self._save()
            named = self._pool.take_named()
            if named:
                self._learn([], named)
            self._upstream.drop_expired()
            health = self._store.health()
            if health.state != state:
                state = health.state
                self.log.warning("store", state=state, message=health.message)

    def _save(self) -> None:
        rows = self._pool.take_unsaved(self.now())
        if rows:
            self._store.commit_nowait(rows)

    def _woke(self, slept_s: float) -> None:
        self.log.info("the machine slept: idle connections to providers are dropped", slept_s=round(slept_s))
        self._upstream.drop_idle()

    async def _accept_control(self, listener: socket.socket, support: trio.Nursery) -> None:
        with self._control_accepting:
            await self._control.accept(listener, support)
        self._control_door.leave()

    async def _tell_supervisor(self) -> None:
        """Signs of life, and a line worth reading."""
        if not self._notify.is_supervised:
            return
        every_s = min(self._notify.watchdog_s or STATUS_S, STATUS_S)
        while True:
            if self._notify.watchdog_s:
                self._notify.alive()
            if not self._stop.is_set() and not self._succession.is_under_way:
                self._notify.status(self._status_line())
            await trio.sleep(every_s)

    def _status_line(self) -> str:
        facts = self.facts()
        able = len(self._pool.roster.enabled)
        return f"{facts.endpoint}, {able} providers, {facts.in_flight} requests in flight"

    def _lists_due(self) -> list[tuple[Provider, Credential]]:
        now, roster, age_s = self.now(), self._pool.roster, self._configuration.settings.discovery_seconds
        due = []
        for name in roster.enabled:
            provider, known = roster.providers[name], self._generations.discovered.get(name)
            if provider.discover and (known is None or now - known.at >= age_s):
                due.append((provider, roster.credentials[name][0]))
        return due

    def _inquiries_due(self, asked_at: Mapping[str, float]) -> list[Candidate]:
        now, every_s = self.now(), self._configuration.settings.lookup_seconds
        roster = self._pool.roster
        if not every_s or not any(roster.providers[name].look_ups for name in roster.enabled):
            return []
        snapshot = self._pool.snapshot(now)
        return inquiries.due(
            snapshot.roster,
            snapshot.book,
            snapshot.blocks,
            asked_at=asked_at,
            requested_at=self._pool.requested_at,
            every_s=every_s,
            now=now,
        )

    def _looked_up(self, fact: LookedUp) -> None:
        self._store.commit_nowait(self._pool.apply(fact, self.now()))

    def _not_told(self, candidate: Candidate, why: str) -> None:
        self.log.debug("not told what is left", credential=candidate.credential.fingerprint, reason=why)

    def _no_list(self, failed: LookupFailed) -> None:
        self.log.debug("no list of models", provider=failed.provider, reason=failed.reason)
