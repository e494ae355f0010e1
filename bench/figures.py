"""What was measured against what was promised, as a table, and the file that keeps it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

INTRODUCTION = """# Figures

Written by `make bench`, which measures a real daemon process with its upstream and its load generator on the same
machine: nginx and wrk for whole replies, `stream_upstream.c` and `stream_load.c` for streams. Figures with a target are
promises; the others are there to judge them by.
"""
HISTORY_HEAD = """## History

| date | commit | whole replies/s | of nginx | added µs | CPU µs a chunk | MB after the first hundred thousand | missed |
|---|---|---|---|---|---|---|---|
"""
SECTION = re.compile(r"<!-- section: (?P<title>.*?) -->\n.*?<!-- to here -->\n\n", re.DOTALL)
"""What is measured at its own time: `make simulate`, `python -m bench.run --only restarts`."""


@dataclass(frozen=True)
class Figure:
    key: str
    what: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the target is met; a figure without one always is."""
        return (self.at_least is None or self.value >= self.at_least) and (self.at_most is None or self.value <= self.at_most)

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f"at least {number(self.at_least)}"
        return "" if self.at_most is None else f"at most {number(self.at_most)}"

    @property
    def verdict(self) -> str:
        if self.at_least is None and self.at_most is None:
            return ""
        return "met" if self.is_met else "MISSED"


def number(value: float) -> str:
    """Three digits that matter, with thousands set apart."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(figures: Sequence[Figure]) -> str:
    """A Markdown table that reads well in a terminal too."""
    rows = [("what", "figure", "target", "")]
    rows += [(f.what, f"{number(f.value)} {f.unit}".strip(), f.target, f.verdict) for f in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines) + "\n"


def write_results(path: Path, figures: Sequence[Figure], date: str, commit: str, machine: str) -> None:
    """Put *figures* on top of the file and a line of them under its history, which is kept, as sections are."""
    history = [*_history(path), _history_row(figures, date, commit)]
    latest = f"## {date}, {commit}\n\n{machine}\n\n{table(figures)}"
    kept = "".join(_sections(_text(path)).values())
    path.write_text(f"{INTRODUCTION}\n{latest}\n{kept}{HISTORY_HEAD}" + "\n".join(history) + "\n")


def write_section(path: Path, title: str, text: str) -> None:
    """Put *text* before the history, in place of what was written under that title before."""
    said = _text(path)
    sections = _sections(said)
    sections[title] = f"<!-- section: {title} -->\n## {title}\n\n{text}<!-- to here -->\n\n"
    before, history, after = SECTION.sub("", said).partition("## History")
    path.write_text(before + "".join(sections.values()) + history + after)


def _sections(said: str) -> dict[str, str]:
    return {found["title"]: found[0] for found in SECTION.finditer(said)}


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _history(path: Path) -> list[str]:
    _, _, kept = _text(path).partition("## History")
    return [line for line in kept.splitlines() if line.startswith("| 2")]


def _history_row(figures: Sequence[Figure], date: str, commit: str) -> str:
    by_key = {figure.key: figure for figure in figures}
    keys = ("whole_per_s", "ratio", "added_us", "cpu_us_per_chunk", "rss_first")
    cells = [number(by_key[key].value) if key in by_key else "" for key in keys]
    missed = ", ".join(figure.what for figure in figures if not figure.is_met) or "none"
    return "| " + " | ".join([date, commit, *cells, missed]) + " |"
