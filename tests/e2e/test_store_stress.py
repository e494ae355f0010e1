"""The store's connections and threads, with everything at once: no crash, no standstill, and a whole file in the end.

Longer, and from a seed of one's own: `STRESS_S=60 STRESS_SEED=7 .venv/bin/pytest -s tests/e2e/test_store_stress.py`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

STRESS_S = float(os.environ.get("STRESS_S", "2"))
SEED = os.environ.get("STRESS_SEED", "")


def test_nothing_is_closed_while_it_is_used_and_nothing_waits_for_ever(tmp_path: Path) -> None:
    seed = SEED or os.urandom(4).hex()
    command = [sys.executable, "-W", "error", "-m", "tests.e2e.store_stress", str(tmp_path), str(STRESS_S), seed]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=STRESS_S + 60, check=False
    )
    said = f"seed {seed}, exit {done.returncode}: {done.stdout}{done.stderr[-4000:]}"
    print(said)  # noqa: T201 - for a long run
    assert done.returncode == 0, said
    assert done.stdout.endswith("broken: nothing\n"), said
