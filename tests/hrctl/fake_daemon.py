"""A daemon that says what it is told to: real HTTP on a real Unix socket, and a memory of what it was asked."""

import contextlib
import http.server
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from hrd.admin.wire.route import Problem, Refused, Route


class Asked(NamedTuple):
    """One request as it came in."""

    method: str
    target: str
    body: bytes


class Said(NamedTuple):
    """One answer as it goes out; `pieces` go out as chunks."""

    status: int
    body: bytes = b""
    pieces: tuple[bytes, ...] | None = None


class FakeDaemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers by method and path; everything else is a refusal that names it."""

    daemon_threads = True
    block_on_close = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked: list[Asked] = []
        self._answers: dict[tuple[str, str], Callable[[], Said]] = {}
        super().__init__(str(path), _Handler)

    def answers(self, route: Route[Any, Any], answer: object, path: str | None = None) -> None:
        said = Said(200, msgspec.json.encode(answer))
        self._answers[route.method, path or route.path] = lambda: said

    def refuses(self, route: Route[Any, Any], status: int, message: str, hint: str = "") -> None:
        said = Said(status, msgspec.json.encode(Refused(error=Problem(message=message, hint=hint))))
        self._answers[route.method, route.path] = lambda: said

    def says(self, route: Route[Any, Any], status: int, body: bytes) -> None:
        self._answers[route.method, route.path] = lambda: Said(status, body)

    def streams(self, route: Route[Any, Any], *pieces: bytes) -> None:
        self._answers[route.method, route.path] = lambda: Said(200, pieces=pieces)

    def does(self, route: Route[Any, Any], answer: Callable[[], object]) -> None:
        self._answers[route.method, route.path] = lambda: Said(200, msgspec.json.encode(answer()))

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves in the middle is part of the stories told here."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # the base class names no types

    def answer_to(self, asked: Asked) -> Said:
        self.asked.append(asked)
        path = asked.target.partition("?")[0]
        answer = self._answers.get((asked.method, path))
        if answer is None:
            missing = Problem(message=f"unknown path {asked.method} {path}")
            return Said(404, msgspec.json.encode(Refused(error=missing)))
        return answer()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeDaemon

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        said = self.server.answer_to(Asked(self.command, self.path, body))
        self.send_response(said.status)
        self.send_header("content-type", "application/json")
        self.close_connection = True
        if said.pieces is None:
            self.send_header("content-length", str(len(said.body)))
            self.end_headers()
            self.wfile.write(said.body)
            return
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for piece in said.pieces:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    do_GET = _serve  # noqa: N815 - the base class names it so
    do_POST = _serve  # noqa: N815 - as above

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        pass


@contextlib.contextmanager
def running(path: Path) -> Iterator[FakeDaemon]:
    with FakeDaemon(path) as daemon:
        thread = threading.Thread(target=daemon.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield daemon
        finally:
            daemon.shutdown()
            thread.join()
