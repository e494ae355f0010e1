"""Simulate the month: `python -m tests.simulation [--days N] [--load SHARE …] [--seed N …] [--write FILE] …`.

Exits 0 if every target is met (or those that `--target` names), 1 if one is missed.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from bench.figures import write_section
from tests.simulation.month import DAYS, LOADS, ROUND_ROBIN, STRATEGIES, Month, run
from tests.simulation.tables import EXPLAINED, brief, missed, table

SECTION = "A simulated month"


def main() -> int:
    options = _parser().parse_args()
    seed, *other_seeds = options.seed or [random.randrange(10**6)]
    print(f"seed {seed}: the same month again is made by --seed {seed}", file=sys.stderr)
    tables, all_missed = [], []
    others: list[tuple[int, list[Month]]] = []
    loads = options.load or LOADS
    for each, load in [(each, load) for each in (seed, *other_seeds) for load in loads]:
        strategies = [name for name in STRATEGIES if name != ROUND_ROBIN or (each == seed and not options.target)]
        months = [run(strategy, load, each, options.days) for strategy in strategies]
        if each == seed:
            tables.append(table(months, options.days))
            print(tables[-1], flush=True)
        else:
            others.append((each, months))
        all_missed += [f"seed {each}, {load:.0%}: {target}" for target in missed(months, options.target)]
        if options.trace:
            print("\n".join(months[0].tally.notes), file=sys.stderr)
    if others:
        tables.append(brief(others))
        print(tables[-1], flush=True)
    if options.write:
        write_section(options.write, SECTION, f"{EXPLAINED}\nSeed {seed}.\n\n" + "\n".join(tables))
    print("missed:\n" + "\n".join(all_missed) if all_missed else "every target is met")
    return 1 if all_missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description="Simulate a month of traffic.")
    parser.add_argument("--days", type=int, default=DAYS, help="so many days instead of a month")
    parser.add_argument("--load", type=float, action="append", help="this share of the daily capacity only (0.95)")
    parser.add_argument("--seed", type=int, action="append", help="a month that was drawn before; of more, a line each")
    parser.add_argument("--write", type=Path, help="put the tables into this file")
    parser.add_argument("--target", action="append", help="judge by this target only (served), and leave round-robin out")
    parser.add_argument("--trace", action="store_true", help="name what went wrong in ours")
    return parser


if __name__ == "__main__":
    sys.exit(main())
