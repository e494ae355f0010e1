"""What `hr` puts on paper: aligned columns without boxes, and colour where it helps and is wanted.

A table knows nothing of terminals: its `Paper` says how wide it may be and whether colours show, so that the same rows look
the same in a test.
"""

import shutil
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TextIO

from hrctl.words import plain

GAP: Final = "  "
SCARCE_BELOW: Final = 0.2
SHRUNK_MIN: Final = 8
"""No column becomes narrower than this to make a table fit."""

BAR_WIDTH: Final = 10
BAR_WIDTH_NARROW: Final = 5
WIDE_FROM: Final = 72
NARROWEST: Final = 20
"""Nothing is made to fit a terminal that is narrower."""

_SGR: Final = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "dim": "2"}


class Paper(NamedTuple):
    """What is written on. No `width`: as wide as it takes (a file or a pipe). `clears`: it can be wiped and used again."""

    width: int | None = None
    colour: bool = False
    clears: bool = False

    def paint(self, text: str, colour: str) -> str:
        return f"\x1b[{_SGR[colour]}m{text}\x1b[0m" if self.colour and colour and text else text

    @property
    def bar_width(self) -> int:
        return BAR_WIDTH if self.width is None or self.width >= WIDE_FROM else BAR_WIDTH_NARROW

    def flow(self, text: str) -> str:
        """A sentence in as many lines as it takes here. A longer word stays whole: it may be a path to copy."""
        if self.width is None or len(text) <= self.width:
            return text
        import textwrap  # noqa: PLC0415 - only here, and hr is to start quickly

        lines = textwrap.wrap(
            text, max(self.width, NARROWEST), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
        return "\n".join(lines)

    def alarm(self, text: str, colour: str = "red") -> str:
        """A sentence that is to be seen, in as many lines as it takes."""
        return "\n".join(self.paint(line, colour) for line in self.flow(text).split("\n"))


class Cell(NamedTuple):
    """A text, and the colour it has."""

    text: str
    colour: str = ""


class Column(NamedTuple):
    """`right`: numbers. `shrinks`: may lose its end in a narrow terminal; whoever may go goes before it has less than `wants`.
    `goes`: may be left out there, the highest first."""

    title: str
    right: bool = False
    shrinks: bool = False
    goes: int = 0
    wants: int = SHRUNK_MIN


def paper_for(stream: TextIO, environ: Mapping[str, str]) -> Paper:
    """Colours on a terminal that wants them (NO_COLOR: https://no-color.org), lines no wider than it."""
    if not stream.isatty():
        return Paper()
    able = environ.get("TERM") != "dumb"
    return Paper(width=shutil.get_terminal_size().columns, colour=able and not environ.get("NO_COLOR"), clears=able)


def drawn_share(share: float, width: int) -> Cell:
    """What is left as a bar; something is never drawn as nothing, nor less than all as all."""
    full = round(max(0.0, min(1.0, share)) * width)
    if 0 < share < 1:
        full = max(1, min(width - 1, full))
    colour = "red" if share <= 0 else "yellow" if share < SCARCE_BELOW else "green"
    return Cell("█" * full + "░" * (width - full), colour)


def table(paper: Paper, columns: Sequence[Column], rows: Sequence[Sequence[Cell | str]]) -> str:
    """Rows under titles. A column in which nobody has anything to say is left out; leading blanks of a cell are kept."""
    cells = [[_clean(cell) for cell in row] for row in rows]
    cells.insert(0, [Cell(column.title, "dim") for column in columns])
    natural = [max(len(row[place].text) for row in cells) for place in range(len(columns))]
    used = [place for place in range(len(columns)) if any(row[place].text for row in cells[1:])]
    used = _kept(used, columns, natural, paper.width)
    shown = [columns[place] for place in used]
    widths = _fitted([natural[place] for place in used], shown, paper.width)
    return "\n".join(_line(paper, [row[place] for place in used], shown, widths) for row in cells)


def row(paper: Paper, columns: Sequence[Column], widths: Sequence[int], cells: Sequence[Cell | str]) -> str:
    """One row of a table whose other rows are not known: *widths* are its columns', fitted like any table's. Where there is no
    end to the line a longer text stays whole."""
    made = [_clean(cell) for cell in cells]
    if paper.width is None:
        return _line(paper, made, columns, [max(width, len(cell.text)) for width, cell in zip(widths, made, strict=True)])
    used = _kept([*range(len(columns))], columns, widths, paper.width)
    shown = [columns[place] for place in used]
    return _line(paper, [made[place] for place in used], shown, _fitted([widths[place] for place in used], shown, paper.width))


def _clean(cell: Cell | str) -> Cell:
    text, colour = cell if isinstance(cell, Cell) else (cell, "")
    indent = len(text) - len(text.lstrip(" "))
    return Cell(" " * indent + plain(text), colour)


def _kept(used: list[int], columns: Sequence[Column], natural: Sequence[int], total: int | None) -> list[int]:
    """Leave out what may go, one after the other, until the rest would fit if it shrank as far as it may."""
    if total is None:
        return used

    def least() -> int:
        widths = [min(natural[at], columns[at].wants) if columns[at].shrinks else natural[at] for at in used]
        return sum(widths) + len(GAP) * (len(widths) - 1)

    while least() > total and any(columns[place].goes for place in used):
        goes = max(used, key=lambda place: columns[place].goes)
        used = [place for place in used if place != goes]
    return used


def _fitted(widths: list[int], columns: Sequence[Column], total: int | None) -> list[int]:
    """Take from the widest column that may shrink until all fits, or nothing more can be taken."""
    if total is None:
        return widths
    excess = sum(widths) + len(GAP) * (len(widths) - 1) - total
    while excess > 0:
        able = [at for at, column in enumerate(columns) if column.shrinks and widths[at] > SHRUNK_MIN]
        if not able:
            break
        widest = max(able, key=lambda at: widths[at])
        widths[widest] -= 1
        excess -= 1
    return widths


def _line(paper: Paper, cells: Sequence[Cell], columns: Sequence[Column], widths: Sequence[int]) -> str:
    shown = []
    for cell, column, width in zip(cells, columns, widths, strict=True):
        text = cell.text if len(cell.text) <= width else cell.text[: width - 1] + "…"
        padding = " " * (width - len(text))
        painted = paper.paint(text, cell.colour)
        shown.append(padding + painted if column.right else painted + padding)
    return GAP.join(shown).rstrip(" ")
