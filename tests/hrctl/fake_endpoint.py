"""A client endpoint that says what it is told to, over real HTTP on loopback, and remembers what it was asked."""

import contextlib
import http.server
import threading
from collections.abc import Iterator
from typing import Any

import msgspec


class FakeEndpoint(http.server.ThreadingHTTPServer):
    """Gives its answers one after the other; the last one again and again."""

    daemon_threads = True
    block_on_close = True

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.answers: list[tuple[int, bytes]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def says(self, status: int, body: object) -> None:
        self.answers.append((status, body if isinstance(body, bytes) else msgspec.json.encode(body)))

    def answer_to(self, path: str, key: str, body: bytes) -> tuple[int, bytes]:
        assert path == "/v1/chat/completions"
        self.asked.append(msgspec.json.decode(body))
        self.keys.append(key)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeEndpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        status, answer = self.server.answer_to(self.path, self.headers["authorization"], body)
        self.send_response(status)
        self.send_header("x-request-id", "req-1")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        pass


@contextlib.contextmanager
def serving() -> Iterator[FakeEndpoint]:
    with FakeEndpoint() as endpoint:
        thread = threading.Thread(target=endpoint.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield endpoint
        finally:
            endpoint.shutdown()
            thread.join()


def said(content: str | None = "Hello.", **message: object) -> dict[str, object]:
    """A good reply."""
    return {"choices": [{"index": 0, "message": {"role": "assistant", "content": content, **message}}]}
