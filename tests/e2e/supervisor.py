"""A small supervisor that speaks sd_notify(3) and sd_listen_fds(3): `python -m tests.e2e.supervisor FOLDER COMMAND…`.

It opens the TCP port that it is told (LISTEN_ON), starts the command, believes only the main process (NotifyAccess=main),
follows MAINPID, adopts orphans, passes SIGTERM on to the main process, and ends with its status. What was said is in
FOLDER/notified, a JSON line each; what was said by others, too, and marked.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


class Supervisor:
    def __init__(self, folder: Path, command: list[str]) -> None:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._said = folder / "notified"
        self._notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notified.bind(str(folder / "notify"))
        self._notified.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._wake, waking = socket.socketpair()
        waking.setblocking(False)
        self._waking = waking
        signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        self.main = self._start(command, folder)

    def _start(self, command: list[str], folder: Path) -> int:
        environment = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "400000"}
        listen_on = environment.pop("LISTEN_ON", "")
        redirect, handed = "", []
        if listen_on:
            listener = socket.create_server(("127.0.0.1", int(listen_on)))
            handed = [listener.fileno()]
            environment["LISTEN_FDS"] = "1"
            redirect = f"LISTEN_PID=$$; export LISTEN_PID; exec 3<&{listener.fileno()} {listener.fileno()}<&-; "
        shell = f'{redirect}WATCHDOG_PID=$$; export WATCHDOG_PID; exec "$0" "$@"'
        return subprocess.Popen(["sh", "-c", shell, *command], env=environment, pass_fds=handed).pid

    def run(self) -> int:
        while True:
            readable, _, _ = select.select([self._notified, self._wake], [], [])
            while self._notified in readable and self._hear():
                pass
            if self._wake in readable:
                numbers = self._wake.recv(4096)
                if signal.SIGTERM in numbers:
                    os.kill(self.main, signal.SIGTERM)
                status = self._reap()
                if status is not None:
                    return status

    def _hear(self) -> bool:
        try:
            data, beside, _, _ = self._notified.recvmsg(4096, socket.CMSG_LEN(12), socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        pid = struct.unpack("3i", beside[0][2])[0]
        fields = dict(line.split("=", 1) for line in data.decode().splitlines())
        with self._said.open("a") as said:
            said.write(json.dumps({"pid": pid, "believed": pid == self.main, **fields}) + "\n")
        if pid == self.main and "MAINPID" in fields:
            self.main = int(fields["MAINPID"])
        return True

    def _reap(self) -> int | None:
        """The main process's exit code, if it has ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return None
            if not pid:
                return None
            while self._hear():
                pass
            if pid == self.main:
                return abs(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    sys.exit(Supervisor(Path(sys.argv[1]), sys.argv[2:]).run())
