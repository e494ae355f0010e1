"""The one client: asks the daemon over its control socket and gives back what it said."""

import socket
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final, Generic, TypeVar

import msgspec

from hrctl.door import connect
from hrctl.problems import SILENT_HINT, NotRunning, Trouble
from hrctl.reply import Garbled, Reply
from hrd.admin.wire.route import Ask, Refused, Route

A = TypeVar("A")
Q = TypeVar("Q", bound=Ask)

WAIT_S: Final = 30.0
"""How long the daemon may be silent. It sends a line every few seconds while a log is followed."""

_OTHER_VERSION: Final = "hr and hrd may be of different versions: compare them with hr version, then: hr restart"


class Answered(Generic[A]):
    """What came back: as it was written, and as a value."""

    def __init__(self, raw: bytes, kind: type[A]) -> None:
        self.raw = raw
        self._kind = kind

    @property
    def value(self) -> A:
        return _read(self.raw, self._kind)


class Client:
    """Knows where to look. One connection a question: `hr` asks once or twice and ends."""

    def __init__(self, paths: Sequence[str], wait_s: float = WAIT_S) -> None:
        self._paths = paths
        self._wait_s = wait_s

    @property
    def only_path(self) -> str:
        """The socket, if somebody said which one; empty where it is looked for in its usual places."""
        return self._paths[0] if len(self._paths) == 1 else ""

    def ask(self, route: Route[Q, A], ask: Q) -> Answered[A]:
        """The answer, or the daemon's refusal as `Trouble`."""
        with connect(self._paths, self._wait_s) as door, door.makefile("rb") as stream:
            try:
                return Answered(_send(door, stream, route, ask).read(), route.answer)
            except (OSError, Garbled) as error:
                raise _lost(error) from None

    def follow(self, route: Route[Q, A], ask: Q) -> Iterator[Answered[A]]:
        """One answer after the other, until the daemon hangs up."""
        with connect(self._paths, self._wait_s) as door, door.makefile("rb") as stream:
            try:
                lines = _send(door, stream, route, ask).lines()
            except (OSError, Garbled) as error:
                raise _lost(error) from None
            while (line := _next(lines)) is not None:
                if line:
                    yield Answered(line, route.answer)


def _next(lines: Iterator[bytes]) -> bytes | None:
    try:
        return next(lines, None)
    except (OSError, Garbled) as error:
        raise _lost(error) from None


def _send(door: socket.socket, stream: BinaryIO, route: Route[Q, A], ask: Q) -> Reply:
    """Ask, and read the head; a refusal's body too."""
    body = msgspec.json.encode(ask) if route.method == "POST" else b""
    head = [f"{route.method} {route.target(ask)} HTTP/1.1", "host: hrd", "connection: close"]
    if route.method == "POST":
        head += ["content-type: application/json", f"content-length: {len(body)}"]
    door.sendall("\r\n".join([*head, "", ""]).encode() + body)
    reply = Reply(stream)
    if reply.status >= 400:
        raise _refused(reply.status, reply.read())
    return reply


def _refused(status: int, raw: bytes) -> Trouble:
    try:
        problem = msgspec.json.decode(raw, type=Refused).error
    except msgspec.MsgspecError:
        return Trouble(f"hrd answered {status} and something that hr does not understand", _OTHER_VERSION)
    return Trouble(problem.message, problem.hint)


def _lost(error: OSError | Garbled) -> Trouble:
    if isinstance(error, TimeoutError):
        return NotRunning("hrd has been silent for too long: it hangs, or is very busy", SILENT_HINT)
    if isinstance(error, OSError):
        return NotRunning(f"hrd hung up: {error.strerror or error}", "see whether it runs: hr status")
    return Trouble(f"hrd's answer cannot be read: {error}", "see whether hrd runs: hr status")


def _read(raw: bytes, kind: type[A]) -> A:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.MsgspecError as error:
        raise Trouble(f"hrd's answer is not what hr expects: {error}", _OTHER_VERSION) from None
