"""`hr doctor`: what keeps the router from working, and what to type."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import msgspec

from hrctl.alone import ask_alone
from hrctl.door import daemon_command
from hrctl.endpoint import open_endpoint
from hrctl.grammar import Command, as_json
from hrctl.probe import found_by_probing, probe, to_probe
from hrctl.problems import NotRunning, Trouble
from hrctl.render import Paper
from hrctl.session import Session, pretty
from hrctl.units import ask_systemctl, is_held_for_us, unit_findings, unit_folders
from hrctl.words import many, plain
from hrd import __version__
from hrd.admin.wire.doctor import DOCTOR, Diagnosis, Finding, FindingState
from hrd.admin.wire.route import Nothing

_COLOURS: Final[dict[str, str]] = {FindingState.OK: "green", FindingState.WARNING: "yellow", FindingState.PROBLEM: "red"}


@click.command(cls=Command, examples=("hr doctor", "hr doctor --probe", "hr doctor --json"))
@click.option("--probe", "is_probing", is_flag=True, help="Spend a tiny request a provider to learn what its model can do.")
@as_json
@click.pass_obj
def doctor(session: Session, is_probing: bool, as_json: bool) -> int:
    """Look for what keeps the router from working.

    Python, clock, disk, settings, permissions, port, socket, database, keys, proxies, name and TLS of each provider's host, and
    the unit, each with what to type. No request is spent. While hrd does not run, it is as if you started it now.

    With --probe each provider's first model is asked one tiny question with a tool and a picture (and again without what it
    refuses), to learn whether it takes them and thinks before it answers. That is spent, and remembered.

    Exit code 1 when there is a problem.
    """
    diagnosis = _diagnosis(session)
    if is_probing and diagnosis.running:
        diagnosis = msgspec.structs.replace(diagnosis, findings=(*diagnosis.findings, *_probed(session)))
    elif is_probing:
        raise NotRunning("nobody can be probed while hrd is not running", f"start it: {daemon_command()}")
    session.say(pretty(msgspec.json.encode(diagnosis)) if as_json else drawn(diagnosis, session.paper))
    return 1 if any(one.state == FindingState.PROBLEM for one in diagnosis.findings) else 0


def drawn(diagnosis: Diagnosis, paper: Paper) -> str:
    return "\n".join([*(line for one in diagnosis.findings for line in _lines(one, paper)), "", _summary(diagnosis)])


def _lines(one: Finding, paper: Paper) -> Iterator[str]:
    state = paper.paint(f"{plain(one.state):<8}", _COLOURS.get(one.state, ""))
    yield f"{state} {plain(one.subject):<12} {plain(one.message)}"
    if one.hint:
        yield f"{'':21} → {plain(one.hint)}"


def _summary(diagnosis: Diagnosis) -> str:
    states = [one.state for one in diagnosis.findings]
    problems, warnings = states.count(FindingState.PROBLEM), states.count(FindingState.WARNING)
    if not problems and not warnings:
        return "All is well"
    return " and ".join([many(n, noun) for n, noun in ((problems, "problem"), (warnings, "warning")) if n])


def _diagnosis(session: Session) -> Diagnosis:
    """The daemon's own, or that of one that is not running; with what only we can see."""
    try:
        found = session.client.ask(DOCTOR, Nothing()).value
        ours = [*_of_versions(found)]
    except NotRunning as nobody:
        found = ask_alone()
        missing = Finding(subject="daemon", message=nobody.message, state=FindingState.PROBLEM, hint=nobody.hint)
        ours = [] if any(one.subject == missing.subject for one in found.findings) else [missing]
    except Trouble as denied:
        found = Diagnosis(now=time.time(), version=__version__, running=False, findings=())
        ours = [Finding(subject="socket", message=denied.message, state=FindingState.PROBLEM, hint=denied.hint)]
    folders = unit_folders(os.environ, _home())
    if not found.running and is_held_for_us(folders, (found.host, found.port), ask_systemctl):
        found = msgspec.structs.replace(found, findings=tuple(map(_without_blame, found.findings)))
    units = unit_findings(folders, found, ask_systemctl)
    return msgspec.structs.replace(found, findings=(*ours, *found.findings, *units))


def _without_blame(one: Finding) -> Finding:
    """The port is taken by the socket that will hand it to hrd."""
    if one.subject != "port" or one.state != FindingState.PROBLEM:
        return one
    return Finding(subject="port", message="systemd holds it (hrd.socket), and starts hrd when somebody comes")


def _of_versions(found: Diagnosis) -> Iterator[Finding]:
    if found.version == __version__:
        yield Finding(subject="daemon", message=f"hrd {found.version} runs")
        return
    message = f"hr is {__version__}, and the hrd that runs {found.version}"
    yield Finding(
        subject="daemon",
        message=message,
        state=FindingState.WARNING,
        hint="have the one that is installed take over: hr restart",
    )


def _probed(session: Session) -> Iterator[Finding]:
    """Say what is spent, then spend it."""
    asked = to_probe(session.client)
    if not asked:
        yield Finding(subject="probe", message="all is known of every model that is asked first: nothing was spent")
        return
    names = ", ".join(f"{provider}/{row.name}" for provider, row in asked)
    click.echo(f"This spends a tiny request each, a second where something is refused: {plain(names)}", err=True)
    endpoint = open_endpoint(session.client)
    for provider, row in asked:
        yield found_by_probing(probe(session.client, endpoint, provider, row))


def _home() -> str:
    try:
        return str(Path.home())
    except RuntimeError:
        return "/nonexistent"
