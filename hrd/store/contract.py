"""What the rest of the house may ask of a store. SQLite (`store.sqlite`) and memory (`store.memory`) both keep it."""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, Protocol

import msgspec

from hrd.core.journal import Entry
from hrd.core.remembered import (
    AccountNamed,
    BlockLifted,
    DayCounts,
    Discovered,
    EmbeddingPin,
    Learned,
    Remembered,
    Row,
    WindowForgotten,
)
from hrd.store.limits import StoreLimits

__all__ = [
    "AccountNamed",
    "BlockLifted",
    "DayCounts",
    "Discovered",
    "EmbeddingPin",
    "JournalQuestion",
    "Learned",
    "Process",
    "Remembered",
    "Row",
    "Store",
    "StoreHealth",
    "StoreUnreadableError",
    "UsageQuestion",
    "UsageRow",
    "WindowForgotten",
]


class Process(NamedTuple):
    """A process for good: a pid alone comes round again."""

    pid: int
    started: float


class UsageRow(msgspec.Struct, frozen=True, kw_only=True):
    """Totals of one provider, model, credential, client and UTC day; or of one session, client and UTC day."""

    provider: str
    model: str
    credential: str
    client: str
    day: str
    requests: int
    errors: int
    input_tokens: int
    output_tokens: int
    cost_microusd: int
    unpriced: int = 0
    """Requests whose cost is not known; it is not in `cost_microusd`."""
    session: str = ""


class UsageQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Which totals: from a day on (`YYYY-MM-DD`; ValueError for anything else), for one client key or all."""

    since_day: str = ""
    client: str = ""
    by_session: bool = False
    """Of the sessions that clients named, instead of providers, models and credentials."""
    rows_max: int = 10_000


class JournalQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries: the newest first, or those after a row id, oldest first."""

    rows_max: int = 100
    after_row: int | None = None
    errors_only: bool = False
    provider: str = ""


class StoreHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How the store is doing."""

    state: str
    """`ok`, `degraded` (nothing can be written; rows wait in memory) or `full` (the buffer too)."""
    message: str = ""
    rows_waiting: int = 0
    rows_max: int = 0
    path: str = ""
    bytes_on_disk: int = 0
    moved_aside: str = ""
    """A damaged database was found at start and stands here now."""

    @property
    def waiting(self) -> str:
        """How much waits to be written."""
        return f"{self.rows_waiting:,} of at most {self.rows_max:,} rows wait in memory"

    @property
    def unwritten(self) -> str:
        """Why answers out of the database lack what is newest; empty if they do not."""
        return "" if self.state == "ok" else f"what is newest is missing here: {self.message}"


class StoreUnreadableError(Exception):
    """A question could not be answered: the database cannot be read. The message says why."""


Told = Callable[[int, Sequence[Row]], None]
"""Hears what was written, after it was, and the number of that write: it is in the database with the rows, and so in
`Remembered.told_through` of whoever reads them there. The rows are the writer's again when it returns."""


class Store(Protocol):
    """One writer; a read-only connection for questions."""

    def commit_nowait(self, rows: Sequence[Row]) -> None:
        """Write *rows* and everything that waits, in one transaction, now, in the caller's thread. Never raises for a full or
        failing disk: the rows then wait in a bounded buffer (see `health`) and go with a later commit."""

    async def commit(self, rows: Sequence[Row]) -> None:
        """The same, sharing the transaction with whoever else is about to commit in this turn of the loop. One checkpoint. The
        rows are certain to be written even when the caller is cancelled."""

    @property
    def limits(self) -> StoreLimits:
        """How much is kept, and how much may wait. May be replaced: what happens from then on goes by it."""

    @limits.setter
    def limits(self, limits: StoreLimits) -> None: ...

    @property
    def is_full(self) -> bool:
        """No room to remember another request: refuse it (a router that cannot record must not route)."""

    def health(self) -> StoreHealth: ...

    def load(self, now: float, living: Collection[Process] = ()) -> Remembered:
        """What a new process starts from; what dead ones held is written down as lost. *living*: processes that have handed
        over and still finish what they hold; what these know is not to be begun without: if it cannot be read, this raises
        `StoreUnreadableError`, and the file stays as it is."""

    def bury(self, process: Process) -> None:
        """One of the living is gone: what it still held is lost, and written down as that, now or when the disk takes it."""

    async def housekeep(self) -> None:
        """Runs until it is cancelled: writes what had to wait, checkpoints, deletes what is too old."""

    def close(self) -> None:
        """Write what waits, and let go."""

    # While the work changes hands to another process:

    def hold(self) -> bool:
        """Write what waits, and then nothing until `go_on`; whether all that waited was written, and so it holds."""

    def go_on(self) -> None:
        """Write again, at once what came meanwhile."""

    def retire(self, told: Told | None) -> None:
        """Another process keeps the database from now on, with checkpoints and all, and *told* hears of every row that is
        written here; None: it does not."""

    def flush(self) -> None:
        """Write what waits, as far as the disk takes it."""

    # The questions raise `StoreUnreadableError`.

    async def usage(self, question: UsageQuestion) -> list[UsageRow]: ...

    async def journal(self, question: JournalQuestion) -> list[tuple[int, Entry]]: ...

    async def entry(self, request_id: str) -> Entry | None: ...
