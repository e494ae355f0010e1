"""`hr forecast`: how long the pool lasts, and who would help."""

from collections.abc import Iterator
from typing import Final

import click

from hrctl.grammar import Command, as_json
from hrctl.render import Cell, Column, Paper, table
from hrctl.session import Session
from hrctl.words import amount, clock_short, coming, count, many, plain
from hrd.admin.wire.forecast import FORECAST, Forecast
from hrd.admin.wire.route import Nothing

HELPS_SHOWN: Final = 3


@click.command(cls=Command, examples=("hr forecast", "hr forecast --json"))
@as_json
@click.pass_obj
def forecast(session: Session, as_json: bool) -> None:
    """How long the pool lasts at today's pace.

    It is about what costs nothing more: local models, free tiers, subscriptions; reckoned in requests of today's mean size.
    What is only claimed (by the catalogue) is believed here. Below stand the windows that run out first, and the providers
    whose free tier would add most.
    """
    session.show(session.client.ask(FORECAST, Nothing()), drawn, as_json)


def drawn(found: Forecast, paper: Paper) -> str:
    parts = [*map(paper.flow, (_pace(found), *_pool(found))), *_running_out(found, paper), *_helps(found, paper)]
    return "\n".join(parts)


def _pace(found: Forecast) -> str:
    if not found.requests_today:
        return "Nothing was answered today (UTC): there is no pace to go by yet"
    pace = f"{found.requests_an_hour:.1f}" if found.requests_an_hour < 10 else f"{found.requests_an_hour:,.0f}"
    if not found.tokens_today:
        return f"Today's pace (UTC): {pace} requests an hour, of which nobody counted tokens"
    return f"Today's pace (UTC): {pace} requests an hour of about {count(found.tokens_each)} tokens each"


def _pool(found: Forecast) -> Iterator[str]:
    if not found.candidates:
        yield "Nobody can be asked that costs nothing more: add a key with hr auth add PROVIDER"
    elif found.unlimited:
        names = ", ".join(map(plain, found.unlimited))
        if found.left:
            yield f"{many(found.left, 'request')} left of what has a limit of a day or longer"
        elif found.limited:
            yield "What has a limit of a day or longer is used up"
        yield f"As far as is known the pool does not run empty: no limit of a day or longer is known of {names}"
    elif found.empty_at is None:
        yield f"{many(found.left, 'request')} left; at this pace the pool is not empty within a month"
    elif found.empty_at <= found.now:
        yield "The pool is empty"
    else:
        when = f"{coming(found.empty_at, found.now)} ({clock_short(found.empty_at)})"
        yield f"{many(found.left, 'request')} left; at this pace the pool is empty {when}"
    if found.paid and found.empty_at is not None:
        yield f"After that requests cost money: {', '.join(map(plain, found.paid))}"


_RUNNING_OUT: Final = (
    Column("RUNS OUT"),
    Column("WHAT", shrinks=True),
    Column("WINDOW"),
    Column("LEFT", right=True),
    Column("OF", right=True),
    Column("FULL AGAIN", goes=1),
)


def _running_out(found: Forecast, paper: Paper) -> Iterator[str]:
    if not found.running_out:
        return
    yield "\nRuns out before it is full again, each at its own pace:"
    rows: list[list[Cell | str]] = [
        [
            Cell(coming(one.at, found.now), "yellow"),
            one.title or one.scope,
            one.kind,
            amount(one.kind, one.left),
            amount(one.kind, one.limit),
            coming(one.resets_at, found.now),
        ]
        for one in found.running_out
    ]
    yield table(paper, _RUNNING_OUT, rows)


_HELPS: Final = (
    Column("PROVIDER"),
    Column("ADDS A DAY", right=True),
    Column("CLAIMED", shrinks=True, wants=20),
    Column("KEYS", shrinks=True, goes=1, wants=36),
)


def _helps(found: Forecast, paper: Paper) -> Iterator[str]:
    if not found.helps:
        return
    yield "\nWhose free tier would help most (hr auth add PROVIDER):"
    best = found.helps[:HELPS_SHOWN]
    yield table(paper, _HELPS, [[one.provider, count(one.requests_a_day), one.claim, one.keys_at] for one in best])
