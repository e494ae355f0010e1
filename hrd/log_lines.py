"""Where lines for people and logs go. Nobody waits for them, and nothing ends over them.

A terminal that is held (Ctrl-S), a pipe whose reader sleeps, has gone, or a full disk: what cannot be written at once is lost,
and how much was lost is said as soon as something can be written again.
"""

import json
import os
import select
from typing import Final, TextIO

PIECE_BYTES: Final = 4096
"""A pipe that is ready takes as much without waiting (PIPE_BUF, pipe(7))."""


class LogLines:
    """Writes to *out*, past its buffer where it is a file: what stays in a buffer would fail once more at the end."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._descriptor = _descriptor_of(out)
        self._ready = select.poll()
        if self._descriptor is not None:
            self._ready.register(self._descriptor, select.POLLOUT)
        self._is_torn = False
        self.lost = 0
        """Lines that could not be written since the last one that could."""

    def write(self, line: str) -> None:
        """Write *line* and its end, if that takes no waiting."""
        if self.lost and self._take(json.dumps({"event": "lines lost", "level": "warning", "lost": self.lost})):
            self.lost = 0
        if self.lost or not self._take(line):
            self.lost += 1

    def _take(self, line: str) -> bool:
        if self._descriptor is None:
            return self._take_as_text(line)
        data = f"{line}\n".encode("utf-8", "replace")
        return self._take_bytes(self._descriptor, b"\n" + data if self._is_torn else data)

    def _take_bytes(self, descriptor: int, data: bytes) -> bool:
        at = 0
        while at < len(data):
            try:
                if not self._ready.poll(0):
                    break
                at += os.write(descriptor, data[at : at + PIECE_BYTES])
            except OSError:
                break
        is_whole = at == len(data)
        self._is_torn = not is_whole and (at > 0 or self._is_torn)
        return is_whole

    def _take_as_text(self, line: str) -> bool:
        try:
            self._out.write(line + "\n")
            self._out.flush()
        except OSError:
            return False
        return True


def _descriptor_of(out: TextIO) -> int | None:
    """The file behind *out*; None where there is none, as for text in memory."""
    try:
        return out.fileno()
    except (OSError, ValueError):
        return None
