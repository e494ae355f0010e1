"""The clients' side, built once: the line with the endpoints around it, and what the connections to it share."""

from collections.abc import Callable
from functools import partial

from hrd import bounds
from hrd.admin.status import DaemonFacts
from hrd.configuration.assemble import Assembled
from hrd.configuration.live import Configuration
from hrd.core.brake import Brake
from hrd.core.journal import Entry
from hrd.core.response_book import ResponseBook
from hrd.core.secrets import Lookout
from hrd.core.strangers import Strangers
from hrd.dialects.spoken import TARGETS, openings
from hrd.downstream.call import Call, Endpoint
from hrd.downstream.context import BufferBudget, Context, Header
from hrd.downstream.departures import Departures
from hrd.downstream.heartbeat import Heartbeat
from hrd.downstream.listeners import Connections
from hrd.downstream.peers import tcp_peer
from hrd.exchange import Exchange
from hrd.http.alarms import Alarms
from hrd.http.messages import RequestHead
from hrd.logbook import Logbook
from hrd.metrics import Metrics
from hrd.pages import cors_of, public_dispatch
from hrd.pool import Pool
from hrd.settings import Settings
from hrd.stamps import Stamps
from hrd.store.contract import Store
from hrd.trip.gate import Gate
from hrd.trip.terms import Terms
from hrd.upstream.attempt import Attempts


class ClientsSide:
    """Whatever clients ask comes by way of it."""

    def __init__(
        self,
        configuration: Configuration,
        assembled: Assembled,
        pool: Pool,
        store: Store,
        attempts: Attempts,
        log: Logbook,
        *,
        alarms: Alarms,
        hop: bytes,
        facts: Callable[[], DaemonFacts],
        metrics: Metrics,
        finished: Callable[[Entry], None],
        is_stopping: Callable[[], bool],
        now: Callable[[], float],
    ) -> None:
        """*hop*: this process among those that a request may come by. *finished* hears of each exchange that was served."""
        settings = configuration.settings
        self._configuration = configuration
        self._assembled = assembled
        self._log = log
        self._alarms = alarms
        self._hop = hop
        self._stamps = Stamps(now)
        self._strangers = Strangers()
        self._terms = self._make_terms()
        self.brake = Brake()
        self.heartbeat = Heartbeat(settings.keepalive_seconds)
        self.departures = Departures()
        self._responses = ResponseBook(settings.responses_kept_bytes, settings.responses_kept_seconds)
        self.exchange = Exchange(
            pool=pool,
            store=store,
            attempts=attempts,
            targets=TARGETS,
            gate=Gate(pool.clients, self.brake, now),
            heartbeat=self.heartbeat,
            terms=lambda: self._terms,
            now=now,
            finished=finished,
        )
        posts = {name: partial(self.exchange.serve, opening=opening) for name, opening in openings(self._responses, now)}
        dispatch = public_dispatch(
            posts=posts,
            terms=lambda: self._terms,
            pool=pool,
            store=store,
            facts=facts,
            metrics=metrics,
            settings=lambda: configuration.settings,
            now=now,
        )
        cors = cors_of(lambda: configuration.settings.cors_origins)
        self.calls: dict[int, Call] = {}
        """Those that are being served."""
        self.connections = Connections(
            self.context(dispatch, self.calls, cors=cors, is_stopping=is_stopping),
            connections_max=lambda: configuration.settings.max_connections,
            peer_of=lambda _, address: tcp_peer(address),
        )

    def context(
        self,
        dispatch: Callable[[RequestHead], Endpoint],
        calls: dict[int, Call],
        *,
        cors: Callable[[RequestHead], tuple[Header, ...]] = lambda _: (),
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> Context:
        """What the connections of one listener share, of clients or of the control socket."""
        settings = self._configuration.settings
        return Context(
            dispatch=dispatch,
            limits=bounds.http_limits(settings),
            patience=bounds.patience(settings),
            budget=BufferBudget(settings.max_buffered_bytes),
            alarms=self._alarms,
            departures=self.departures,
            calls=calls,
            next_request_id=self._stamps.next_request_id,
            date=self._stamps.date,
            is_stopping=is_stopping,
            crashed=self._crashed,
            cors=cors,
        )

    def _crashed(self, call: Call | None, crash: BaseException) -> None:
        self._log.crash(call.request_id if call is not None else "", crash)

    def _make_terms(self) -> Terms:
        settings = self._configuration.settings
        return Terms(
            doorkeeper=self._assembled.doorkeeper,
            strangers=self._strangers,
            auth_failures_max=settings.max_auth_failures,
            instance_id=self._hop,
            reply_s=settings.reply_seconds,
            slow_first_token_s=settings.slow_first_token_seconds,
            deadline_s=settings.deadline_seconds,
            stream_s=settings.stream_seconds,
            idle_s=settings.idle_seconds,
            bounds=bounds.stream_bounds(settings),
            waiting_max=settings.max_waiting_requests,
            reasoning_reserve_tokens=settings.reasoning_token_reserve,
            prices=self._assembled.prices,
            brake_rules=bounds.brake_rules(settings),
            secrets=Lookout(self._configuration.secrets()),
        )

    # changes while it lives ----------------------------------------------------------------------------------------------

    def adopt(self, assembled: Assembled) -> None:
        """Requests that begin are served by *assembled*."""
        self._assembled = assembled
        self.renew_terms()

    def renew_terms(self) -> None:
        """Keys, logins or settings are others: requests that begin are held to these."""
        self._terms = self._make_terms()

    def changed(self, settings: Settings) -> None:
        """What begins from now on goes by *settings*."""
        self.brake.release()
        self.heartbeat.every_s = settings.keepalive_seconds
        self.connections.context.hold_to(bounds.http_limits(settings), bounds.patience(settings), settings.max_buffered_bytes)
        self._responses.bytes_max, self._responses.kept_s = settings.responses_kept_bytes, settings.responses_kept_seconds
