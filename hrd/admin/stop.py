"""`hr stop`: end the daemon, in good order or at once."""

from collections.abc import Callable

from hrd.admin.status import DaemonFacts
from hrd.admin.wire.daemon import Stopping, StopRequest


def stop_daemon(ask: StopRequest, facts: DaemonFacts, stop: Callable[[], None], stop_seconds: float) -> Stopping:
    """*stop*, called while the daemon is stopping already, ends it at once."""
    if not facts.draining:
        stop()
    if ask.now:
        stop()
    in_flight = facts.in_flight + sum(former.in_flight for former in facts.finishing)
    return Stopping(pid=facts.pid, in_flight=in_flight, seconds_max=0.0 if ask.now else stop_seconds)
