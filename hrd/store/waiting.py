"""The rows that wait to be written, and when the next try is due. Both stores stand behind this.

In good times a row waits for one turn of the loop: whoever commits first in a turn writes for everybody (nobody leads; each
appends, yields once, and looks whether its turn has been written). When writing fails the rows stay, in order, up to a limit;
the next try comes after a pause, with a small part of them, so that a disk that stays full costs next to nothing.
"""

from collections.abc import Callable, Sequence

import msgspec
import trio

from hrd.core.journal import Entry, Outcome
from hrd.core.remembered import Row

PAUSE_MAX_S = 1.0
PASSING_S = 2.0
"""A passing failure that does not pass is one to worry about."""
PART_ROWS = 500
"""What one try writes after a failure: about two milliseconds."""


class WriteFailed(msgspec.Struct, frozen=True, kw_only=True):
    """Why nothing was written, and when to try again. A passing failure (somebody else is writing) is no reason to worry."""

    message: str
    pause_s: float
    is_passing: bool = False


HELD = WriteFailed(message="another process reads the ledger", pause_s=0.05, is_passing=True)
"""See `hrd.store.contract`: the work changes hands."""


class WaitingRows:
    """See the module's docstring. *write* writes all that it is given, or nothing."""

    def __init__(self, write: Callable[[Sequence[Row]], WriteFailed | None], now: Callable[[], float], rows_max: int) -> None:
        self.rows: list[Row] = []
        self.rows_max = rows_max
        self.failure: WriteFailed | None = None
        self.refusals_dropped = 0
        self._write = write
        self._now = now
        self._failed_at = self._failing_since = self._pause_s = 0.0
        self._turn = 0

    @property
    def is_full(self) -> bool:
        return len(self.rows) >= self.rows_max

    @property
    def trouble(self) -> WriteFailed | None:
        """The failure, if it is one that people should know about."""
        failure = self.failure
        if failure is not None and failure.is_passing and abs(self._now() - self._failing_since) < PASSING_S:
            return None
        return failure

    def commit_nowait(self, rows: Sequence[Row]) -> None:
        self._accept(rows)
        self._write_if_due()

    async def commit(self, rows: Sequence[Row]) -> None:
        self._accept(rows)
        turn = self._turn
        try:
            await trio.lowlevel.cancel_shielded_checkpoint()
        finally:
            if self._turn == turn:
                self._write_if_due()

    def retry(self) -> bool:
        """Write a part if a try is due; whether that went well and there is more."""
        if not self.rows:
            self.failure = None
            return False
        return self._write_if_due() and bool(self.rows)

    def retry_now(self) -> bool:
        """The same without the pause: what was in the way is mended."""
        self._failed_at = -1e18
        return self.retry()

    def _accept(self, rows: Sequence[Row]) -> None:
        """When the buffer is full no request is admitted, so what still comes is bounded; only refusals are not."""
        if len(self.rows) >= self.rows_max:
            kept = [row for row in rows if not (isinstance(row, Entry) and row.outcome is Outcome.REFUSED)]
            self.refusals_dropped += len(rows) - len(kept)
            rows = kept
        self.rows.extend(rows)

    def _is_due(self) -> bool:
        """A wall clock that is set back must not make the pause longer."""
        return self.failure is None or abs(self._now() - self._failed_at) >= self._pause_s

    def _write_if_due(self) -> bool:
        """Whether something was written."""
        self._turn += 1
        if not self.rows or not self._is_due():
            return False
        part = self.rows if self.failure is None else self.rows[:PART_ROWS]
        failure = self._write(part)
        if failure is not None:
            self._note(failure)
        elif len(part) == len(self.rows):
            self.rows.clear()
            self.failure = None
        else:
            del self.rows[: len(part)]
            self._failed_at = -1e18
        return failure is None

    def _note(self, failure: WriteFailed) -> None:
        """Each failure in a row doubles the pause."""
        now = self._now()
        if self.failure is None:
            self._failing_since, self._pause_s = now, failure.pause_s
        else:
            self._pause_s = min(PAUSE_MAX_S, max(self._pause_s * 2, failure.pause_s))
        self.failure, self._failed_at = failure, now
