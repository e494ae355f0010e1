"""`hr quota`: what is left, and what is blocked."""

from collections.abc import Iterator
from typing import Final

import click

from hrctl.grammar import Command, as_json
from hrctl.render import Cell, Column, Paper, table
from hrctl.session import Session
from hrctl.words import coming, count, sentence
from hrd.admin.wire.quota import QUOTA, Quota, QuotaBlock, QuotaScope, QuotaWindow
from hrd.admin.wire.route import Nothing

_COLUMNS: Final = (
    Column("SCOPE", shrinks=True),
    Column("WINDOW"),
    Column("LEFT", right=True),
    Column("OF", right=True),
    Column("RESETS"),
    Column("SOURCE"),
    Column("BLOCKED", shrinks=True),
)


@click.command(cls=Command, examples=("hr quota", "hr quota --json"))
@as_json
@click.pass_obj
def quota(session: Session, as_json: bool) -> None:
    """What keys and accounts have left, and what is blocked.

    Shown is what is known: from the providers' own words, or from our ledger. A block says why something is not asked, on whose
    word, and until when.
    """
    session.show(session.client.ask(QUOTA, Nothing()), drawn, as_json)


def drawn(found: Quota, paper: Paper) -> str:
    rows = [row for scope in found.scopes for row in _rows(scope, found.now)]
    if not rows:
        return "Nothing is known yet and nothing is blocked: quotas are learned from the providers' answers"
    return table(paper, _COLUMNS, rows)


def _rows(scope: QuotaScope, now: float) -> Iterator[list[Cell | str]]:
    """The scope's name stands in its first row."""
    name = scope.title or scope.scope
    for window in scope.windows:
        yield [name, *_window(window, now), ""]
        name = ""
    for block in scope.blocks:
        yield [name, "", "", "", "", block.source, Cell(_block(block, now), "yellow")]
        name = ""


def _window(window: QuotaWindow, now: float) -> list[Cell | str]:
    limit = count(window.limit) if window.limit is not None else ""
    left = Cell(count(window.left), "red" if window.left <= 0 else "")
    return [window.kind, left, limit, coming(window.resets_at, now), window.source]


def _block(block: QuotaBlock, now: float) -> str:
    probe = f"tried {coming(block.next_probe, now)}" if block.next_probe is not None else ""
    return sentence(f"{block.reason} {coming(block.until, now)}", probe, block.message)
