"""`hr doctor`: findings for people and programs, of a daemon or without one."""

import json
from pathlib import Path

from hrd import __version__
from hrd.admin.wire.doctor import DOCTOR, REASONING, Diagnosis, Finding, FindingState, ReasoningNoted
from hrd.admin.wire.models import MODELS, ModelRow
from hrd.store.lock import Lock, take_lock
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon
from tests.hrctl.fake_endpoint import said, serving
from tests.hrctl.routed import models, route


def diagnosis(*findings: Finding, version: str = __version__) -> Diagnosis:
    return Diagnosis(now=1_795_000_000.0, version=version, running=True, findings=findings)


def test_all_is_well(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(DOCTOR, diagnosis(Finding(subject="disk", message="room")))
    ran = hr("doctor")
    assert ran.code == 0
    assert ran.out.splitlines()[:2] == [
        f"ok       daemon       hrd {__version__} runs",
        "ok       disk         room",
    ]


def test_a_problem_is_exit_one_and_says_what_to_type(daemon: FakeDaemon, hr: Hr) -> None:
    wrong = Finding(subject="clock", message="it is 1970", state=FindingState.PROBLEM, hint="set it")
    odd = Finding(subject="keys", message="odd\x1b[31m", state=FindingState.WARNING)
    daemon.answers(DOCTOR, diagnosis(wrong, odd))
    ran = hr("doctor")
    assert ran.code == 1
    assert "problem  clock        it is 1970\n                      → set it\nwarning  keys         odd [31m\n" in ran.out
    assert "1 problem and 1 warning" in ran.out


def test_another_version_is_told(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(DOCTOR, diagnosis(version="9.9"))
    assert f"warning  daemon       hr is {__version__}, and the hrd that runs 9.9\n" in hr("doctor").out


def test_a_state_of_tomorrow_is_shown_as_it_is(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(DOCTOR, diagnosis(Finding(subject="disk", message="?", state="puzzle")))
    assert "puzzle   disk         ?" in hr("doctor").out


def test_without_a_daemon_everything_is_looked_at_all_the_same(hr: Hr) -> None:
    ran = hr("doctor", "--json")
    found = json.loads(ran.out)
    assert (ran.code, found["running"]) == (1, False)
    first = found["findings"][0]
    assert (first["subject"], first["state"]) == ("daemon", "problem")
    assert first["hint"].startswith("start it: ")
    assert {"program", "disk", "port", "keys", "unit"} <= {one["subject"] for one in found["findings"]}


def test_a_daemon_that_lost_its_socket_is_said_to_run(hr: Hr, folder: Path) -> None:
    lock = take_lock(folder / "hrd.lock", 4711)
    assert isinstance(lock, Lock)
    ran = hr("doctor")
    lock.release()
    assert "problem  daemon       hrd runs (pid 4711), and cannot be asked: its control socket is gone" in ran.out
    assert "kill 4711; then start it again" in ran.out
    assert "not running" not in ran.out


def test_one_who_may_not_ask_hears_why(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.refuses(DOCTOR, 403, "user 7 may not control this router", "run hr as root")
    ran = hr("doctor")
    assert ran.code == 1
    assert "problem  socket       user 7 may not control this router\n                      → run hr as root\n" in ran.out


def test_probing_says_first_what_it_spends(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(DOCTOR, diagnosis())
    with serving() as endpoint:
        route(daemon, endpoint)
        daemon.answers(MODELS, models(ModelRow(name="large", place=1, tools=True)))
        daemon.answers(REASONING, ReasoningNoted(provider="groq", model="large", reasoning=False))
        endpoint.says(200, said("red"))
        ran = hr("doctor", "--probe")
        assert len(endpoint.asked) == 1
    assert ran.err == "This spends a tiny request each, a second where something is refused: groq/large\n"
    assert "ok       probe        groq/large: tools yes, vision not known, reasoning no\n" in ran.out


def test_probing_what_is_known_spends_nothing(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(DOCTOR, diagnosis())
    daemon.answers(MODELS, models(ModelRow(name="large", place=1, tools=True, vision=True, reasoning=True)))
    ran = hr("doctor", "--probe")
    assert (ran.err, "nothing was spent" in ran.out) == ("", True)


def test_nobody_can_be_probed_without_a_daemon(hr: Hr) -> None:
    assert hr("doctor", "--probe").code == 3
