"""The waiter, as a process with children that are no daemons."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hrd.handover.waiter import daemon_pid

ROOT = Path(__file__).parents[3]

CHILDREN = """
import os, signal, sys
sys.path.insert(0, {root!r})
from hrd.handover.waiter import WAITED_FOR, wait
from pathlib import Path
signal.pthread_sigmask(signal.SIG_BLOCK, WAITED_FOR)
children = []
for code in {codes!r}:
    pid = os.fork()
    if not pid:
        if code is not None:
            os._exit(code)
        os._exit(40 + signal.sigwait(WAITED_FOR))
    children.append(pid)
lock = Path({lock!r})
lock.write_text(f"{{children[{current}]}}\\n")
print("ready", flush=True)
sys.exit(wait(lock))
"""


def start(lock: Path, codes: list[int | None], current: int) -> subprocess.Popen[bytes]:
    """A waiter whose children end with *codes*, or when a signal comes; the daemon of the day is that at *current*."""
    root = str(ROOT)
    program = CHILDREN.format(root=root, codes=codes, current=current, lock=str(lock))
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)


@pytest.mark.parametrize(("codes", "current", "code"), [([3, 0], 0, 3), ([3, 0], 1, 0), ([0, 1, 0], 1, 1)])
def test_it_ends_as_the_daemon_of_the_day_did(tmp_path: Path, codes: list[int | None], current: int, code: int) -> None:
    with start(tmp_path / "lock", codes, current) as waiter:
        assert waiter.wait(10) == code


def test_one_that_still_finished_something_after_the_daemon_of_the_day_says_nothing(tmp_path: Path) -> None:
    with start(tmp_path / "lock", [None, None], 0) as waiter:
        assert waiter.stdout is not None
        waiter.stdout.readline()
        children = [int(pid) for pid in Path(f"/proc/{waiter.pid}/task/{waiter.pid}/children").read_text().split()]
        os.kill(children[0], signal.SIGKILL)
        wait_gone(children[0])
        os.kill(children[1], signal.SIGTERM)
        assert waiter.wait(10) == 128 + signal.SIGKILL


def wait_gone(pid: int) -> None:
    """Until it has been reaped."""
    ends = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < ends
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_go_to_the_daemon_of_the_day_alone(tmp_path: Path, number: int) -> None:
    with start(tmp_path / "lock", [0, None], 1) as waiter:
        assert waiter.stdout is not None
        assert waiter.stdout.readline() == b"ready\n"
        waiter.send_signal(number)
        assert waiter.wait(10) == 40 + number


def test_a_daemon_that_was_killed_is_told_as_shells_do(tmp_path: Path) -> None:
    with start(tmp_path / "lock", [None], 0) as waiter:
        assert waiter.stdout is not None
        waiter.stdout.readline()
        os.kill(daemon_pid(tmp_path / "lock"), signal.SIGKILL)
        assert waiter.wait(10) == 128 + signal.SIGKILL


def test_a_lock_that_says_nothing_names_nobody(tmp_path: Path) -> None:
    assert daemon_pid(tmp_path / "none") == 0
    (tmp_path / "empty").write_text("")
    assert daemon_pid(tmp_path / "empty") == 0


PASS_ON = """
import os, signal
from pathlib import Path
from hrd.handover.waiter import PASSED_ON, pass_on_the_rest
signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
pid = os.fork()
if not pid:
    os._exit(40 + signal.sigwait(PASSED_ON))
lock = Path(%r)
pass_on_the_rest(lock)
lock.write_text(f"{pid}\\n")
os.kill(os.getpid(), signal.SIGTERM)
pass_on_the_rest(lock)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
pass_on_the_rest(lock)
"""


def test_what_one_that_ends_was_still_told_goes_to_the_daemon_of_the_day(tmp_path: Path) -> None:
    program = PASS_ON % str(tmp_path / "lock")
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=10)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{40 + signal.SIGTERM}\n", "")


BECOME = """
import os, shutil, signal, sys
sys.path.insert(0, os.getcwd())
from hrd.handover.waiter import become_waiter
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
pid = os.fork()
if not pid:
    os._exit(40 + signal.sigwait({signal.SIGTERM}))
with open("hrd.lock", "w") as lock:
    print(pid, file=lock)
os.kill(os.getpid(), signal.SIGTERM)
%s
become_waiter("hrd.lock")
"""
UPDATES = {
    "none": "",
    "broken": "open('hrd/__init__.py', 'w').write('raise RuntimeError')",
    "gone": "shutil.rmtree('hrd')",
    "no Python": "sys.executable = '/nowhere/python'",
}


@pytest.mark.parametrize("update", UPDATES)
def test_whatever_an_update_does_meanwhile_a_signal_from_before_is_passed_on(tmp_path: Path, update: str) -> None:
    there = tmp_path / "hrd" / "handover"
    there.mkdir(parents=True)
    for file in ("hrd/__init__.py", "hrd/handover/__init__.py", "hrd/handover/waiter.py"):
        shutil.copy(ROOT / file, tmp_path / file)
    done = subprocess.run([sys.executable, "-c", BECOME % UPDATES[update]], cwd=tmp_path, capture_output=True, timeout=10)
    assert (done.returncode, done.stderr) == (40 + signal.SIGTERM, b"")


def test_it_is_small_and_quick_to_begin(tmp_path: Path) -> None:
    began = time.monotonic()
    program = "import sys, hrd.handover.waiter; print(any(name in sys.modules for name in ('trio', 'msgspec', 'hrd.daemon')))"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=ROOT, check=True)
    assert (said.stdout, time.monotonic() - began < 5) == (b"False\n", True)
