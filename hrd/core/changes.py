"""Changes: which of many things changed, the newest last, for those who keep something that is made of them.

Each reader goes on from where it was, so that it need not look at what stayed the same; who has not read for long begins anew.
"""

from typing import Generic, TypeVar

KEPT_MAX = 8192

T = TypeVar("T")


class Changes(Generic[T]):
    """The newest of them."""

    def __init__(self) -> None:
        self._items: list[T] = []
        self._forgotten = 0

    @property
    def end(self) -> int:
        """How many there have been."""
        return self._forgotten + len(self._items)

    def note(self, item: T) -> None:
        self._items.append(item)
        if len(self._items) >= KEPT_MAX:
            self._forgotten += KEPT_MAX // 2
            del self._items[: KEPT_MAX // 2]

    def since(self, end: int) -> list[T] | None:
        """What changed since there had been so many; None if not all of that is known any more."""
        return self._items[end - self._forgotten :] if end >= self._forgotten else None
