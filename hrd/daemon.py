"""The daemon: builds every object once, owns the nurseries; the order of its shutdown is its indentation.

support   heartbeat, departures, store, signals, control    lasts longest
  served  client connections                                ends when the calls are over
    front listeners, watchers, look-ups                     ends at the first signal
"""

import os
import secrets
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec
import trio

from hrd import __version__, bounds
from hrd.admin.status import DaemonFacts
from hrd.admin.wire.status import Finishing
from hrd.clients_side import ClientsSide
from hrd.configuration.assemble import Assembled
from hrd.configuration.demo import demo_of
from hrd.configuration.generations import Generations
from hrd.configuration.live import Configuration, watch
from hrd.control_side import ControlSide
from hrd.core.facts import RosterChanged
from hrd.core.journal import Entry
from hrd.core.remembered import AccountNamed, Discovered, Remembered, Row
from hrd.demo.serve import serve_demo
from hrd.downstream.doors import ClientDoor, endpoint_url
from hrd.downstream.drain import drain
from hrd.handover.giving import Belongings
from hrd.handover.inheritance import Inheritance
from hrd.handover.predecessors import Predecessors
from hrd.handover.succession import Succession
from hrd.handover.succession import Terms as SuccessionTerms
from hrd.handover.successor import Successor
from hrd.http.alarms import Alarms
from hrd.logbook import Logbook
from hrd.metrics import Gauges, Metrics
from hrd.notify import Notify
from hrd.pool import Pool
from hrd.providers_side import ProvidersSide
from hrd.signals import Signals
from hrd.store.contract import Process, Store
from hrd.store.lock import Lock
from hrd.waking import watch_clock

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
        self._door = ClientDoor(lambda: self._clients.connections, self._wanted_address)
        self._started_at = _since_boot()
        self._stop = trio.Event()
        self._stop_now = trio.Event()
        self._signals = Signals()
        self.log = Logbook(settings.log_level, configuration.secrets)
        assembled = self._generations.next(self._door.listening_on)
        self._pool = Pool(assembled.roster, bounds.pool_rules(settings), remembered)
        self._metrics = Metrics(self._gauges)
        self._alarms = Alarms()
        hop = secrets.token_hex(16)
        self._providers = ProvidersSide(
            configuration,
            self._generations,
            assembled,
            self._pool,
            store,
            self.log,
            alarms=self._alarms,
            hop=hop,
            signed_in=lambda: self._clients.renew_terms(),  # noqa: PLW0108 - made next, over these
            now=now,
        )
        self._clients = ClientsSide(
            configuration,
            assembled,
            self._pool,
            store,
            self._providers.attempts,
            self.log,
            alarms=self._alarms,
            hop=hop.encode(),
            facts=self.facts,
            metrics=self._metrics,
            finished=self._exchange_finished,
            is_stopping=self._stop.is_set,
            now=now,
        )
        self._control = ControlSide(
            configuration,
            self._generations,
            self._pool,
            store,
            self._providers,
            self._clients,
            self.log,
            facts=self.facts,
            listening_on=lambda: self._door.listening_on,
            changed=self.changed,
            stop=self.stop,
            restart=lambda: self._succession.restart(),  # noqa: PLW0108 - made last, because it holds all of these
            now=now,
        )
        self._predecessors = Predecessors(
            pool=self._pool,
            store=store,
            remembered=remembered,
            now=self.now,
            adopt=self._adopt_client,
            finished=self._finished_elsewhere,
            stop=self.stop,
        )
        self._succession = self._make_succession()

    # one value out of many -----------------------------------------------------------------------------------------------

    def _wanted_address(self) -> tuple[str, int]:
        return self._configuration.settings.host, self._configuration.settings.port

    def _make_succession(self) -> Succession:
        surroundings = self._surroundings
        terms = SuccessionTerms(
            settings=lambda: self._configuration.settings,
            status_line=self._status_line,
            claims_wait_for=self._claims_wait_for,
            stop=self._stop,
            stop_now=self._stop_now,
            leave_signals=self._signals.leave,
            calls=self._clients.calls,
            control_calls=self._control.calls,
            unstored=self._providers.accounts.unstored,
            lock=surroundings.lock,
            lock_path=Path(self._configuration.places.lock),
        )
        what = Belongings(
            process=surroundings.process,
            schema=surroundings.schema,
            lock=surroundings.lock.fileno(),
            door=self._door,
            control_door=self._control.door,
            clients=self._clients.connections,
            control=self._control.connections,
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

    # what others ask -----------------------------------------------------------------------------------------------------

    def facts(self) -> DaemonFacts:
        """What `hr status` says of the process itself."""
        host, port = self._door.listening_on[0]
        return DaemonFacts(
            version=__version__,
            pid=os.getpid(),
            uptime_s=_since_boot() - self._started_at,
            endpoint=endpoint_url(host, port),
            listening=not self._stop.is_set(),
            draining=self._stop.is_set() and not self.is_handed_over,  # then the router goes on, and that is what is asked for
            in_flight=len(self._clients.calls),
            connections=len(self._clients.connections.open),
            finishing=tuple(
                Finishing(pid=one.pid, version=one.version, in_flight=one.in_flight, until=one.until)
                for one in self._predecessors.finishing()
            ),
            troubles=tuple(filter(None, (*self._configuration.troubles, self._door.trouble))),
            lapses=tuple(self._providers.accounts.lapses()),
            unstored=tuple(self._providers.accounts.unstored()),
        )

    def _gauges(self) -> Gauges:
        now = self.now()
        snapshot = self._pool.snapshot(now)
        return Gauges(
            uptime_s=_since_boot() - self._started_at,
            in_flight=len(self._clients.calls),
            connections=len(self._clients.connections.open),
            blocks=sum(block.until > now for block in snapshot.blocks),
            rows_waiting=self._store.health().rows_waiting,
        )

    def _exchange_finished(self, entry: Entry) -> None:
        self._metrics.finished(entry)
        self._control.finished.tell(entry)
        self.log.exchange(entry)

    # changes while it lives ----------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Settings or credentials are others now: new requests go by them, running ones keep what they began with."""
        settings = self._configuration.settings
        for trouble in self._configuration.troubles:
            self.log.warning("configuration not taken", problem=trouble)
        self._pool.rules = bounds.pool_rules(settings)
        self._providers.changed(settings)
        self._clients.changed(settings)
        self._adopt(self._generations.next(self._door.listening_on))
        self._store.limits = bounds.store_limits(settings)
        self.log.set_level(settings.log_level)
        self._door.look_again()
        trouble = self._control.changed(settings)
        if trouble:
            self.log.warning("configuration not taken", problem=trouble)

    def _adopt(self, assembled: Assembled, learned: Sequence[Row] = ()) -> None:
        """Serve by *assembled* from now on; *learned* is stored in one with what follows from it."""
        self._store.commit_nowait([*learned, *self._pool.apply(RosterChanged(roster=assembled.roster), self.now())])
        self._pool.clients.keep_only([caller.fingerprint for caller in assembled.doorkeeper.callers()], self.now())
        self._clients.adopt(assembled)
        self._providers.adopt(assembled)

    def _learn(self, found: list[Discovered], named: list[AccountNamed]) -> None:
        """Model lists were read, or providers named the accounts of credentials."""
        if self._generations.learn(found, named):
            self._adopt(self._generations.next(self._door.listening_on), [*found, *named])
        else:
            self._store.commit_nowait([*found, *named])

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
        self._clients.exchange.successor = successor

    def _adopt_client(self, connection: socket.socket) -> None:
        self._clients.connections.adopt(connection, self._served)

    def _finished_elsewhere(self, entry: Entry) -> None:
        self._metrics.finished(entry)
        self._control.finished.tell(entry)

    # running -------------------------------------------------------------------------------------------------------------

    async def run(self, ready: Callable[["Daemon"], None], inheritance: Inheritance | None = None) -> None:
        """Serve until told to stop, or until another process does. Raises `CannotListen` when the address or the control socket
        is not to be had. With *inheritance* it takes over from another process, if it comes to that."""
        is_ours = inheritance is None
        try:
            if inheritance is not None:
                self._door.adopt(inheritance.listeners, inheritance.asked)
                self._control.door.adopt(inheritance.control)
            self._door.bind()
            self._control.door.bind()
            async with trio.open_nursery() as support:
                for part in (
                    self._alarms.run,
                    self._clients.heartbeat.run,
                    self._clients.departures.run,
                    self._store.housekeep,
                    self._flush,
                ):
                    support.start_soon(part)
                if self._demo_wanted:
                    self._generations.demo = demo_of(await support.start(serve_demo))
                    self.changed()
                support.start_soon(self._take_signals)
                is_ours = inheritance is None or await inheritance.take()
                if is_ours:
                    support.start_soon(self._control.accept, support, lambda: not self._succession.is_under_way)
                    support.start_soon(self._tell_supervisor)
                    await self._serve(support, ready, inheritance)
                    self._save()
                support.cancel_scope.cancel()
        finally:
            self._door.close()
            if is_ours and not self.is_handed_over:
                self._control.door.close()
            else:
                self._control.door.leave()
            self._providers.drop_idle()
            self._signals.close()
            self._store.close()
            self._tell_what_is_lost()

    def _tell_what_is_lost(self) -> None:
        """The disk did not take it to the very end, and nobody else has it."""
        health = self._store.health()
        if health.rows_waiting:
            self.log.error("rows that could not be written are lost", rows=health.rows_waiting, reason=health.message)

    async def _serve(self, support: trio.Nursery, ready: Callable[["Daemon"], None], inheritance: Inheritance | None) -> None:
        async with trio.open_nursery() as self._served:
            served = self._served
            async with trio.open_nursery() as front:
                if inheritance is not None:
                    self._predecessors.meet(inheritance.older)
                support.start_soon(self._predecessors.run)
                support.start_soon(self._providers.accounts.run)
                front.start_soon(self._succession.run)
                front.start_soon(partial(self._door.keep, served, moved=self._moved, stayed=self._stayed))
                front.start_soon(watch, self._configuration, self.changed)
                front.start_soon(
                    partial(
                        watch_clock,
                        wall=self.now,
                        gap_s=lambda: self._configuration.settings.sleep_gap_seconds,
                        woke=self._woke,
                        set_back=self._set_back,
                    )
                )
                for part in self._providers.look_ups(lambda found: self._learn(found, [])):
                    front.start_soon(part)
                ready(self)
                self._notify.ready(self._status_line())
                if inheritance is not None:
                    self._look_at_files_again()
                    self._door.look_again()
                await self._stop.wait()
                front.cancel_scope.cancel()
            successor = self._succession.successor
            if successor is not None:
                self._control.accept_no_more()
                self._providers.accounts.retire()
                await self._succession.finish(successor)
            else:
                await self._finish()
            served.cancel_scope.cancel()

    def _look_at_files_again(self) -> None:
        """They were read before it was certain that we take over, and somebody was told since that a change is in force."""
        if self._configuration.has_changed():
            self._configuration.reload()
            self.changed()

    async def _finish(self) -> None:
        """Nobody takes over: what runs may take STOP_SECONDS, here and in former processes."""
        stop_s = self._configuration.settings.stop_seconds
        self.log.info("stopping", in_flight=len(self._clients.calls))
        self._notify.stopping("stopping")
        self._succession.refuse()
        self._predecessors.stop(0.0 if self._stop_now.is_set() else stop_s)
        self._clients.connections.close_idle()
        began = trio.current_time()
        await drain(self._clients.calls, within_s=stop_s, at_once=self._stop_now)
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
            self._providers.drop_expired()
            health = self._store.health()
            if health.state != state:
                state = health.state
                self.log.warning("store", state=state, message=health.message)

    def _save(self) -> None:
        rows = self._pool.take_unsaved(self.now())
        if rows:
            self._store.commit_nowait(rows)

    def _woke(self, slept_s: float) -> None:
        message = "the machine slept, or its clock was set: idle connections to providers are dropped"
        self.log.info(message, slept_s=round(slept_s))
        self._providers.drop_idle()

    def _set_back(self, by_s: float) -> None:
        self.log.warning("the clock was set back: blocks hold from now on for as long as they were to hold", by_s=round(by_s))

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


def _since_boot() -> float:
    """It goes on while the machine sleeps, and nobody sets it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
