"""What Responses clients may refer back to: items of earlier requests and replies, in memory alone, for a time, within a size.

A conversation's replies share what stands before them, so each stretch of it is held and counted once. Only the client that a
reply was made for finds it.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

import msgspec

ENTRY_BYTES = 256
"""What an entry weighs beside its items."""
ITEM_BYTES = 64


class KeptItem(msgspec.Struct, frozen=True, gc=False):
    """One item, as it is to be sent again."""

    id: str
    """Under which the client may refer to it; empty if it has none."""
    spelled: bytes


class Stretch:
    """What one request and its reply added to a conversation."""

    __slots__ = ("entries", "items", "size")

    def __init__(self, items: tuple[KeptItem, ...]) -> None:
        self.items = items
        self.size = sum(len(item.spelled) + ITEM_BYTES for item in items)
        self.entries = 0
        """How many entries hold it."""


class _Entry(msgspec.Struct, frozen=True, gc=False):
    stretches: tuple[Stretch, ...]
    until: float


class ResponseBook:
    """Replies by client and id."""

    def __init__(self, bytes_max: int, kept_s: float) -> None:
        self.bytes_max = bytes_max
        """May be replaced, as may `kept_s`: what comes next goes by it."""
        self.kept_s = kept_s
        self.size = 0
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._items: dict[tuple[str, str], KeptItem] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def keep(self, client: str, response_id: str, before: Sequence[Stretch], items: Iterable[KeptItem], now: float) -> None:
        """Keep a reply: *before* it stood what an earlier one found, *items* are the request's own and the reply's."""
        self.forget(client, response_id)
        stretch = Stretch(tuple(items))
        entry = _Entry((*before, stretch), now + self.kept_s)
        if ENTRY_BYTES + sum(each.size for each in entry.stretches) > self.bytes_max:
            return
        self._entries[client, response_id] = entry
        self.size += ENTRY_BYTES
        for each in entry.stretches:
            each.entries += 1
            if each.entries == 1:
                self.size += each.size
                self._items |= {(client, item.id): item for item in each.items if item.id}
        self._make_room(now)

    def find(self, client: str, response_id: str, now: float) -> tuple[Stretch, ...] | None:
        """The conversation up to and with that reply; None if it is not kept, or not this client's."""
        entry = self._entries.get((client, response_id))
        return entry.stretches if entry is not None and entry.until > now else None

    def item(self, client: str, item_id: str, now: float) -> bytes | None:
        """An item that some kept reply holds."""
        self._make_room(now)
        item = self._items.get((client, item_id))
        return item.spelled if item is not None else None

    def forget(self, client: str, response_id: str) -> None:
        """Forget one reply, if it is kept."""
        entry = self._entries.pop((client, response_id), None)
        if entry is not None:
            self._let_go(client, entry)

    def _make_room(self, now: float) -> None:
        """Let go of what is over its time, and of the oldest while all together is too much."""
        while self._entries:
            (client, response_id), entry = next(iter(self._entries.items()))
            if entry.until > now and self.size <= self.bytes_max:
                return
            self.forget(client, response_id)

    def _let_go(self, client: str, entry: _Entry) -> None:
        self.size -= ENTRY_BYTES
        for stretch in entry.stretches:
            stretch.entries -= 1
            if stretch.entries:
                continue
            self.size -= stretch.size
            for item in stretch.items:
                if self._items.get((client, item.id)) is item:
                    del self._items[client, item.id]
