"""Succession: from the wish for another process to the end of this one, after which the other is the daemon."""

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import trio

from hrd.admin.wire.daemon import Restarted
from hrd.admin.wire.route import Problem
from hrd.downstream.call import Call
from hrd.downstream.drain import LOOK_S, drain, wait_empty
from hrd.handover.giving import Belongings, HandOver
from hrd.handover.restart import Restart
from hrd.handover.successor import NotTakenOver, Successor
from hrd.handover.waiter import daemon_pid
from hrd.logbook import Logbook
from hrd.notify import Notify
from hrd.pool import Pool
from hrd.settings import Settings
from hrd.store.contract import Store
from hrd.store.lock import Lock

GOODBYE_S: Final = 5.0
"""How long calls on the control socket may take to end, when all else has."""
STOPPING: Final = Problem(message="it is stopping", hint="start it once it has ended")


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What the daemon hands in."""

    settings: Callable[[], Settings]
    status_line: Callable[[], str]
    claims_wait_for: Callable[[Successor | None], None]
    stop: trio.Event
    """Nothing new is taken: we stop, or another process has taken over."""
    stop_now: trio.Event
    leave_signals: Callable[[], None]
    """From now on they are for the waiter: what we said we could not take back, nor say more."""
    calls: Mapping[int, Call]
    control_calls: Mapping[int, Call]
    unstored: Callable[[], Sequence[str]]
    lock: Lock
    lock_path: Path


class Succession:
    """At most one successor; before there is one, as many attempts as somebody wishes."""

    def __init__(
        self,
        terms: Terms,
        what: Belongings,
        *,
        environ: Mapping[str, str],
        pool: Pool,
        store: Store,
        now: Callable[[], float],
        notify: Notify,
        log: Logbook,
    ) -> None:
        self._terms = terms
        self._what = what
        self._store = store
        self._notify = notify
        self._log = log
        self._hand_over = HandOver(
            what,
            environ=environ,
            pool=pool,
            store=store,
            now=now,
            claims_wait_for=terms.claims_wait_for,
            stop=self._end_within,
            is_stopping=terms.stop.is_set,
            unstored=terms.unstored,
        )
        self._restart: Restart[Restarted | Problem] = Restart()
        self._hurry = trio.Event()
        self._hurry_s = 0.0
        self._ends_at = 0.0
        self.successor: Successor | None = None

    @property
    def is_under_way(self) -> bool:
        return self._restart.is_asked

    # before --------------------------------------------------------------------------------------------------------------

    async def restart(self) -> Restarted | Problem:
        """Have another process take over; or why it does not."""
        return STOPPING if self._terms.stop.is_set() else await self._restart.ask()

    def refuse(self) -> None:
        """It does not come to that any more: we stop."""
        self._restart.answer(STOPPING)

    async def run(self) -> None:
        """Until another process has taken over."""
        while self.successor is None:
            await self._restart.wait_asked()
            self._notify.reloading("another process takes over")
            try:
                successor = await self._hand_over.attempt(self._terms.settings().handover_seconds)
            except NotTakenOver as reason:
                self._log.warning("not restarted", reason=str(reason))
                self._notify.ready(self._terms.status_line())
                self._restart.answer(Problem(message=str(reason), hint=reason.hint))
            else:
                self._give_up_to(successor)

    def _give_up_to(self, successor: Successor) -> None:
        """All is its own from now on; what we have begun we finish."""
        terms, what = self._terms, self._what
        drain_s = terms.settings().drain_seconds
        self.successor = successor
        self._ends_at = trio.current_time() + drain_s
        what.clients.context.pass_on = successor.give
        terms.lock.write_pid(successor.pid)  # from here on, whoever looks whom to send a signal to finds the new one
        self._notify.main_pid(successor.pid)
        successor.go()
        what.predecessors.hand_on()
        terms.lock.release()
        restarted = Restarted(
            pid=successor.pid,
            version=successor.version,
            old_pid=os.getpid(),
            finishing=len(terms.calls),
            seconds_max=drain_s,
        )
        self._restart.answer(restarted)
        terms.stop.set()

    # afterwards ----------------------------------------------------------------------------------------------------------

    async def finish(self, successor: Successor) -> None:
        """What runs here is finished; connections go over as they fall idle."""
        terms = self._terms
        self._log.info("handed over", pid=successor.pid, in_flight=len(terms.calls))
        self._what.clients.pass_on_idle()
        async with trio.open_nursery() as company:
            company.start_soon(successor.keep_company)
            company.start_soon(successor.report, lambda: len(terms.calls), lambda: self._ends_at - trio.current_time())
            with trio.move_on_after(terms.settings().drain_seconds):
                # not of calls alone: one has not begun while its head comes in, and who is idle goes over in a turn of its own
                await wait_empty(self._what.clients.open, hurry=self._hurry)
            await drain(terms.calls, within_s=self._hurry_s, at_once=terms.stop_now)
            with trio.move_on_after(GOODBYE_S):
                while terms.control_calls:  # noqa: ASYNC110 - at the end only, so that a call pays nothing for it
                    await trio.sleep(LOOK_S)
            self._store.flush()
            terms.leave_signals()  # whoever hears us hears no more after this
            await successor.farewell()
            company.cancel_scope.cancel()

    def stop(self) -> None:
        """Who tells a process that has handed over to stop means the daemon, whichever process that is now."""
        if self._hurry.is_set():
            self._terms.stop_now.set()
        self._end_within(self._terms.settings().stop_seconds)
        if self.successor is not None:
            self.successor.stop()

    def reload(self) -> None:
        """The same for who tells it to read its settings again; between us that is a signal too."""
        pid = daemon_pid(self._terms.lock_path)
        if pid and self.successor is not None and not self.successor.is_gone:
            try:
                os.kill(pid, signal.SIGHUP)
            except ProcessLookupError:
                pass

    def _end_within(self, seconds: float) -> None:
        """What still runs is to end as if we stopped."""
        if not seconds:
            self._terms.stop_now.set()
        self._hurry_s = seconds
        self._hurry.set()
        self._ends_at = min(self._ends_at, trio.current_time() + seconds)
