"""Signals as something that is read, one after the other, in the place of something that interrupts: signalfd(2).

A handler is gone before its process is, and what comes then ends the process as it stands. Held back, a signal waits for
whoever takes it next; also over execve(2).
"""

import ctypes
import os
import signal
import sys
from typing import Final

import trio

MEANT: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Those that say something to a daemon."""
SIGSET_BYTES: Final = 128
"""sizeof(sigset_t), in glibc as in musl."""
INFO_BYTES: Final = 128
"""sizeof(struct signalfd_siginfo); its first four bytes are the number."""


def hold_back() -> None:
    """From now on they wait to be read. To be called before there are threads: each inherits this from who starts it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, MEANT)


class Signals:
    """What was held back, from the first to the last that is meant for us."""

    def __init__(self) -> None:
        """Raises OSError."""
        self._descriptor = _signalfd()
        self._left = False

    async def receive(self) -> signal.Signals:
        """The next one; never again after `leave`."""
        while True:
            await trio.lowlevel.wait_readable(self._descriptor)
            if self._left:
                await trio.sleep_forever()
            try:
                info = os.read(self._descriptor, INFO_BYTES)
            except BlockingIOError:
                continue
            return signal.Signals(int.from_bytes(info[:4], sys.byteorder))

    def leave(self) -> None:
        """What comes from now on is not ours to take."""
        self._left = True

    def close(self) -> None:
        os.close(self._descriptor)


def _signalfd() -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    wanted = ctypes.create_string_buffer(SIGSET_BYTES)
    libc.sigemptyset(wanted)
    for number in MEANT:
        libc.sigaddset(wanted, number)
    descriptor = int(libc.signalfd(-1, wanted, os.O_NONBLOCK | os.O_CLOEXEC))
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return descriptor
