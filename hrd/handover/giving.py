"""Handing over: the daemon's side, from the first word to the moment where all is the successor's, or all is as it was."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
import trio

from hrd import __version__
from hrd.downstream.doors import ClientDoor, ControlDoor
from hrd.downstream.listeners import Connections
from hrd.handover.messages import PROTOCOL, Hello
from hrd.handover.predecessors import Predecessors
from hrd.handover.successor import NotTakenOver, Successor
from hrd.log_lines import LogLines
from hrd.pool import Pool
from hrd.store.contract import Process, Store

STILL_S: Final = 5.0
"""How long clients wait at most, for a new process that turns out not to become ready."""


class Belongings(msgspec.Struct, frozen=True, kw_only=True):
    """What changes hands."""

    process: Process
    schema: int
    lock: int
    door: ClientDoor
    control_door: ControlDoor
    clients: Connections
    control: Connections
    predecessors: Predecessors


class HandOver:
    """Tries as often as it is asked to; succeeds once."""

    def __init__(
        self,
        what: Belongings,
        *,
        environ: Mapping[str, str],
        pool: Pool,
        store: Store,
        now: Callable[[], float],
        claims_wait_for: Callable[[Successor | None], None],
        stop: Callable[[float], None],
        is_stopping: Callable[[], bool],
        unstored: Callable[[], Sequence[str]],
    ) -> None:
        """*claims_wait_for*: this successor is asked before any candidate is; None: nobody. *stop*: see `Successor`.
        *unstored*: accounts whose renewed logins would end with this process."""
        self._what = what
        self._environ = environ
        self._pool = pool
        self._store = store
        self._now = now
        self._claims_wait_for = claims_wait_for
        self._stop = stop
        self._is_stopping = is_stopping
        self._unstored = unstored

    async def attempt(self, within_s: float) -> Successor:
        """A process that is ready and waits for `go`. Raises `NotTakenOver`, and all is as it was."""
        successor = Successor(self._pool, self._now, self._stop)
        is_ready = False
        try:
            await self._prepare(successor, within_s)
            self._stand_still(successor)
            await self._let_read(successor)
            is_ready = True
        except NotTakenOver:
            self._repeat(successor.words)
            raise
        except OSError as error:  # such as too many open files
            raise NotTakenOver(f"another process cannot be started now: {error.strerror or error}") from None
        finally:
            if not is_ready:
                successor.give_up()
                self._go_on()
        return successor

    async def _prepare(self, successor: Successor, within_s: float) -> None:
        what = self._what
        assert what.control_door.sock is not None, "the daemon runs"
        host, port = what.door.asked
        hello = Hello(
            protocol=PROTOCOL,
            schema=what.schema,
            version=__version__,
            process=what.process,
            host=host,
            port=port,
            is_activated=what.door.is_fixed,
        )
        listeners = [what.control_door.sock.fileno(), *(sock.fileno() for sock in what.door.sockets)]
        try:
            with trio.fail_after(within_s):
                await successor.prepare(self._environ, hello, [sys.stderr.fileno(), what.lock, *listeners])
        except trio.TooSlowError:
            raise NotTakenOver(
                f"the new process was not ready within {within_s:g} s (HANDOVER_SECONDS); it was ended"
            ) from None

    async def _let_read(self, successor: Successor) -> None:
        if not self._store.hold():
            trouble = self._store.health().message or "the database cannot be written now"
            raise NotTakenOver(f"{trouble}; the new process must find all of it there", "when it can be written: hr restart")
        try:
            with trio.fail_after(STILL_S):
                await successor.load(*self._what.predecessors.channels())
                self._store.retire(successor.tell)
                self._store.go_on()
                await successor.wait_ready()
        except trio.TooSlowError:
            raise NotTakenOver(f"the new process did not take over within {STILL_S:g} s; it was ended") from None
        if self._is_stopping():  # that came while we waited for the last word
            raise NotTakenOver("it is stopping")
        if names := self._unstored():
            raise NotTakenOver(f"a renewed login is not in auth.json yet, and would be lost: {', '.join(names)}", "hr status")

    def _stand_still(self, successor: Successor) -> None:
        self._what.clients.pause()
        self._what.control.pause()
        self._what.predecessors.leave()
        self._pool.is_retired = True
        self._claims_wait_for(successor)

    def _go_on(self) -> None:
        self._store.retire(None)
        self._store.go_on()
        self._claims_wait_for(None)
        self._pool.is_retired = False
        self._what.predecessors.come_back()
        self._what.control.resume()
        self._what.clients.resume()

    @staticmethod
    def _repeat(words: str) -> None:
        """What a failed process wrote belongs where ours is read, if anybody takes it there."""
        if words:
            LogLines(sys.stderr).write(words)
