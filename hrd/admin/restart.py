"""`hr restart`: another process takes over, or this one serves on and says why."""

from collections.abc import Awaitable, Callable

from hrd.admin.denied import Denied
from hrd.admin.wire.daemon import Restarted
from hrd.admin.wire.route import Problem


async def restart_daemon(restart: Callable[[], Awaitable[Restarted | Problem]]) -> Restarted | Denied:
    """*restart* says why not, if not."""
    restarted = await restart()
    if isinstance(restarted, Restarted):
        return restarted
    message = f"not restarted, and nothing was interrupted: {restarted.message}"
    return Denied(409, message, restarted.hint or "mend it, then: hr restart")
