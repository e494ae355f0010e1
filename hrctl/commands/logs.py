"""`hr logs`: the last requests, or each one as it ends."""

import click

from hrctl.client import Client
from hrctl.grammar import Command, as_json
from hrctl.problems import NotRunning, Trouble
from hrctl.render import Paper
from hrctl.session import Session
from hrctl.words import clock_short, count, many, milliseconds, plain
from hrd.admin.wire.daemon import VERSION
from hrd.admin.wire.journal import LOGS, LOGS_FOLLOW, Exchange, Logs, LogsQuestion
from hrd.admin.wire.route import Nothing

_COLOURS = {"ok": "green", "client gone": "yellow", "interrupted": "yellow"}


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
    outcome = paper.paint(f"{one.status} {plain(one.outcome):<11}", _COLOURS.get(one.outcome, "red"))
    asked = plain(one.model_asked)
    served = f"{plain(one.provider)}/{plain(one.model)}" if one.provider else "nobody"
    tokens = f"{count(one.usage.input_tokens)}+{count(one.usage.output_tokens)}"
    tries = f"  {many(len(one.attempts), 'attempt')}" if len(one.attempts) > 1 else ""
    first = (
        f"{clock_short(one.at)}  {outcome}  {asked:<16} {served:<40} {tokens:>13}  {milliseconds(one.total_ms):>7}"
        f"  {plain(one.request_id)}{tries}"
    )
    return f"{first}\n    {plain(one.reason)}" if one.reason else first
