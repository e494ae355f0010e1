"""`hr stop`: end the daemon, in good order or at once; not while that would lose what it has not written."""

from collections.abc import Callable

from hrd.admin.denied import Denied
from hrd.admin.status import DaemonFacts
from hrd.admin.wire.daemon import Stopping, StopRequest
from hrd.store.contract import Store, StoreHealth

HINT = "make room (it writes by itself, see: hr status), then: hr stop; or lose them: hr stop --lose-unwritten"


def stop_daemon(
    ask: StopRequest, facts: DaemonFacts, store: Store, stop: Callable[[], None], stop_seconds: float
) -> Stopping | Denied:
    """*stop*, called while the daemon is stopping already, ends it at once."""
    if not facts.draining:
        if not ask.lose_unwritten and (losing := _would_lose(store)):
            return Denied(409, losing, HINT)
        stop()
    if ask.now:
        stop()
    in_flight = facts.in_flight + sum(former.in_flight for former in facts.finishing)
    return Stopping(pid=facts.pid, in_flight=in_flight, seconds_max=0.0 if ask.now else stop_seconds)


def _would_lose(store: Store) -> str:
    """What the database does not take, tried once more: room may have been made a moment ago."""
    if store.health().state == "ok":
        return ""
    store.flush()
    health = store.health()
    return _lost(health) if health.state != "ok" and health.rows_waiting else ""


def _lost(health: StoreHealth) -> str:
    rows = "1 row of usage and history" if health.rows_waiting == 1 else f"{health.rows_waiting:,} rows of usage and history"
    verb = "waits" if health.rows_waiting == 1 else "wait"
    return f"not stopped: {rows} {verb} in memory and would be lost: {health.message}"
