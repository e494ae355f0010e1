"""The control side, built once: the control socket, the connections to it, and what `hr` may ask there."""

import os
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
from hrd.downstream.doors import CannotListen, ControlDoor, gid_of
from hrd.downstream.listeners import Connections
from hrd.downstream.peers import unix_peer
from hrd.logbook import Logbook
from hrd.pool import Pool
from hrd.providers_side import ProvidersSide
from hrd.settings import Settings
from hrd.store.contract import Store

LOOK_S = 5.0
"""How often it is looked whether the socket's file is still there."""


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
        log: Logbook,
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
        self._log = log
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

    async def accept(self, served: trio.Nursery, may_move: Callable[[], bool]) -> None:
        """Until `accept_no_more`. Calls are served in *served*. A socket whose file is gone (whoever logs out takes
        XDG_RUNTIME_DIR along) is made again as soon as it can be, unless it is about to change hands."""
        trouble = ""
        with self._accepting:
            while True:
                async with trio.open_nursery() as accepting:
                    accepting.start_soon(self.connections.accept, self.door.bind(), served)
                    await self._wait_gone(may_move)
                    accepting.cancel_scope.cancel()
                trouble = self._make_again(trouble)
        self.door.leave()

    async def _wait_gone(self, may_move: Callable[[], bool]) -> None:
        await trio.sleep(LOOK_S)
        while not (self.door.is_gone and may_move()):  # noqa: ASYNC110 - nobody tells of a file that is taken away
            await trio.sleep(LOOK_S)

    def _make_again(self, told: str) -> str:
        """Why it cannot be; *told*: what was told of that last."""
        try:
            self.door.make_again()
        except CannotListen as error:
            if str(error) != told:
                self._log.warning("the control socket is gone, and cannot be made again yet", problem=str(error))
            return str(error)
        self._log.info("the control socket was gone, and is there again")
        return ""

    def accept_no_more(self) -> None:
        """Another process does."""
        self._accepting.cancel()

    def changed(self, settings: Settings) -> str:
        """What begins from now on goes by *settings*; why not, if it cannot in all."""
        self.connections.context.hold_to(bounds.http_limits(settings), bounds.patience(settings), settings.max_buffered_bytes)
        return self.door.look_again()
