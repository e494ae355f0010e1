"""What is measured is collected as in the daemon, and all else as before."""

import gc

from bench.collector import as_in_the_daemon
from hrd.start import GC_THRESHOLD


def test_it_is_the_daemons_within_and_the_former_behind() -> None:
    before = gc.get_threshold()
    with as_in_the_daemon():
        assert gc.get_threshold()[0] == GC_THRESHOLD
        assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
