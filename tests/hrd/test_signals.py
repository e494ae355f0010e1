"""Signals that are read, in a process of their own: this one keeps its own."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BEGINNING = """
import os, signal, sys, threading
import trio
from hrd.signals import MEANT, Signals, hold_back

def send(*numbers):
    for number in numbers:
        os.kill(os.getpid(), number)

hold_back()
"""


def run(program: str) -> str:
    """What *program* prints, if it comes to its end."""
    done = subprocess.run([sys.executable, "-c", BEGINNING + program], cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_they_are_read_one_after_the_other_whenever_they_came() -> None:
    said = run("""
async def main():
    signals = Signals()
    send(signal.SIGHUP, signal.SIGTERM)
    print(sorted([await signals.receive(), await signals.receive()]))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(later)
        print(repr(await signals.receive()))
    signals.close()

async def later():
    await trio.sleep(0.01)
    send(signal.SIGINT)

trio.run(main)
""")
    assert said == "[<Signals.SIGHUP: 1>, <Signals.SIGTERM: 15>]\n<Signals.SIGINT: 2>\n"


def test_what_comes_after_leaving_waits_for_somebody_else() -> None:
    said = run("""
async def main():
    signals = Signals()
    with trio.move_on_after(0.05):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(receive, signals)
            await trio.sleep(0.01)
            send(signal.SIGTERM)  # it has come, and nobody has read it yet
            signals.leave()
    signals.close()
    print(signal.sigpending())

async def receive(signals):
    print(await signals.receive())

trio.run(main)
os.execv(sys.executable, [sys.executable, "-c", "import signal; print(signal.sigwait({15}))"])
""")
    assert said == "{<Signals.SIGTERM: 15>}\n15\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_no_thread_lets_one_through(number: int) -> None:
    said = run(f"""
async def main():
    await trio.to_thread.run_sync(print, "a thread that goes on to wait for work")
    send({int(number)}, {int(number)})

trio.run(main)
print(threading.active_count(), signal.sigpending() == {{{int(number)}}})
sys.stdout.flush()
""")
    assert said.endswith("2 True\n")
