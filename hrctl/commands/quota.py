"""`hr quota`: what is left, and what is blocked."""

from collections.abc import Iterator
from typing import Final

import click

from hrctl.grammar import Command, as_json
from hrctl.hindered import in_short
from hrctl.render import Cell, Column, Paper, drawn_share, table
from hrctl.session import Session
from hrctl.words import ago, amount, coming, plain, sentence
from hrd.admin.wire.quota import CLAIMED, QUOTA, Quota, QuotaBlock, QuotaScope, QuotaWindow
from hrd.admin.wire.route import Nothing

INDENT: Final = "  "
SETTINGS: Final = "settings"
MANY: Final = 1000
"""So many scopes of which no limit is known are nothing to speak of."""
_COLUMNS: Final = (
    Column("WINDOW"),
    Column("LEFT", goes=1),
    Column("", right=True),
    Column("OF", right=True),
    Column("FULL AGAIN"),
    Column("SAYS WHO", goes=2),
)


@click.command(cls=Command, examples=("hr quota", "hr quota --json"))
@as_json
@click.pass_obj
def quota(session: Session, as_json: bool) -> None:
    """What keys and accounts have left, and what is blocked.

    For each key, account or model: what is left of each window, of how much, until when, and who says so. A ~ is before what is
    only claimed (by the catalogue): it orders who is asked, and refuses nobody. A block says why something is not asked, on
    whose word, until when, and when it is tried all the same. hr reset lifts it.
    """
    session.show(session.client.ask(QUOTA, Nothing()), drawn, as_json)


def drawn(found: Quota, paper: Paper) -> str:
    if not found.scopes:
        return paper.flow("Nothing is known yet and nothing is blocked: quotas are learned from the providers' answers")
    rows = [_window(window, found.now, paper.bar_width) for scope in found.scopes for window in scope.windows]
    lines = iter(table(paper, _COLUMNS, rows).split("\n"))
    head = [next(lines)] if rows else []
    shown = [*head, *(line for scope in found.scopes for line in _scope(scope, lines, found.now, paper))]
    more = found.scopes_known - len(found.scopes)
    if more > MANY:
        shown.append(
            paper.flow(f"{more:,} more scopes are remembered, of models that nobody asks by the settings or that count only")
        )
    return "\n".join(shown)


def _scope(scope: QuotaScope, lines: Iterator[str], now: float, paper: Paper) -> Iterator[str]:
    """The scope's name over its windows and blocks; the lines of its windows are the next of *lines*."""
    yield paper.alarm(plain(scope.title or scope.scope), "bold")
    for _ in scope.windows:
        yield next(lines)
    for block in scope.blocks:
        yield paper.alarm(f"{INDENT}{_block(block, now)}", "yellow")


def _window(window: QuotaWindow, now: float, width: int) -> list[Cell | str]:
    kind, left = f"{INDENT}{window.kind}", amount(window.kind, window.left)
    if window.limit is None:
        return [kind, "", left, "", coming(window.resets_at, now), _source(window, now)]
    bar = drawn_share(window.left / window.limit if window.limit else 0.0, width)
    whole = ("~" if window.standing == CLAIMED else "") + amount(window.kind, window.limit)
    again = coming(window.resets_at, now) if window.left < window.limit else ""
    return [kind, bar, Cell(left, bar.colour), whole, again, _source(window, now)]


def _source(window: QuotaWindow, now: float) -> str:
    """A claim is of no moment: the catalogue has its date. Nor is what one has set oneself."""
    is_dated = window.standing != CLAIMED and window.source != SETTINGS
    return sentence(window.source, ago(window.seen_at, now)) if is_dated else window.source


def _block(block: QuotaBlock, now: float) -> str:
    probe = f"tried {coming(block.next_probe, now)}" if block.next_probe is not None else ""
    until = coming(block.until, now)
    ends = until if until.startswith("until") else f"over {until}"
    return sentence(f"blocked: {plain(in_short(block.reason))} ({plain(block.source)})", ends, probe, plain(block.message))
