"""Children that do not do what they should are named, and ended."""

import sys
from pathlib import Path

import pytest

from bench.children import CannotMeasure, running, wait_ready
from tests.upstreams import free_port


def test_a_child_that_ends_is_reported_with_what_it_said(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running([sys.executable, "-S", "-c", "raise SystemExit('no such setting')"], log=log) as child:
        child.wait()
        with pytest.raises(CannotMeasure, match="no such setting"):
            wait_ready(free_port(), "/health", child, log)


def test_a_child_that_is_never_ready_is_given_up_and_ended(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with (
        pytest.raises(CannotMeasure, match="did not become ready"),
        running(["sleep", "60"], log=log) as child,
    ):
        wait_ready(free_port(), "/health", child, log, within_s=0.02)

    assert child.returncode == -15
