"""All that touches the database at once, and the file taken away. `python -m tests.e2e.store_stress FOLDER SECONDS SEED`.

A process of its own, as what it looks for would end the tests' process: a connection that is closed while a thread uses it.
"""

from __future__ import annotations

import faulthandler
import random
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import trio

from hrd.store.contract import JournalQuestion, Process, StoreUnreadableError, UsageQuestion
from hrd.store.limits import Retention, StoreLimits
from hrd.store.soundness import what_is_broken
from hrd.store.sqlite import SqliteStore, open_store
from tests.hrd.store.samples import NEW, OLD, answered, reserved, settled

LIMITS = StoreLimits(retention=Retention(journal_rows=50, ledger_days=0.0), checkpoint_s=0.0, trim_s=0.0, steady_s=0.0)
"""Something is always due."""
LIFE_S = 0.5
NO_DISK = OSError("no disk")


class Stress:
    def __init__(self, path: Path, seed: str) -> None:
        self._path = path
        self._draw = random.Random(seed)
        self._number = 0
        self.asked = self.written = self.disturbed = 0

    async def live(self) -> None:
        """One life of a store, ended in the middle of everything."""
        store = open_store(self._path, LIMITS, NEW, time.time)
        self._number = max(self._number, store.load(time.time(), {OLD}).next_reservation)
        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(self._ask, store)
            for part in (self._write, self._tidy, self._disturb):
                nursery.start_soon(part, store)
            await trio.sleep(self._draw.random() * LIFE_S)
            nursery.cancel_scope.cancel()
        store.close()

    async def _ask(self, store: SqliteStore) -> None:
        questions: list[Callable[[], Awaitable[object]]] = [
            lambda: store.usage(UsageQuestion()),
            lambda: store.journal(JournalQuestion()),
            lambda: store.entry("req-7"),
        ]
        while True:
            try:
                await self._draw.choice(questions)()
            except StoreUnreadableError:
                pass
            self.asked += 1
            await trio.lowlevel.checkpoint()

    async def _write(self, store: SqliteStore) -> None:
        while True:
            self._number += 1
            now = time.time()
            await store.commit([reserved(self._number, at=now), settled(self._number), answered(f"req-{self._number}", at=now)])
            self.written += 1
            await trio.lowlevel.checkpoint()

    async def _tidy(self, store: SqliteStore) -> None:
        """Given up and begun anew at any moment."""
        while True:
            with trio.move_on_after(self._draw.random() * 0.02):
                while True:
                    await store.tidy()
                    await trio.lowlevel.checkpoint()

    async def _disturb(self, store: SqliteStore) -> None:
        while True:
            await trio.sleep(self._draw.random() * 0.005)
            await self._draw.choice((self._lose_disk, self._hand_over, self._retire, self._remove))(store)
            self.disturbed += 1

    async def _lose_disk(self, store: SqliteStore) -> None:
        """And processes that had handed over die, one after the other, while it is away."""
        store.give_up(NO_DISK)
        for pid in range(self._draw.randrange(20)):
            store.bury(Process(pid, 1.0))
            await trio.lowlevel.checkpoint()

    async def _hand_over(self, store: SqliteStore) -> None:
        store.hold()
        await trio.sleep(0.001)
        store.go_on()

    async def _retire(self, store: SqliteStore) -> None:
        store.retire(lambda *_: None)
        await trio.sleep(0.002)
        store.retire(None)

    async def _remove(self, _: SqliteStore) -> None:
        for file in list(self._path.parent.iterdir()):
            if self._draw.random() < 0.7:
                file.unlink(missing_ok=True)


def main(folder: str, seconds: str, seed: str) -> None:
    faulthandler.enable()
    faulthandler.dump_traceback_later(float(seconds) + 20.0, exit=True)
    stress = Stress(Path(folder) / "hrd.db", seed)
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        trio.run(stress.live)
    open_store(Path(folder) / "hrd.db", LIMITS, NEW, time.time).close()
    broken = what_is_broken(Path(folder) / "hrd.db")
    print(f"{stress.asked} questions, {stress.written} writes, {stress.disturbed} disturbances; broken: {broken or 'nothing'}")  # noqa: T201 - who started it reads it


if __name__ == "__main__":
    main(*sys.argv[1:])
