"""`hr restart` over the control socket's table: another process, or why not."""

import pytest

from hrd.admin.denied import Denied
from hrd.admin.restart import restart_daemon
from hrd.admin.wire.daemon import Restarted
from hrd.admin.wire.route import Problem

DONE = Restarted(pid=43, version="0.2.0", old_pid=42, finishing=3, seconds_max=900.0)


WRONG = "not restarted, and nothing was interrupted: HOST is wrong"


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (DONE, DONE),
        (Problem(message="HOST is wrong"), Denied(409, WRONG, "mend it, then: hr restart")),
        (Problem(message="HOST is wrong", hint="hr stop"), Denied(409, WRONG, "hr stop")),
    ],
)
async def test_it_is_done_or_says_why_not_and_what_to_type(answer: Restarted | Problem, found: Restarted | Denied) -> None:
    async def restart() -> Restarted | Problem:
        return answer

    assert await restart_daemon(restart) == found
