"""`hr usage`: what was spent."""

import datetime
from collections.abc import Callable
from typing import Final

import click

from hrctl.grammar import Command, as_json
from hrctl.problems import Misused
from hrctl.render import Cell, Column, Paper, table
from hrctl.session import Session
from hrctl.words import converted, cost, count, many, plain
from hrd.admin.wire.usage import USAGE, Usage, UsageQuestion, UsageRow, UsageTotals

SESSION: Final = "session"
NO_SESSION: Final = "No request named a session in that time: a client does so with the header X-Hermes-Session"
NOBODY: Final = "nobody"
"""Who served what was refused; hr logs says so, too."""
_GROUPS: Final[dict[str, tuple[tuple[str, ...], Callable[[UsageRow], tuple[str, ...]]]]] = {
    "provider": (("PROVIDER",), lambda row: (row.provider or NOBODY,)),
    "model": (("PROVIDER", "MODEL"), lambda row: (row.provider or NOBODY, row.model)),
    "credential": (("PROVIDER", "CREDENTIAL"), lambda row: (row.provider or NOBODY, row.credential)),
    "client": (("CLIENT",), lambda row: (row.client_name or row.client,)),
    "session": (("SESSION", "CLIENT"), lambda row: (row.session, row.client_name or row.client)),
    "day": (("DAY",), lambda row: (row.day,)),
}


@click.command(cls=Command, examples=("hr usage", "hr usage --since today --by client", "hr usage --since 2026-11-01 --json"))
@click.option("--since", default="30d", show_default=True, metavar="WHEN", help="A day (YYYY-MM-DD), today, 7d (days), or all.")
@click.option("--by", type=click.Choice(list(_GROUPS)), default="provider", show_default=True, help="What to add up by.")
@click.option("--client", default="", metavar="KEY", help="Only this client key (name or fingerprint).")
@as_json
@click.pass_obj
def usage(session: Session, since: str, by: str, client: str, as_json: bool) -> None:
    """Requests, tokens and cost of the last days.

    They are added up by provider, model, credential, client, day, or session (the X-Hermes-Session of a request). Days are UTC.
    A cost with a + is not all: what some requests cost is not known. With --json all rows come as they are kept, whatever --by
    says, but for sessions, which are kept apart.
    """
    first = first_day(since, datetime.datetime.now(datetime.UTC).date())
    answered = session.client.ask(USAGE, UsageQuestion(since=first, client=client, by_session=by == SESSION))
    session.show(answered, lambda found, paper: _drawn(found, by, paper), as_json)


def first_day(since: str, today: datetime.date) -> str:
    """The first day meant, as the daemon wants it; empty for all."""
    if since == "all":
        return ""
    if since == "today":
        return today.isoformat()
    if since.endswith("d") and since[:-1].isdecimal() and len(since) <= 5:
        days = min(int(since[:-1]), today.toordinal())
        return (today - datetime.timedelta(days=max(0, days - 1))).isoformat()
    try:
        return datetime.date.fromisoformat(since).isoformat()
    except ValueError:
        raise Misused(f"{since} is not a day", "--since takes 2026-11-01, today, 7d (the last seven days) or all") from None


def _drawn(found: Usage, by: str, paper: Paper) -> str:
    nothing = NO_SESSION if by == SESSION else "Nothing was asked in that time"
    lines = [_sums(found, by, paper) if found.rows else nothing]
    if found.totals.unpriced:
        lines.append(f"What {many(found.totals.unpriced, 'request')} cost is not known: name prices in MODEL_PRICES_FILE")
    if found.cut:
        lines.append("There is more than one answer holds: ask for fewer days with --since")
    if found.unwritten:
        lines.append(paper.alarm(plain(found.unwritten)))
    return "\n".join(lines)


def _sums(found: Usage, by: str, paper: Paper) -> str:
    titles, of = _GROUPS[by]
    sums: dict[tuple[str, ...], UsageTotals] = {}
    for row in found.rows:
        sums[of(row)] = _plus(sums.get(of(row), UsageTotals()), row)
    ordered = sorted(sums) if by == "day" else sorted(sums, key=lambda name: (-_tokens(sums[name]), name))
    columns = [*(Column(title, shrinks=True) for title in titles), *_COUNTERS, Column(found.currency, right=True, goes=3)]
    rows: list[list[Cell | str]] = [[*name, *_counters(sums[name], found)] for name in ordered]
    total = ["total", *[""] * (len(titles) - 1), *_counters(found.totals, found)]
    return table(paper, columns, [*rows, [Cell(text, "bold") for text in total]])


_COUNTERS: Final = (
    Column("REQUESTS", right=True),
    Column("ERRORS", right=True, goes=1),
    Column("INPUT", right=True, goes=2),
    Column("OUTPUT", right=True, goes=2),
    Column("COST", right=True),
)


def _counters(sums: UsageTotals, found: Usage) -> list[str]:
    return [
        count(sums.requests),
        count(sums.errors),
        count(sums.input_tokens),
        count(sums.output_tokens),
        cost(sums.cost_microusd, sums.unpriced, sums.requests),
        converted(sums.cost_microusd, found.fx_rate, sums.unpriced, sums.requests) if found.fx_rate else "",
    ]


def _tokens(sums: UsageTotals) -> int:
    return sums.input_tokens + sums.output_tokens


def _plus(one: UsageTotals, other: UsageTotals) -> UsageTotals:
    return UsageTotals(
        requests=one.requests + other.requests,
        errors=one.errors + other.errors,
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cost_microusd=one.cost_microusd + other.cost_microusd,
        unpriced=one.unpriced + other.unpriced,
    )
