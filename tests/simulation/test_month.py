"""The month: the same from the same seed, and the strategies against each other."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.month import LOADS, ORACLE, OURS, ROUND_ROBIN, Month, run
from tests.simulation.tables import table
from tests.simulation.targets import of_oracle, of_ours
from tests.simulation.verdicts import LEARNING, SHRINKING

SEED = 11
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("load", LOADS)
def test_the_oracle_serves_what_can_be_served(load: float) -> None:
    oracle = run(ORACLE, load, SEED, 3)
    (target,) = of_oracle(oracle)
    assert target.is_met, f"seed {SEED}: {target}"
    assert oracle.tally.served <= oracle.bound
    assert oracle.tally.sent == oracle.tally.served
    assert oracle.tally.served + oracle.tally.failed == oracle.tally.asked
    assert not oracle.tally.failed_in_vain


PART = ("served", "avoidable", "astray", "row", "overspent", "at once", "in time", "idle")
"""What holds for any part of a month; of the beginning a little less is served (see targets)."""
WHOLE = ("bound", *PART, "seconds")


@pytest.mark.parametrize(
    ("load", "days", "targets"),
    [(0.6, 30, WHOLE), (0.95, 8, ("bound", *PART)), (1.3, 8, PART)],
)
def test_the_pool_reaches_its_targets(load: float, days: int, targets: tuple[str, ...]) -> None:
    """In a process of its own, as `make simulate` runs it: measuring coverage would take longer than the month."""
    command = [sys.executable, "-m", "tests.simulation", f"--seed={SEED}", f"--load={load}", f"--days={days}"]
    command += [f"--target={target}" for target in targets]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("strategy", [OURS, ROUND_ROBIN])
def test_a_seed_makes_a_month(strategy: str) -> None:
    one, same, other = (run(strategy, 0.6, seed, 1).tally for seed in (SEED, SEED, SEED + 1))
    assert (one.asked, one.sent, one.served, one.refused_by) == (same.asked, same.sent, same.served, same.refused_by)
    assert one.sent != other.sent


def test_of_who_goes_round_everybody_is_served_or_fails_once() -> None:
    tally = run(ROUND_ROBIN, 1.3, SEED, 2).tally
    assert tally.served + tally.failed == tally.asked
    assert tally.failed > 0


def test_the_table_shows_the_strategies_side_by_side() -> None:
    months: list[Month] = [run(strategy, 0.6, SEED, 1) for strategy in (OURS, ROUND_ROBIN, ORACLE)]
    lines = table(months, 1).splitlines()
    assert lines[0].startswith("### 60% of the daily capacity: ")
    assert [cell.strip() for cell in lines[2].split("|")[2:5]] == ["ours", "round-robin", "oracle"]
    assert len({len(line) for line in lines[2:]}) == 1
    causes = [line for line in lines if "refusals apart" in line]
    assert any(LEARNING in line for line in causes)
    assert any(SHRINKING in line for line in causes)
    assert {target.what for target in of_ours(months[0], months[2])} <= {line.split("|")[1].strip() for line in lines[2:]}
