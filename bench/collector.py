"""The garbage collector as the daemon has it (`hrd.start`): what is there before stays, and it looks seldom."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from hrd.start import GC_THRESHOLD


@contextmanager
def as_in_the_daemon() -> Iterator[None]:
    """Within it, what is measured is collected as often as where it runs."""
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
