"""Measure everything that is promised: `python -m bench.run [--quick] [--only PART …]`.

--quick measures shortly and writes nothing down; of single parts those that have a section are written down. Exits 0 if every
target is met, 1 if one is missed, 2 if it could not be measured.
"""

import argparse
import compileall
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench import restarts, translation
from bench.children import BENCH, CannotMeasure
from bench.figures import Figure, table, write_results, write_section
from bench.footprint import measure_footprint
from bench.machine import described
from bench.quota import measure_quota
from bench.restarts import measure_restarts
from bench.streams import measure_streams
from bench.translation import measure_translation
from bench.whole import Effort, measure_whole

SECTIONS = {
    "restarts": (restarts.SECTION, restarts.EXPLAINED),
    "translation": (translation.SECTION, translation.EXPLAINED),
}
"""Parts with a section of their own in RESULTS.md: its title, and what it says before its table."""


def main() -> int:
    options = _parser().parse_args()
    parts = _parts(options.quick)
    measured: dict[str, list[Figure]] = {}
    _compile()
    with tempfile.TemporaryDirectory(prefix="hrd-bench-") as folder:
        for name in options.only or parts:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            try:
                measured[name] = parts[name](Path(folder))
            except CannotMeasure as error:
                print(f"cannot measure {name}: {error}", file=sys.stderr)
                return 2
    figures = [figure for found in measured.values() for figure in found]
    print(table(figures))
    if not options.quick:
        _write_down(measured, is_whole=not options.only)
    missed = [figure.what for figure in figures if not figure.is_met]
    print(f"missed: {', '.join(missed)}" if missed else "every target is met")
    return 1 if missed else 0


def _write_down(measured: dict[str, list[Figure]], *, is_whole: bool) -> None:
    """Some have a section of their own, whenever they are measured; all else stands in one table, written whole."""
    date, results = datetime.now(UTC).strftime("%Y-%m-%d %H:%M"), BENCH / "RESULTS.md"
    if is_whole:
        others = [figure for name, found in measured.items() if name not in SECTIONS for figure in found]
        write_results(results, others, date, _commit(), described())
    for name, (title, explained) in SECTIONS.items():
        if name in measured:
            write_section(results, title, f"{explained}\n{date}, {_commit()}, {described()}\n\n{table(measured[name])}")


def _parts(is_quick: bool) -> dict[str, Callable[[Path], list[Figure]]]:
    effort = Effort(rounds=1, seconds=2, requests=20_000) if is_quick else Effort(rounds=3, seconds=5, requests=100_000)
    return {
        "footprint": lambda home: measure_footprint(home, 5 if is_quick else 30),
        "whole": lambda home: measure_whole(home, effort),
        "quota": lambda home: measure_quota(home, 100_000 if is_quick else 1_000_000),
        "translation": measure_translation,
        "streams": lambda home: measure_streams(home, 4 if is_quick else 20),
        "restarts": lambda home: measure_restarts(home, is_quick=is_quick),
    }


def _compile() -> None:
    """As an installation does, whatever the environment says of bytecode: a start is not the time of a compiler."""
    for package in ("hrd", "hrctl"):
        compileall.compile_dir(BENCH.parent / package, quiet=1)


def _commit() -> str:
    said = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=BENCH, capture_output=True, text=True)
    return said.stdout.strip() or "no commit"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description="Measure the router.")
    parser.add_argument("--quick", action="store_true", help="measure shortly, write nothing down")
    parser.add_argument("--only", action="append", choices=list(_parts(is_quick=True)), help="this part only")
    return parser


if __name__ == "__main__":
    sys.exit(main())
