"""`hr service`: hermes-router as a service of systemd's, for the machine or for one user."""

import os
import sys
from pathlib import Path
from typing import NamedTuple

import click
import msgspec

from hrctl.grammar import Command, InOrder, as_json
from hrctl.installation.arriving import Outcome, install
from hrctl.installation.contents import Piece, Program, contents
from hrctl.installation.layout import Layout, Scope, out_of_reach, system_layout, user_layout
from hrctl.installation.leaving import uninstall
from hrctl.installation.machine import ThisMachine
from hrctl.installation.unit_state import SCOPES, UnitState, unit_states
from hrctl.problems import Misused, NotRunning, Trouble
from hrctl.render import Cell, Column, Paper, table
from hrctl.session import Session
from hrctl.words import many
from hrd import __version__
from hrd.__main__ import main as hrd

PREFIX = "/usr/local"
PACKAGED = "/usr/lib/systemd/system/hrd.service"
"""Is there when the distribution's package manager has installed us."""

_COLUMNS = (Column("unit"), Column("of"), Column("at boot"), Column("state"), Column("pid"), Column("says", shrinks=True))
_COLOURS = {"active": "green", "failed": "red", "activating": "yellow"}


class Aim(NamedTuple):
    """Whose service is meant, and where its files go."""

    scope: Scope
    root: str
    prefix: str

    @property
    def layout(self) -> Layout:
        program = sys.prefix.removeprefix(self.root) if self.root else sys.prefix
        return layout_of(self.scope, self.prefix, program)


def layout_of(scope: Scope, prefix: str = PREFIX, program: str = sys.prefix) -> Layout:
    """For this user, or for the machine."""
    return system_layout(prefix, program) if scope == "system" else user_layout(str(Path.home()), os.environ, program)


def aimed(command: click.decorators.FC) -> click.decorators.FC:
    """The options that say whose service is meant."""
    whose = click.option("--system/--user", "system", default=None, help="The machine's (root's default), or your own.")
    root = click.option("--root", default="", metavar="DIR", help="Files for another machine, below DIR; nothing is run.")
    prefix = click.option("--prefix", default=PREFIX, metavar="DIR", help="Where the machine's files go.  [/usr/local]")
    return whose(root(prefix(command)))


@click.group(name="service", cls=InOrder)
def service() -> None:
    """Run hermes-router as a service of systemd's.

    The machine's service starts at boot and has a user of its own; your own starts when you log in. Both keep the port open
    while the daemon is away, and restart it when it fails.
    """


@service.command(
    "install",
    cls=Command,
    examples=("hr service install --system", "hr service install --user", "hr service install --no-start"),
)
@aimed
@click.option("--start/--no-start", default=True, help="Whether to start it, now and at every boot.  [start]")
@as_json
@click.pass_obj
def install_command(session: Session, system: bool | None, root: str, prefix: str, start: bool, as_json: bool) -> None:
    """Install the service, or renew it.

    With it come hr and hrd as commands, their man pages, and completions for bash, zsh and fish. A daemon that runs already
    runs on as it is: hr restart has it replaced.
    """
    aim = _aim(system, root, prefix)
    layout = aim.layout
    if aim.scope == "system" and not root:
        _refuse_impossible(layout)
    outcome = install(layout, pieces_of(layout), ThisMachine(), root=aim.root, start=start)
    _tell(session, aim, outcome, "installed", as_json)


@service.command(
    "uninstall", cls=Command, examples=("hr service uninstall --system", "hr service uninstall --user --purge --yes")
)
@aimed
@click.option("--purge", is_flag=True, help="Remove settings, keys and what was spent as well.")
@click.option("--yes", is_flag=True, help="Do not ask before that.")
@as_json
@click.pass_obj
def uninstall_command(
    session: Session, system: bool | None, root: str, prefix: str, purge: bool, yes: bool, as_json: bool
) -> None:
    """Stop the service and remove it.

    Settings, keys and what was spent stay. So does the program itself, if it was not installed by make.
    """
    aim = _aim(system, root, prefix)
    layout = aim.layout
    if aim.scope == "system" and not root:
        _refuse_packaged()
        _refuse_without_root()
    if purge and not yes:
        click.confirm(f"Remove {' and '.join(layout.data)} with all keys in it?", abort=True)
    outcome = uninstall(layout, pieces_of(layout), ThisMachine(), root=aim.root, purge=purge)
    _tell(session, aim, outcome, "removed", as_json)


