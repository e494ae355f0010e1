"""`hr`: the remote control of the hermes-router daemon."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from hrctl.grammar import NARROW, LazyGroup
from hrctl.problems import INTERRUPTED, Trouble
from hrd import __version__
from hrd.printing import printing

PLACES = {
    "setup": "hrctl.commands.setup:setup",
    "status": "hrctl.commands.status:status",
    "auth": "hrctl.commands.auth:auth",
    "mode": "hrctl.commands.mode:mode",
    "model": "hrctl.commands.model:model",
    "key": "hrctl.commands.key:key",
    "connect": "hrctl.commands.connect:connect",
    "limit": "hrctl.commands.limit:limit",
    "usage": "hrctl.commands.usage:usage",
    "quota": "hrctl.commands.quota:quota",
    "forecast": "hrctl.commands.forecast:forecast",
    "reset": "hrctl.commands.reset:reset",
    "logs": "hrctl.commands.logs:logs",
    "why": "hrctl.commands.why:why",
    "try": "hrctl.commands.try_:try_",
    "doctor": "hrctl.commands.doctor:doctor",
    "restart": "hrctl.commands.restart:restart",
    "stop": "hrctl.commands.stop:stop",
    "service": "hrctl.commands.unit:service",
    "version": "hrctl.commands.version:version",
}


@click.group(
    cls=LazyGroup,
    places=PLACES,
    invoke_without_command=True,
    context_settings={"max_content_width": NARROW, "help_option_names": ["-h", "--help"]},
)
@click.option("--socket", metavar="PATH", help="The daemon's control socket, when it is not in its usual place.")
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context, socket: str | None) -> None:
    """See and steer hermes-router.

    Its daemon, hrd, keeps your programs online over all the keys that you have. The daemon's control socket is looked for at
    --socket, HERMES_ROUTER_SOCKET, HERMES_ROUTER_HOME, where your own daemon has it, and where the system's has it.

    Exit codes: 0 done, 1 refused or failed, 2 used wrongly, 3 the daemon is not running.
    """
    from hrctl.client import Client  # noqa: PLC0415 - help and usage errors do without
    from hrctl.render import paper_for  # noqa: PLC0415 - as above
    from hrctl.session import Session  # noqa: PLC0415 - as above
    from hrd.admin.places import socket_candidates  # noqa: PLC0415 - as above

    paths = socket_candidates(os.environ, os.getuid(), _home(), socket)
    ctx.obj = Session(Client(paths), paper_for(sys.stdout, os.environ))
    if ctx.invoked_subcommand is None:
        from hrctl.commands.status import in_a_sentence  # noqa: PLC0415 - as above

        ctx.obj.say(f"{in_a_sentence(ctx.obj)}\n\n{ctx.get_help()}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `hr`, and say how it ended."""
    with printing("hr"):
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        ended = cli.main(arguments, prog_name="hr", standalone_mode=False)
    except Trouble as trouble:
        _complain(trouble)
        return trouble.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    return ended if isinstance(ended, int) else 0


def _complain(trouble: Trouble) -> None:
    from hrctl.words import plain  # noqa: PLC0415 - only when something went wrong

    click.echo(f"hr: {plain(trouble.message)}", err=True)
    if trouble.hint:
        click.echo(f"    {plain(trouble.hint)}", err=True)


def _home() -> str:
    """The user's folder, or nothing: a service account may have none."""
    try:
        return str(Path.home())
    except RuntimeError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
