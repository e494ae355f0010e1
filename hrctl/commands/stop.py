"""`hr stop`: end the daemon, in good order."""

import time
from typing import Final

import click

from hrctl.client import Client
from hrctl.grammar import Command, as_json
from hrctl.problems import NotRunning, Trouble
from hrctl.session import Session, pretty
from hrctl.words import lasting, many
from hrd.admin.wire.daemon import STOP, VERSION, Stopping, StopRequest
from hrd.admin.wire.route import Nothing

LOOK_S: Final = 0.1
GOODBYE_S: Final = 5.0
"""What the daemon may take beyond its own deadline."""


@click.command(cls=Command, examples=("hr stop", "hr stop --now"))
@click.option("--now", is_flag=True, help="Do not let running requests finish.")
@click.option("--lose-unwritten", is_flag=True, help="Even if rows that wait for a database that cannot be written are lost.")
@as_json
@click.pass_obj
def stop(session: Session, now: bool, lose_unwritten: bool, as_json: bool) -> None:
    """Stop the daemon, and wait until it has ended.

    It takes no new requests and lets running ones finish, for STOP_SECONDS at most. What still runs then gets an error event.
    While the database cannot be written (a full disk) it is refused: what waits in memory would be lost.
    """
    answered = session.client.ask(STOP, StopRequest(now=now, lose_unwritten=lose_unwritten))
    stopping = answered.value
    if not as_json:
        session.say(_begun(stopping))
    _wait_until_gone(session.client, stopping)
    session.say(pretty(answered.raw) if as_json else f"hrd (pid {stopping.pid}) has ended")


def stop_daemon(client: Client) -> None:
    """The same without words."""
    _wait_until_gone(client, client.ask(STOP, StopRequest()).value)


def _begun(stopping: Stopping) -> str:
    if not stopping.in_flight:
        return f"Stopping hrd (pid {stopping.pid})"
    rest = f"{many(stopping.in_flight, 'request')} may take up to {lasting(stopping.seconds_max)}"
    return f"Stopping hrd (pid {stopping.pid}): {rest}"


def _wait_until_gone(client: Client, stopping: Stopping) -> None:
    """Gone is when nobody answers, or somebody else."""
    deadline = time.monotonic() + stopping.seconds_max + GOODBYE_S
    while time.monotonic() < deadline:
        try:
            if client.ask(VERSION, Nothing()).value.pid != stopping.pid:
                return
        except NotRunning:
            return
        except Trouble:
            pass  # a socket that is being taken down may cut an answer short: look again
        time.sleep(LOOK_S)
    raise Trouble(f"hrd (pid {stopping.pid}) still runs", "end it at once: hr stop --now")
