"""`hr restart` over the control socket's table: another process, or why not."""

import pytest

from hrd.admin.denied import Denied
from hrd.admin.restart import restart_daemon
from hrd.admin.wire.daemon import Restarted

DONE = Restarted(pid=43, version="0.2.0", old_pid=42, finishing=3, seconds_max=900.0)


@pytest.mark.parametrize("answer", [DONE, "HOST is wrong"])
async def test_it_is_done_or_says_why_not(answer: Restarted | str) -> None:
    async def restart() -> Restarted | str:
        return answer

    found = await restart_daemon(restart)
    if isinstance(answer, Restarted):
        assert found == DONE
    else:
        assert found == Denied(409, "not restarted, and nothing was interrupted: HOST is wrong", "mend it, then: hr restart")
