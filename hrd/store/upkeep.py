"""Upkeep of the file: checkpoints and deletes, when they are due, in threads and in small steps."""

import math
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import trio

from hrd.store import checkpoints, held
from hrd.store.limits import StoreLimits
from hrd.store.retention import Trimming
from hrd.store.writer import Writer

JUMP_S = 30.0
"""A clock that is set by less makes nothing too old."""
BREATH_S = 0.01
"""Between two deletes: the loop's rows come first."""
ROUND_STEPS = 50
"""Deletes of one round; a checkpoint may be due by then."""
TRIM_ROWS_MIN = 1000
QUIET_ROWS = 200
"""So few since the last checkpoint, and a pause of some milliseconds meets nobody."""


class Upkeep:
    """`round` does what is due. A failure is kept in words until a round goes well."""

    def __init__(self, path: Path, writer: Writer, limits: StoreLimits, now: Callable[[], float]) -> None:
        self.limits = limits
        """May be replaced: the next round goes by it."""
        self.failure = ""
        self.others_write = False
        """Another process may still reserve with smaller numbers than the newest."""
        self._path = path
        self._writer = writer
        self._now = now
        self._checkpointed_at = self._trimmed_at = now()
        self._checkpointed_rows = self._trimmed_rows = 0
        self._trimming: Trimming | None = None
        self._jumped_at = -math.inf
        self._looked_at: tuple[float, float] | None = None
        """By the time of day, and by a clock that nobody sets."""

    @property
    def is_under_way(self) -> bool:
        """There is more to delete at once."""
        return self._trimming is not None

    async def round(self) -> None:
        self._look_at_clocks()
        try:
            await self._checkpoint()
            await self._trim()
        except (sqlite3.Error, OSError) as error:
            self.stop()
            self._writer.is_dirty = True
            self._writer.note(error)
            self.failure = f"housekeeping failed: {error}"
        else:
            self.failure = ""

    def stop(self) -> None:
        """Leave the file alone."""
        if self._trimming is not None:
            self._trimming.close()
            self._trimming = None

    async def _checkpoint(self) -> None:
        since_s = self._now() - self._checkpointed_at
        written = self._writer.rows_written - self._checkpointed_rows
        if not self._writer.is_dirty or (0 <= since_s < self.limits.checkpoint_s and written < self.limits.checkpoint_rows):
            return
        self._checkpointed_at = self._now()
        self._checkpointed_rows = self._writer.rows_written
        self._writer.is_dirty = False
        if not self.others_write:
            await trio.to_thread.run_sync(held.move_on, self._path, self._writer.turn)
        checkpoint = partial(checkpoints.checkpoint, self._path, self._writer.turn, is_quiet=written < QUIET_ROWS)
        await trio.to_thread.run_sync(checkpoint)

    async def _trim(self) -> None:
        if self._trimming is None:
            self._trimming = self._begin()
        for _ in range(ROUND_STEPS):
            if self._trimming is None:
                return
            if not await trio.to_thread.run_sync(self._trimming.step):
                self.stop()
                return
            self._writer.is_dirty = True
            await trio.sleep(BREATH_S)

    def _look_at_clocks(self) -> None:
        now, steady = self._now(), trio.current_time()
        if self._looked_at is None or abs((now - self._looked_at[0]) - (steady - self._looked_at[1])) > JUMP_S:
            self._jumped_at = steady
        self._looked_at = now, steady

    def _begin(self) -> Trimming | None:
        """A pass, if one is due: by the clock, or because much was written."""
        written = self._writer.rows_written - self._trimmed_rows
        retention = self.limits.retention
        is_much = written > max(TRIM_ROWS_MIN, retention.journal_rows // 10)
        if 0 <= self._now() - self._trimmed_at < self.limits.trim_s and not is_much:
            return None
        self._trimmed_at = self._now()
        self._trimmed_rows = self._writer.rows_written
        is_steady = trio.current_time() - self._jumped_at >= self.limits.steady_s
        return Trimming(self._path, self._writer.turn, retention, self._now() if is_steady else None)