@service.command("status", cls=Command, examples=("hr service status", "hr service status --json"))
@as_json
@click.pass_obj
def status_command(session: Session, as_json: bool) -> None:
    """What systemd says of the service.

    Exit code 3: it is not installed, or not running.
    """
    machine = ThisMachine()
    states = unit_states(machine)
    if as_json:
        session.say(msgspec.json.format(msgspec.json.encode({"units": states}), indent=2).decode())
    elif states:
        session.say(drawn(states, session.paper))
    if not any(state.active for state in states if state.name == "hrd.service"):
        raise absent(states, has_systemd=any(machine.has_systemd(scope) for scope in SCOPES))


def _aim(system: bool | None, root: str, prefix: str) -> Aim:
    if root and not Path(root).is_absolute():
        raise Misused(f"--root {root} is not an absolute path", f"type it in full: {Path(root).absolute()}")
    is_systems = os.geteuid() == 0 if system is None else system
    return Aim("system" if is_systems else "user", root.rstrip("/"), "/" + prefix.strip("/"))


def _refuse_impossible(layout: Layout) -> None:
    _refuse_packaged()
    _refuse_without_root()
    why = out_of_reach(layout.program, sys.base_prefix)
    if why:
        raise Trouble(why, "install it for the machine with: sudo make install PYTHON=/usr/bin/python3, or for you: --user")


def _refuse_packaged() -> None:
    if Path(PACKAGED).exists():
        raise Trouble(
            f"a package has installed the service ({PACKAGED})",
            "systemctl enable --now hrd.service starts it, apt remove hermes-router removes it",
        )


def _refuse_without_root() -> None:
    if os.geteuid():
        raise Trouble("only root may change the machine's services", f"sudo {sys.argv[0]} service …, or take your own: --user")


def pieces_of(layout: Layout) -> list[Piece]:
    """Every file. A program that the user shares with others has its commands, pages and completions elsewhere."""
    from hrctl.__main__ import cli  # noqa: PLC0415 - it is what loads us

    is_shared = layout.scope == "user" and not layout.program.startswith(f"{Path.home()}/")
    programs = () if is_shared else (Program("hr", 1, cli), Program("hrd", 8, hrd))
    return contents(layout, programs, __version__)


def _tell(session: Session, aim: Aim, outcome: Outcome, done: str, as_json: bool) -> None:
    if as_json:
        fields = {"scope": aim.scope, "files": outcome.files, "running": outcome.is_running, "notes": outcome.notes}
        session.say(msgspec.json.format(msgspec.json.encode(fields), indent=2).decode())
        return
    whose = "The machine's service" if aim.scope == "system" else "Your service"
    running = ", and it runs" if outcome.is_running else ""
    session.say("\n".join([f"{whose} is {done} ({many(len(outcome.files), 'file')}){running}", *outcome.notes]))


def drawn(states: list[UnitState], paper: Paper) -> str:
    """Units for people."""
    rows = [
        [
            each.name,
            "the machine" if each.scope == "system" else "you",
            "yes" if each.enabled else "no",
            Cell(each.state, _COLOURS.get(each.state.partition(" ")[0], "")),
            str(each.pid or ""),
            "its file has changed: systemctl daemon-reload" if each.is_outdated else each.says,
        ]
        for each in states
    ]
    return table(paper, _COLUMNS, rows)


def absent(states: list[UnitState], *, has_systemd: bool) -> NotRunning:
    """Why no service runs, when these are all units that there are."""
    if not has_systemd:
        return NotRunning("systemd does not run here, so no service can", f"start the daemon by hand: {sys.prefix}/bin/hrd")
    if not states:
        return NotRunning("no service of hermes-router is installed here", "install it: hr service install")
    user = " --user" if states[0].scope == "user" else ""
    return NotRunning("the service is installed and does not run", f"start it: systemctl{user} start hrd.socket hrd.service")
