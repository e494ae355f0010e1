"""What /proc tells about a process."""

import os

import pytest

from bench.machine import cpu_s, described, resident_mb


def test_the_machine_and_this_process_are_described() -> None:
    assert "Linux" in described()
    assert 5 < resident_mb(os.getpid()) < 2000
    assert sum(os.times()[:2]) - cpu_s(os.getpid()) == pytest.approx(0, abs=0.1)
