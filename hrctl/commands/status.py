"""`hr status`: what the router is doing."""

import time
from collections.abc import Iterator
from typing import Final

import click

from hrctl.grammar import Command, as_json
from hrctl.hindered import hindered
from hrctl.problems import NotRunning, Trouble
from hrctl.render import Cell, Column, Paper, table
from hrctl.session import Session
from hrctl.words import amount, coming, count, lasting, many, milliseconds, plain, sentence
from hrd import __version__
from hrd.admin.wire.forecast import RunsOut
from hrd.admin.wire.route import Nothing
from hrd.admin.wire.status import STATUS, CredentialState, CredentialStatus, Finishing, ProviderState, ProviderStatus, Status

_COLUMNS: Final = (
    Column("PROVIDER"),
    Column("STATE"),
    Column("MODE", goes=5),
    Column("CLASS", goes=3),
    Column("ATTEMPTS", right=True, goes=1),
    Column("ERRORS", right=True, goes=1),
    Column("TOKENS", right=True, goes=2),
    Column("LATENCY", right=True, goes=4),
    Column("NOTE", shrinks=True, wants=26),
)

_COLOURS: Final[dict[str, str]] = {
    ProviderState.READY: "green",
    ProviderState.PARTLY: "yellow",
    ProviderState.BLOCKED: "red",
    ProviderState.OFF: "dim",
    ProviderState.RETIRED: "dim",
    ProviderState.NO_KEY: "dim",
    CredentialState.BUSY: "green",
    CredentialState.COOLING: "yellow",
    CredentialState.PROBING: "yellow",
    CredentialState.REJECTED: "red",
    CredentialState.NEEDS_LOGIN: "red",
    CredentialState.DEAD: "red",
    CredentialState.NO_CREDIT: "red",
}


@click.command(cls=Command, examples=("hr status", "hr status --watch", "hr status --json"))
@click.option("--watch", is_flag=True, help="Show it again and again, until interrupted.")
@click.option(
    "--every",
    type=click.FloatRange(min=0.1),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How often, with --watch.",
)
@as_json
@click.pass_obj
def status(session: Session, watch: bool, every: float, as_json: bool) -> None:
    """What the router, its providers and keys are doing.

    A key is shown by its fingerprint. Attempts, errors and tokens are of today (UTC). Each time that a
    key is asked is an attempt: a request that only the third serves makes three, two of them errors. hr usage counts requests.
    """
    if watch:
        _watch(session, every, as_json)
    else:
        session.show(session.client.ask(STATUS, Nothing()), drawn, as_json)


def _watch(session: Session, every_s: float, as_json: bool) -> None:
    """Ends when interrupted. A daemon that is away is said to be, and looked for again."""
    while True:
        try:
            answered = session.client.ask(STATUS, Nothing())
            if as_json:
                session.show_line(answered, drawn, as_json)
            else:
                session.redraw(drawn(answered.value, session.paper))
        except NotRunning as away:
            if as_json:
                raise
            session.redraw(f"{plain(away.message)}\n{plain(away.hint)}")
        time.sleep(every_s)


def in_a_sentence(session: Session) -> str:
    """How things stand, for `hr` alone."""
    try:
        now = session.client.ask(STATUS, Nothing()).value
    except NotRunning as away:
        return f"{plain(away.message)}\n{plain(away.hint)}"
    except Trouble as trouble:
        return f"{plain(trouble.message)}\n{plain(trouble.hint)}".rstrip()
    able = sum(one.state in (ProviderState.READY, ProviderState.PARTLY) for one in now.providers)
    able_now = f"{many(able, 'provider')} can be asked (more: hr status)"
    return f"hrd {plain(now.version)} is running at {plain(now.endpoint)}: {able_now}"


def drawn(now: Status, paper: Paper) -> str:
    """The whole picture."""
    return "\n".join([*map(paper.flow, _head(now)), *_alarms(now, paper), "", *_providers(now, paper)])


def _head(now: Status) -> Iterator[str]:
    listening = plain(now.endpoint) if now.listening else f"not listening on {plain(now.endpoint)}"
    yield f"hrd {plain(now.version)}, pid {now.pid}, up {lasting(now.uptime_s)}, {plain(now.mode)}, {listening}"
    yield f"{many(now.in_flight, 'request')} in flight, {many(now.connections, 'connection')}"
    if now.next_out is not None:
        yield _next_out(now.next_out, now.now)
    yield from (_finishing(former, now.now) for former in now.finishing)


def _next_out(out: RunsOut, now: float) -> str:
    left = f"{amount(out.kind, out.left)} of {amount(out.kind, out.limit)} {plain(out.kind)} left"
    return f"next to run out: {plain(out.title or out.scope)}, {coming(out.at, now)} at this pace ({left})"


def _finishing(former: Finishing, now: float) -> str:
    ends = lasting(max(0.0, former.until - now))
    return f"former hrd {plain(former.version)}, pid {former.pid}: finishes {many(former.in_flight, 'request')}, {ends} at most"


def _alarms(now: Status, paper: Paper) -> Iterator[str]:
    if now.version != __version__:
        yield paper.alarm(f"this hr is {__version__}: have hrd run the same with: hr restart", "yellow")
    if now.draining:
        yield paper.alarm("stopping: finishes what runs, takes nothing new", "yellow")
    if now.demo:
        yield paper.alarm("demo: answers are made up, until the first key is there: hr auth add PROVIDER", "yellow")
    if now.store.state != "ok":
        waiting = f"{now.store.rows_waiting:,} of at most {now.store.rows_max:,} rows wait in memory"
        yield paper.alarm(f"database {plain(now.store.state)}: {sentence(plain(now.store.message), waiting)}")
    if now.store.moved_aside:
        yield paper.alarm(f"a damaged database was moved to {plain(now.store.moved_aside)}", "yellow")
    for warning in now.warnings:
        yield paper.alarm(f"warning: {plain(warning)}", "yellow")


def _providers(now: Status, paper: Paper) -> Iterator[str]:
    keyless = [one for one in now.providers if one.state == ProviderState.NO_KEY]
    shown = [one for one in now.providers if one.state != ProviderState.NO_KEY]
    if shown:
        rows = [row for one in shown for row in _rows(one, now.now)]
        yield table(paper, _COLUMNS, rows)
    else:
        yield paper.flow("No provider can be asked yet: add a key with hr auth add PROVIDER")
    if keyless:
        yield ""
        yield paper.flow(f"Without a key: {', '.join(plain(one.name) for one in keyless)}")


def _rows(one: ProviderStatus, now: float) -> Iterator[list[Cell | str]]:
    note = sentence(hindered(one.reason, one.until, now), _busy(one.in_flight))
    yield [Cell(one.name, "bold"), _state(one.state), one.mode, one.cost_class, *_counts(one), note]
    for key in one.credentials:
        account = f"account {key.account}" if key.account else ""
        note = sentence(hindered(key.reason, key.until, now), _busy(key.in_flight), key.label, account, key.source)
        differs = key.cost_class if key.cost_class != one.cost_class else ""
        yield [f"  {key.fingerprint}", _state(key.state), "", differs, *_counts(key), note]


def _state(state: str) -> Cell:
    return Cell(state, _COLOURS.get(state, ""))


def _busy(in_flight: int) -> str:
    return f"{in_flight} in flight" if in_flight else ""


def _counts(one: ProviderStatus | CredentialStatus) -> list[str]:
    return [count(one.requests_today), count(one.errors_today), count(one.tokens_today), milliseconds(one.latency_ms)]
