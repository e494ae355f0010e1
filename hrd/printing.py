"""Standard output and standard error of a program that says a few words and ends: when they cannot be written that is said in
one line, where it still can be, and the interpreter finds nothing left to fail at.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

EXIT_UNWRITTEN: Final = 1
UNWRITABLE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.EAGAIN)
"""What write(2) says of what cannot be written. A reader that has left (EPIPE) is none of these: click ends quietly then."""


@contextmanager
def printing(program: str) -> Iterator[None]:
    """Around what prints: ends the program with a line of its own if that cannot be written, before it begins if standard
    output is closed. All that is printed within is to be flushed within."""
    is_closed = sys.stdout is None
    open_closed_streams()
    if is_closed:
        sys.exit(_unwritten(program, "standard output is closed"))
    try:
        yield
    except OSError as error:
        if error.errno not in UNWRITABLE or error.filename is not None:
            raise  # it was about a file
        _give_up()
        sys.exit(_unwritten(program, os.strerror(error.errno)))


def open_closed_streams() -> None:
    """What was closed by whoever started us leads nowhere. It takes the descriptor: no socket or file gets that number, which
    others would write into."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, _nowhere())


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _give_up() -> None:
    """Throw away what waits to be written. Python would try again at its end, and show a traceback
    (https://docs.python.org/3/library/signal.html#note-on-sigpipe)."""
    for stream in (sys.stderr, sys.stdout):
        if not _is_able(stream):
            with _nowhere() as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())


def _is_able(stream: TextIO) -> bool:
    try:
        stream.flush()
    except OSError:
        return False
    return True


def _unwritten(program: str, reason: str) -> int:
    try:
        sys.stderr.write(f"{program}: cannot write: {reason}\n")
        sys.stderr.flush()
    except OSError:
        _give_up()
    return EXIT_UNWRITTEN
