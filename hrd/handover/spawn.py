"""Starting a process that is to take over from this one.

It runs what this process was started with, from the same folder, with what is installed there now. It forks once more at its
very beginning (`step_aside`), so that its parent is not this process, which will end, but the supervisor or another who adopts
orphans.
What it writes before it is ready goes into a file in memory: if it fails, that is why.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, MutableMapping
from typing import Final

from hrd.handover.channel import send_now
from hrd.handover.messages import Begun

CHANNEL_NAME: Final = "HRD_HANDOVER_CHANNEL"
PR_SET_CHILD_SUBREAPER: Final = 36
"""prctl(2): orphans among our descendants become our children. It outlives execve(2)."""
WORDS_MAX: Final = 16_384
KEPT_MAX: Final = 1_048_576
BLOCK_BYTES: Final = 512
"""What st_blocks counts in (stat(3type))."""


class Spawned:
    """A process that was started, until it is ready or has failed."""

    def __init__(self, process: subprocess.Popen[bytes], words: int) -> None:
        self.pid = 0
        """Its own, once it has said so."""
        self._process = process
        self._words = words
        self._before = ""

    def reap(self) -> bool:
        """Whether the process that was started here has made way for the one that counts, or ended without."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """It ends, and leaves nothing behind."""
        self._process.kill()
        self._process.wait()
        if self.pid:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass  # it has ended; or another than us has adopted it

    def words(self) -> str:
        """The last that it has written to standard error."""
        size = os.fstat(self._words).st_size
        new = os.pread(self._words, WORDS_MAX, max(0, size - WORDS_MAX)).decode(errors="replace").replace("\0", "")
        return (self._before + new)[-WORDS_MAX:].strip()

    def trim(self) -> None:
        """Forget all but the last of it, once that takes memory. It writes on where it was, behind a hole."""
        if os.fstat(self._words).st_blocks * BLOCK_BYTES > KEPT_MAX:
            self._before = self.words()
            os.ftruncate(self._words, 0)

    def close(self) -> None:
        os.close(self._words)


def spawn(environ: Mapping[str, str], channel: socket.socket) -> Spawned:
    """Start the process; its end of the channel is *channel*. Raises OSError."""
    words = os.memfd_create("hrd-successor")
    try:
        process = subprocess.Popen(  # noqa: S603 - the command that started this process
            [sys.executable, *sys.orig_argv[1:]],
            env={**environ, CHANNEL_NAME: str(channel.fileno())},
            stdin=subprocess.DEVNULL,
            stderr=words,
            pass_fds=[channel.fileno()],
            process_group=0,  # a Ctrl-C is for whoever stands in the foreground; it passes it on
        )
    except OSError:
        os.close(words)
        raise
    return Spawned(process, words)


def step_aside(environ: MutableMapping[str, str]) -> socket.socket | None:
    """In a process that was spawned: leave its parent, and give its end of the channel. Elsewhere None.

    To be called before anything else is done: nothing else runs yet that a fork could cut in two."""
    descriptor = environ.pop(CHANNEL_NAME, "")
    if not descriptor.isdecimal():
        return None
    if os.fork():
        os._exit(0)
    channel = socket.socket(fileno=int(descriptor))
    channel.set_inheritable(False)
    send_now(channel, Begun(pid=os.getpid()))
    return channel


def adopt_orphans() -> None:
    """Be the parent of successors, and theirs: whoever started us by hand waits for this process."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
