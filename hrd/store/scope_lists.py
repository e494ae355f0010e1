"""Lists of scopes as the ledger refers to them: by a number, so that a row of a few dozen bytes does not carry half a KiB.

The number is taken from the list itself, so that two processes cannot give one number to two lists. A list is written with the
first reservation that refers to it, and again once a day, so that those nobody uses any more can be told by their age.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

LISTS_MAX: Final = 4096
REWRITTEN_S: Final = 86400.0
ScopeList = tuple[int, float, str]
"""Number, last used (within a day), names as JSON."""


class ScopeLists:
    """Which lists the database has. `unsaved` go with the next commit; `saved` when it has succeeded."""

    def __init__(self) -> None:
        self._known: dict[Sequence[str], tuple[int, float]] = {}
        self.unsaved: list[ScopeList] = []

    def number_of(self, names: tuple[str, ...], at: float) -> int:
        """The number under which *names* stand, or will stand, in the database."""
        known = self._known.get(names)
        if known is not None and at < known[1]:
            return known[0]
        spelled = msgspec.json.encode(names)
        number = int.from_bytes(hashlib.sha256(spelled).digest()[:7])
        if len(self._known) >= LISTS_MAX:
            self._known.clear()
        self._known[names] = (number, at + REWRITTEN_S)
        self.unsaved.append((number, at, spelled.decode()))
        return number

    def saved(self) -> None:
        self.unsaved.clear()

    def forget(self) -> None:
        """Another database, or none that is known."""
        self._known.clear()
        self.unsaved.clear()
