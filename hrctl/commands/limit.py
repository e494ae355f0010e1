"""`hr limit`: what client keys may ask for, and how far each has come."""

from collections.abc import Iterator
from typing import Final

import click

from hrctl.grammar import DOLLARS, Command, InOrder, as_json
from hrctl.render import Cell, Column, Paper, drawn_share, table
from hrctl.session import Session
from hrctl.words import coming, count, many, money, plain, sentence
from hrd.admin.wire.limits import LIMIT_CLEAR, LIMIT_SET, LIMITS, ClientLimits, LimitClear, Limits, LimitSet
from hrd.admin.wire.route import Nothing

COST_POLICIES: Final = ("free-only", "subscription-ok", "paid-ok")
PRIORITIES: Final = ("low", "normal", "high")


@click.group(cls=InOrder)
def limit() -> None:
    """Show, set and clear the ceilings of client keys."""


@limit.command("list", cls=Command, examples=("hr limit list", "hr limit list --json"))
@as_json
@click.pass_obj
def list_(session: Session, as_json: bool) -> None:
    """What each client key may ask for, and what it has had.

    Requests under way count at once, with what is set aside for them. A key that says nothing of a ceiling has the settings'
    (PROXY_LIMIT_RPM and its like). Days are UTC.
    """
    session.show(session.client.ask(LIMITS, Nothing()), drawn, as_json)


_COLUMNS: Final = (
    Column("KEY", shrinks=True),
    Column("CEILING"),
    Column("LEFT"),
    Column("", right=True),
    Column("OF", right=True),
    Column("RESETS", goes=1),
)


def drawn(found: Limits, paper: Paper) -> str:
    if not found.clients:
        return "No client keys: make one with hr key create NAME"
    return table(paper, _COLUMNS, [row for one in found.clients for row in _rows(one, found, paper.bar_width)])


def _rows(one: ClientLimits, found: Limits, width: int) -> list[list[Cell | str]]:
    """A line for each ceiling, the key's name in the first."""
    holds, spent, day = one.holds, one.spent, coming(found.resets_at, found.now)
    ceilings = (
        ("at once", spent.at_once, holds.concurrency, "when one ends", count),
        ("requests/minute", spent.in_minute, holds.rpm, "by and by", count),
        ("requests/day", spent.requests, holds.req_per_day, day, count),
        ("tokens/day", spent.tokens, holds.tokens_per_day, day, count),
        ("cost/day", spent.cost_microusd, round(holds.cost_per_day * 1e6), day, money),
    )
    rows: list[list[Cell | str]] = [
        [what, drawn_share(1 - used / most, width), words(max(0, most - used)), words(most), until]
        for what, used, most, until, words in ceilings
        if most
    ]
    rows = rows or [[f"none ({many(spent.requests, 'request')} today)", "", "", "", ""]]
    rows += [[word, "", "", "", ""] for word in _policies(one)]
    return [[(one.name or one.fingerprint) if place == 0 else "", *row] for place, row in enumerate(rows)]


def _policies(one: ClientLimits) -> Iterator[str]:
    """What the key may not, however little it asks for."""
    if one.own.cost_policy:
        yield one.own.cost_policy
    if one.own.priority_max not in ("", "high"):
        yield f"priority {one.own.priority_max}"
    if one.own.local_only:
        yield "local only"


@limit.command(
    "set",
    cls=Command,
    examples=("hr limit set laptop --rpm 20 --req-day 1000", "hr limit set ci --cost-day 0.5 --cost-policy paid-ok"),
)
@click.argument("which", metavar="NAME|FINGERPRINT")
@click.option("--rpm", type=click.IntRange(min=0), help="Requests a minute at most.")
@click.option("--req-day", type=click.IntRange(min=0), help="Requests a day at most.")
@click.option("--tokens-day", type=click.IntRange(min=0), help="Tokens a day at most.")
@click.option("--cost-day", type=DOLLARS, help="US dollars a day at most.")
@click.option("--concurrency", type=click.IntRange(min=0), help="Requests at once at most.")
@click.option("--cost-policy", type=click.Choice(COST_POLICIES), help="What its replies may cost.")
@click.option("--priority-max", type=click.Choice(PRIORITIES), help="The highest priority that its requests may have.")
@as_json
@click.pass_obj
def set_(
    session: Session,
    which: str,
    rpm: int | None,
    req_day: int | None,
    tokens_day: int | None,
    cost_day: float | None,
    concurrency: int | None,
    cost_policy: str | None,
    priority_max: str | None,
    as_json: bool,
) -> None:
    """Change what a client key may ask for, from its next request on.

    What is not named stays. 0 takes the key's own ceiling away: then that of the settings holds, if there is one
    (PROXY_LIMIT_RPM and its like).
    """
    ask = LimitSet(
        which=which,
        rpm=rpm,
        req_per_day=req_day,
        tokens_per_day=tokens_day,
        cost_per_day=cost_day,
        concurrency=concurrency,
        cost_policy=cost_policy,
        priority_max=priority_max,
    )
    session.show(session.client.ask(LIMIT_SET, ask), _changed, as_json)


@limit.command(cls=Command, examples=("hr limit clear laptop", "hr limit clear client-1a2b3c4d"))
@click.argument("which", metavar="NAME|FINGERPRINT")
@as_json
@click.pass_obj
def clear(session: Session, which: str, as_json: bool) -> None:
    """Take a client key's own ceilings away.

    The settings' (PROXY_LIMIT_RPM and its like) hold for it then. What it has spent today stays counted.
    """
    session.show(session.client.ask(LIMIT_CLEAR, LimitClear(which=which)), _changed, as_json)


def _changed(one: ClientLimits, _paper: Paper) -> str:
    holds = one.holds
    ceilings = (
        (holds.concurrency, "at once"),
        (holds.rpm, "requests/min"),
        (holds.req_per_day, "requests/day"),
        (holds.tokens_per_day, "tokens/day"),
    )
    said = [f"{count(number)} {unit}" for number, unit in ceilings if number]
    if holds.cost_per_day:
        said.append(f"{money(round(holds.cost_per_day * 1e6))}/day")
    return f"{plain(one.name or one.fingerprint)}: {sentence(*said, *_policies(one)) or 'no ceiling'}"
