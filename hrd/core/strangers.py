"""Strangers: who showed a key that is none of ours, and how often within a minute.

Only refusals are counted, and only refusals change: whoever holds a good key is let in, whatever another program of the same
address does. A program that tries a wrong one again and again is told to wait, which its library obeys.
"""

MINUTE_S = 60.0
ADDRESSES_MAX = 1024
"""Beyond so many, whoever began first is forgotten."""


class Strangers:
    """Counts refused keys by address, a minute from the first one on."""

    def __init__(self) -> None:
        self._counted: dict[str, tuple[float, int]] = {}
        """Address → when its minute began, refused keys since then."""

    def refused(self, address: str, most: int, now: float) -> float:
        """One more refused key of *address*: for how many seconds it is to wait; 0 up to *most* a minute."""
        began, count = self._counted.get(address, (now, 0))
        if now - began >= MINUTE_S:
            began, count = now, 0
        if count == 0:  # its minute begins: those that began last stand last
            self._counted.pop(address, None)
            if len(self._counted) >= ADDRESSES_MAX:
                del self._counted[next(iter(self._counted))]
        self._counted[address] = began, count + 1
        return began + MINUTE_S - now if count >= most else 0.0
