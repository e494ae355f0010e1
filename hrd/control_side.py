"""The control side, built once: the control socket, the connections to it, and what `hr` may ask there."""

import os
import socket
from collections.abc import Awaitable, Callable

import trio

from hrd import bounds
from hrd.admin.finished import Finished
from hrd.admin.server import admin_dispatch, may_control
from hrd.admin.status import DaemonFacts
from hrd.admin.wire.daemon import Restarted
from hrd.admin.wire.route import Problem
from hrd.clients_side import ClientsSide
from hrd.configuration.generations import Generations
from hrd.configuration.live import Configuration
from hrd.downstream.call import Call
from hrd.downstream.doors import ControlDoor, gid_of
from hrd.downstream.listeners import Connections
from hrd.downstream.peers import unix_peer
from hrd.pool import Pool
from hrd.providers_side import ProvidersSide
from hrd.settings import Settings
from hrd.store.contract import Store


class ControlSide:
    """Whatever `hr` asks comes by way of it."""

    def __init__(
        self,
        configuration: Configuration,
        generations: Generations,
        pool: Pool,
        store: Store,
        providers: ProvidersSide,
        clients: ClientsSide,
        *,
        facts: Callable[[], DaemonFacts],
        listening_on: Callable[[], list[tuple[str, int]]],
        changed: Callable[[], None],
        stop: Callable[[], None],
        restart: Callable[[], Awaitable[Restarted | Problem]],
        now: Callable[[], float],
    ) -> None:
        """*changed*: somebody has changed settings or credentials."""
        self._configuration = configuration
        self.finished = Finished()
        """Who follows the log, and hears of each exchange."""
        self.door = ControlDoor(configuration.places.control_socket, self._gid)
        dispatch = admin_dispatch(
            pool=pool,
            store=store,
            configuration=configuration,
            discovered=generations.discovered,
            facts=facts,
            listening_on=listening_on,
            connect=providers.dialer.connect,
            changed=changed,
            stop=stop,
            restart=restart,
            accounts=providers.accounts,
            signing_in=providers.signing_in(),
            finished=self.finished,
            reset=clients.brake.release,
            may_control=lambda peer: may_control(peer, os.geteuid(), self._gid()),
            now=now,
        )
        self.calls: dict[int, Call] = {}
        """Those that are being served."""
        self.connections = Connections(
            clients.context(dispatch, self.calls),  # stopping or not: `hr` is answered until the very end
            connections_max=lambda: configuration.settings.max_control_connections,
            peer_of=lambda sock, _: unix_peer(sock),
        )
        self._accepting = trio.CancelScope()

    def _gid(self) -> int | None:
        return gid_of(self._configuration.settings.control_group)

    async def accept(self, listener: socket.socket, served: trio.Nursery) -> None:
        """Until `accept_no_more`. Calls are served in *served*."""
        with self._accepting:
            await self.connections.accept(listener, served)
        self.door.leave()

    def accept_no_more(self) -> None:
        """Another process does."""
        self._accepting.cancel()

    def changed(self, settings: Settings) -> str:
        """What begins from now on goes by *settings*; why not, if it cannot in all."""
        self.connections.context.hold_to(bounds.http_limits(settings), bounds.patience(settings), settings.max_buffered_bytes)
        return self.door.look_again()
