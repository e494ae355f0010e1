"""`hr logs`: the last requests, or each one as it ends."""

from typing import Final

import click

from hrctl.client import Client
from hrctl.grammar import Command, as_json
from hrctl.problems import NotRunning, Trouble
from hrctl.render import Cell, Column, Paper, row
from hrctl.session import Session
from hrctl.words import clock_short, count, many, milliseconds, plain
from hrd.admin.wire.daemon import VERSION
from hrd.admin.wire.journal import LOGS, LOGS_FOLLOW, Exchange, Logs, LogsQuestion
from hrd.admin.wire.route import Nothing

_COLOURS = {"ok": "green", "client gone": "yellow", "interrupted": "yellow"}
_COLUMNS: Final = (
    Column("when"),
    Column("outcome"),
    Column("asked for", goes=4),
    Column("answered by", shrinks=True, wants=24),
    Column("tokens", right=True, goes=3),
    Column("took", right=True, goes=2),
    Column("request"),
    Column("attempts", goes=5),
)
_WIDTHS: Final = (14, 15, 16, 40, 13, 7)
"""Of the first ones; the request's id is there to be copied, and stays whole."""
_ATTEMPTS_WIDTH: Final = 11


@click.command(cls=Command, examples=("hr logs", "hr logs -f --errors", "hr logs -n 500 --json"))
@click.option("-f", "--follow", is_flag=True, help="Go on with each request as it ends, until interrupted.")
@click.option("-n", "rows", type=click.IntRange(min=0), default=50, show_default=True, help="How many of the last ones.")
@click.option("--errors", is_flag=True, help="Only requests that did not end well.")
@click.option("--provider", default="", metavar="P", help="Only requests that this provider answered last.")
@as_json
@click.pass_obj
def logs(session: Session, follow: bool, rows: int, errors: bool, provider: str, as_json: bool) -> None:
    """The last requests, oldest first.

    Each with its time, outcome, model asked for, who answered, tokens in and out, duration and request id. Nothing of what was
    asked or answered is kept. hr why REQUEST_ID tells one request in full.
    """
    question = LogsQuestion(n=rows, errors=errors, provider=provider)
    if not follow:
        session.show(session.client.ask(LOGS, question), _drawn, as_json)
        return
    for answered in session.client.follow(LOGS_FOLLOW, question):
        session.show_line(answered, line, as_json)
    raise _ended(session.client)


def _ended(client: Client) -> Trouble:
    """Who told us has hung up: after a restart another process answers."""
    try:
        pid = client.ask(VERSION, Nothing()).value.pid
    except Trouble:
        return NotRunning("hrd has ended", "see whether it runs again: hr status")
    return Trouble(f"hrd was restarted (pid {pid} serves now), and who told of requests has ended", "go on with: hr logs -f")


def _drawn(found: Logs, paper: Paper) -> str:
    lines = [line(one, paper) for one in found.exchanges] or ["No requests yet"]
    return "\n".join([*lines, *([paper.alarm(plain(found.unwritten))] if found.unwritten else [])])


def line(one: Exchange, paper: Paper) -> str:
    """One request in a line of fixed columns, so that lines written at different times stand below each other."""
    cells: list[Cell | str] = [
        clock_short(one.at),
        Cell(f"{one.status} {plain(one.outcome)}", _COLOURS.get(one.outcome, "red")),
        one.model_asked,
        f"{one.provider}/{one.model}" if one.provider else "nobody",
        f"{count(one.usage.input_tokens)}+{count(one.usage.output_tokens)}",
        milliseconds(one.total_ms),
        one.request_id,
        many(len(one.attempts), "attempt") if len(one.attempts) > 1 else "",
    ]
    first = row(paper, _COLUMNS, (*_WIDTHS, len(one.request_id), _ATTEMPTS_WIDTH), cells)
    return "\n".join([first, paper.flow(f"    {plain(one.reason)}")]) if one.reason else first
