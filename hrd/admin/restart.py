"""`hr restart`: another process takes over, or this one serves on and says why."""

from collections.abc import Awaitable, Callable

from hrd.admin.denied import Denied
from hrd.admin.wire.daemon import Restarted


async def restart_daemon(restart: Callable[[], Awaitable[Restarted | str]]) -> Restarted | Denied:
    """*restart* says why not, if not."""
    restarted = await restart()
    if isinstance(restarted, Restarted):
        return restarted
    return Denied(409, f"not restarted, and nothing was interrupted: {restarted}", "mend it, then: hr restart")
