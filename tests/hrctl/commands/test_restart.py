"""`hr restart`: who took over, and what is still finishing."""

import json

import msgspec

from hrd.admin.wire.daemon import RESTART, Restarted
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon

DONE = Restarted(pid=43, version="0.2.0", old_pid=42, finishing=3, seconds_max=900.0)


def test_it_says_who_took_over_and_what_the_old_one_finishes(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(RESTART, DONE)
    assert hr("restart").out == (
        "hrd 0.2.0 (pid 43) has taken over from pid 42\n3 requests finishing there, for 15 min at most (see: hr status)\n"
    )


def test_an_idle_daemon_is_replaced_without_further_words(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(RESTART, msgspec.structs.replace(DONE, finishing=0))
    assert hr("restart").out == "hrd 0.2.0 (pid 43) has taken over from pid 42\n"


def test_for_a_program(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(RESTART, DONE)
    assert json.loads(hr("restart", "--json").out) == msgspec.to_builtins(DONE)


def test_a_new_process_that_fails_is_a_failure_with_its_reason(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.refuses(RESTART, 409, "not restarted, and nothing was interrupted: HOST is wrong", "mend it, then: hr restart")
    ran = hr("restart")
    assert (ran.code, ran.err) == (
        1,
        "hr: not restarted, and nothing was interrupted: HOST is wrong\n    mend it, then: hr restart\n",
    )


def test_what_does_not_run_cannot_be_restarted(hr: Hr) -> None:
    assert hr("restart").code == 3
