"""An emulated provider: real HTTP/1.1 on a loopback socket, doing what it is told, remembering what it was asked.

    async with Upstream([Status.of(recorded.GROQ_TPM), Answer("hi")]) as upstream:
        ...  # point a client at upstream.base_url
    assert ["test-key-1", "test-key-2"] == [asked.key for asked in upstream.asked]

Requests are read with h11, so that it shares no line with what it tests. POSTs take their behaviours from the script
(a list: one each, the last one for all further ones; or a function of the request); GET /models is answered from the
list of models and never takes from the script. Malformed and unauthorised requests are refused before the script too.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Self

import h11
import trio

from tests.upstreams.asked import Asked
from tests.upstreams.behaviours import Answer, Behave, Behaviour
from tests.upstreams.chat import Chat
from tests.upstreams.checks import Rules
from tests.upstreams.limits import Limits
from tests.upstreams.render import head, render, status_of
from tests.upstreams.steps import Close, Hang, Reset, Send, Step, Until, Wait
from tests.upstreams.wires import Wire

MAX_BODY_BYTES = 64 << 20
HAPPENS_S = 10.0
"""What a reply waits for has to happen within this."""


class Upstream:
    """One provider on 127.0.0.1. Enter it, or start `serve` in a nursery of your own."""

    def __init__(
        self,
        behave: Behave = Answer(),  # noqa: B008 - frozen
        *,
        models: Sequence[str] = ("test-model",),
        models_behave: Behaviour | None = None,
        look_ups: Callable[[Asked], Behaviour | None] | None = None,
        rules: Rules | None = Rules(),  # noqa: B008 - frozen
        wire: Wire | None = None,
        limits: Limits | None = None,
        count: Callable[[], None] | None = None,
        port: int = 0,
    ) -> None:
        """*rules*: what every request is held to before the script is asked (None: anything goes). *wire*: speak this in place
        of OpenAI's chat completions under *rules*.

        *models_behave* answers GET /models in place of the list, *look_ups* every GET that it knows. *count* is called once for
        each POST, when its head and body have arrived.
        """
        self._behave, self._models, self._models_behave = behave, models, models_behave
        self._look_ups = look_ups or (lambda _: None)
        self.wire = wire or Chat(rules)
        self._limits, self._count, self._port = limits, count, port
        self._script_at = 0
        self._connections = 0
        self.seen: list[Asked] = []
        """Every request, in the order they arrived whole."""
        self.malformed: list[str] = []
        """What was wrong with requests that were no HTTP."""
        self.open_connections = 0
        self.base_url = ""

    @property
    def asked(self) -> list[Asked]:
        """The requests that would have cost something: all but the looks at the list of models."""
        return [asked for asked in self.seen if asked.method == "POST"]

    def turn_to(self, behave: Behave) -> None:
        """From now on do this; a list begins at its front."""
        self._behave, self._script_at = behave, 0

    @property
    def port(self) -> int:
        return self._port

    async def __aenter__(self) -> Self:
        self._opening = trio.open_nursery()
        self._nursery = await self._opening.__aenter__()
        await self._nursery.start(self.serve)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Stop. What the body raised comes out as it is, so that a failed assertion is not wrapped in a group."""
        self._nursery.cancel_scope.cancel()
        if isinstance(error, trio.Cancelled | BaseExceptionGroup):
            return bool(await self._opening.__aexit__(kind, error, trace))
        await self._opening.__aexit__(None, None, None)
        return False

    async def serve(self, task_status: trio.TaskStatus[Self] = trio.TASK_STATUS_IGNORED) -> None:
        """Listen and answer until cancelled; connections end with it."""
        listeners = await trio.open_tcp_listeners(self._port, host="127.0.0.1", backlog=1024)
        self._port = listeners[0].socket.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self._port}/v1"
        async with trio.open_nursery() as nursery:
            await nursery.start(trio.serve_listeners, self._connection, listeners)
            task_status.started(self)

    async def _connection(self, stream: trio.SocketStream) -> None:
        self._connections += 1
        self.open_connections += 1
        try:
            await _Conversation(self, stream, self._connections).run()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            self.open_connections -= 1

    def answer(self, asked: Asked) -> tuple[Behaviour, Sequence[tuple[str, str]]]:
        """What to do with *asked*, now that it is remembered."""
        self.seen.append(asked)
        if asked.method == "POST" and self._count is not None:
            self._count()
        known = self._look_ups(asked) if asked.method == "GET" else None
        if known is not None:
            return known, ()
        refusal = self.wire.refusal(asked)
        if refusal is not None:
            asked.refused = refusal.body.decode()
            return refusal, ()
        if asked.method in ("GET", "HEAD"):
            return self._models_behave or self.wire.models(self._models, asked.path.partition("?")[0]), ()
        if self._limits is not None:
            over, headers = self._limits.admit(asked.key, asked.at)
            return over or self._scripted(asked), headers
        return self._scripted(asked), ()

    def _scripted(self, asked: Asked) -> Behaviour:
        if callable(self._behave):
            return self._behave(asked)
        if not isinstance(self._behave, Sequence):
            return self._behave
        at = min(self._script_at, len(self._behave) - 1)
        self._script_at += 1
        return self._behave[at]


