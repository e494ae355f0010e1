"""`hr stop`: done when the daemon is gone, not before."""

import json
from collections.abc import Iterator

import msgspec

from hrd.admin.wire.daemon import STOP, VERSION, Stopping, StopRequest, Version
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon

STOPPING = Stopping(pid=42, in_flight=3, seconds_max=30.0)


def pids(*pids: int) -> Iterator[Version]:
    for pid in pids:
        yield Version(version="0.1.0", pid=pid)


def test_it_waits_until_somebody_else_answers(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(STOP, STOPPING)
    answers = pids(42, 43)
    daemon.does(VERSION, lambda: next(answers))
    assert hr("stop").out == "Stopping hrd (pid 42): 3 requests may take up to 30 s\nhrd (pid 42) has ended\n"
    assert [asked.target for asked in daemon.asked] == ["/v1/stop", "/v1/version", "/v1/version"]


def test_it_waits_until_nobody_answers(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(STOP, msgspec.structs.replace(STOPPING, in_flight=0))

    def gone() -> object:
        daemon.path.unlink(missing_ok=True)
        return Version(version="0.1.0", pid=42)

    daemon.does(VERSION, gone)
    assert hr("stop").out == "Stopping hrd (pid 42)\nhrd (pid 42) has ended\n"


def test_a_daemon_that_does_not_end_is_a_failure_and_the_next_step_is_named(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(STOP, msgspec.structs.replace(STOPPING, seconds_max=-4.95))
    daemon.answers(VERSION, Version(version="0.1.0", pid=42))
    ran = hr("stop")
    assert (ran.code, ran.err) == (1, "hr: hrd (pid 42) still runs\n    end it at once: hr stop --now\n")


def test_at_once_and_for_a_program(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(STOP, STOPPING)
    daemon.answers(VERSION, Version(version="0.1.0", pid=43))
    assert json.loads(hr("stop", "--now", "--json").out) == {"pid": 42, "in_flight": 3, "seconds_max": 30.0}
    assert msgspec.json.decode(daemon.asked[0].body, type=StopRequest) == StopRequest(now=True)


def test_what_would_be_lost_is_said_and_can_be_lost_all_the_same(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.refuses(STOP, 409, "not stopped: 2 rows would be lost", "hr stop --lose-unwritten")
    assert hr("stop") == (1, "", "hr: not stopped: 2 rows would be lost\n    hr stop --lose-unwritten\n")
    daemon.answers(STOP, STOPPING)
    daemon.answers(VERSION, Version(version="0.1.0", pid=43))
    assert hr("stop", "--lose-unwritten").code == 0
    asked = [one.body for one in daemon.asked if one.target == "/v1/stop"]
    assert msgspec.json.decode(asked[-1], type=StopRequest) == StopRequest(lose_unwritten=True)


def test_stopping_what_does_not_run_is_exit_three(hr: Hr) -> None:
    assert hr("stop").code == 3
