"""`hr restart`: a new daemon takes over, and nobody notices."""

import click

from hrctl.grammar import Command, as_json
from hrctl.render import Paper
from hrctl.session import Session
from hrctl.words import lasting, many, plain
from hrd.admin.wire.daemon import RESTART, Restarted
from hrd.admin.wire.route import Nothing


@click.command(cls=Command, examples=("hr restart", "hr restart --json"))
@as_json
@click.pass_obj
def restart(session: Session, as_json: bool) -> None:
    """Have a new daemon take over, and cut nothing.

    It runs the version that is installed now, listens at once, and takes over the connections of clients. The old one
    finishes its requests and streams, for DRAIN_SECONDS at most, and ends. If the new one does not become ready, the old
    one serves on, and this says why.
    """
    session.show(session.client.ask(RESTART, Nothing()), _drawn, as_json)


def _drawn(done: Restarted, _: Paper) -> str:
    taken = f"hrd {plain(done.version)} (pid {done.pid}) has taken over from pid {done.old_pid}"
    if not done.finishing:
        return taken
    rest = f"{many(done.finishing, 'request')} finishing there, for {lasting(done.seconds_max)} at most"
    return f"{taken}\n{rest} (see: hr status)"
