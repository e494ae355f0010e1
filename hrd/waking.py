"""Waking: wall time that outruns the monotonic clock means that the machine slept, and every idle connection is dead by now; or
that somebody has set it.

CLOCK_MONOTONIC stands still while Linux is suspended (clock_gettime(2)); wall time goes on.
"""

from collections.abc import Callable

import trio

CHECK_S = 10.0


async def watch_clock(
    *, wall: Callable[[], float], gap_s: Callable[[], float], woke: Callable[[float], None], set_back: Callable[[float], None]
) -> None:
    """Runs as long as the daemon. *woke* hears how many seconds were slept, if they were more than *gap_s*, and *set_back* by
    how many the clock was."""
    seen, seen_at = wall(), trio.current_time()
    while True:
        await trio.sleep(CHECK_S)
        now, now_at = wall(), trio.current_time()
        slept_s = (now - seen) - (now_at - seen_at)
        if slept_s > gap_s():
            woke(slept_s)
        elif slept_s < -gap_s():
            set_back(-slept_s)
        seen, seen_at = now, now_at
