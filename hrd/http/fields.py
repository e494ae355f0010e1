"""What request heads and reply heads have in common: header fields, as llhttp reads them, and what no head may hold."""

import re
from typing import Final

NEVER_IN_A_HEAD: Final = re.compile(rb"\x00|(?<!\r)\n|\r(?!\n)(?=[\s\S])")
"""NUL, and a CR or LF on its own. A CR at the very end may still get its LF."""

LENGTH_DIGITS: Final = 20
"""A Content-Length of more digits is refused unread."""


class FieldCollector:
    """What llhttp tells its fields to."""

    __slots__ = ("pairs",)

    def __init__(self) -> None:
        self.pairs: list[tuple[bytes, bytes]] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self.pairs.append((name.lower(), value.strip()))