class _Conversation:
    """One connection: read a request, perform its reply, again, until one side has enough."""

    def __init__(self, upstream: Upstream, stream: trio.SocketStream, number: int) -> None:
        self._upstream, self._stream, self._number = upstream, stream, number
        self._unread = b""

    async def run(self) -> None:
        async with self._stream:
            while True:
                try:
                    read = await self._read_request()
                except h11.RemoteProtocolError as error:
                    self._upstream.malformed.append(str(error))
                    await self._stream.send_all(head(400, [("content-length", "0"), ("connection", "close")]))
                    return
                if read is None:
                    return
                asked, keep_alive = read
                behaviour, headers = self._upstream.answer(asked)
                wire = self._upstream.wire
                asked.status = status_of(behaviour, wire)
                if not await self._perform(render(behaviour, asked, wire, headers), asked) or not keep_alive:
                    return

    async def _read_request(self) -> tuple[Asked, bool] | None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=256 << 10)
        if self._unread:
            connection.receive_data(self._unread)
            self._unread = b""
        request: h11.Request | None = None
        body = bytearray()
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                if connection.they_are_waiting_for_100_continue:
                    connection.send(h11.InformationalResponse(status_code=100, headers=[]))
                    await self._stream.send_all(b"HTTP/1.1 100 Continue\r\n\r\n")
                connection.receive_data(await self._stream.receive_some(65536))
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > MAX_BODY_BYTES:
                    raise h11.RemoteProtocolError("body too large")
            elif isinstance(event, h11.EndOfMessage) and request is not None:
                self._unread = connection.trailing_data[0]
                return self._asked(request, bytes(body)), connection.their_state is not h11.MUST_CLOSE
            else:
                return None

    def _asked(self, request: h11.Request, body: bytes) -> Asked:
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers)
        method, target = request.method.decode(), request.target.decode("latin-1")
        return Asked(method, target, headers, body, trio.current_time(), self._number)

    async def _perform(self, steps: Iterator[Step], asked: Asked) -> bool:
        """Do the steps, watching for the other side to leave; whether the connection may be used again."""
        reusable = False
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch, asked, nursery.cancel_scope)
            try:
                reusable = await self._step_by_step(steps)
            except trio.BrokenResourceError:
                asked.left_at = trio.current_time()
            else:
                asked.finished_at = trio.current_time()
            nursery.cancel_scope.cancel()
        return reusable and asked.left_at is None

    async def _step_by_step(self, steps: Iterator[Step]) -> bool:
        for step in steps:
            match step:
                case Send():
                    await self._stream.send_all(step.data)
                case Wait():
                    await trio.sleep(step.seconds)
                case Until():
                    happened = await trio.to_thread.run_sync(step.happened.wait, HAPPENS_S)
                    assert happened, "what the reply waits for did not happen"
                case Hang():
                    await trio.sleep_forever()
                case Close():
                    return False
                case Reset():
                    linger_not = struct.pack("ii", 1, 0)
                    self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
                    self._stream.socket.close()
                    return False
        return True

    async def _watch(self, asked: Asked, reply: trio.CancelScope) -> None:
        """Note when the other side goes; keep what it says meanwhile for the next request."""
        while True:
            try:
                data = await self._stream.receive_some(65536)
            except trio.BrokenResourceError:
                data = b""
            except trio.ClosedResourceError:
                return
            if not data:
                asked.left_at = trio.current_time()
                reply.cancel()
                return
            self._unread += data
