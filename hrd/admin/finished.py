"""Finished exchanges as they happen: one teller, some listeners, and nobody waits for a slow one."""

from collections.abc import Iterator
from contextlib import contextmanager

import trio

from hrd.core.journal import Entry

ENTRIES_QUEUED_MAX = 256
"""What a follower may be behind; beyond it entries are dropped and counted."""


class Follower:
    """Hears of exchanges from the moment it was made."""

    def __init__(self) -> None:
        self._send, self._receive = trio.open_memory_channel[tuple[int, Entry]](ENTRIES_QUEUED_MAX)
        self._dropped = 0

    def offer(self, entry: Entry) -> None:
        try:
            self._send.send_nowait((self._dropped, entry))
        except trio.WouldBlock:
            self._dropped += 1
        else:
            self._dropped = 0

    async def wait_next(self) -> tuple[int, Entry]:
        """The next entry, and how many were dropped before it because this follower was slow."""
        return await self._receive.receive()

    def close(self) -> None:
        self._send.close()
        self._receive.close()


class Finished:
    """The daemon tells it each entry; followers come and go."""

    def __init__(self) -> None:
        self._followers: set[Follower] = set()

    def tell(self, entry: Entry) -> None:
        for follower in self._followers:
            follower.offer(entry)

    @contextmanager
    def follow(self) -> Iterator[Follower]:
        follower = Follower()
        self._followers.add(follower)
        try:
            yield follower
        finally:
            self._followers.discard(follower)
            follower.close()
