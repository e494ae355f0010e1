"""`hr version`: which version is here, and which one runs."""

import platform

import click
import msgspec

from hrctl.grammar import Command, as_json
from hrctl.problems import NotRunning
from hrctl.session import Session
from hrctl.words import plain
from hrd import __version__
from hrd.admin.wire.daemon import VERSION, Version
from hrd.admin.wire.route import Nothing


@click.command(cls=Command, examples=("hr version", "hr version --json"))
@as_json
@click.pass_obj
def version(session: Session, as_json: bool) -> None:
    """The version of hr, and of the daemon if it runs."""
    try:
        running = session.client.ask(VERSION, Nothing()).value
    except NotRunning:
        running = None
    if as_json:
        session.say(msgspec.json.encode({"hr": __version__, "hrd": running}).decode())
    else:
        session.say(_drawn(running))


def _drawn(running: Version | None) -> str:
    here = f"hr {__version__} (Python {platform.python_version()})"
    if running is None:
        return f"{here}\nhrd is not running"
    lines = [
        here,
        f"hrd {plain(running.version)}, pid {running.pid}" + (f" (Python {plain(running.python)})" if running.python else ""),
    ]
    if running.version != __version__:
        lines.append("They differ. Have hrd run the same with: hr restart")
    return "\n".join(lines)
