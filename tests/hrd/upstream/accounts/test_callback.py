"""Where a browser comes back to."""

import socket

import pytest
import trio

from hrd.upstream.accounts.callback import HEAD_BYTES_MAX, Callback


async def asked(port: int, data: bytes) -> bytes:
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    async with stream:
        answer = b""
        try:
            await stream.send_all(data)
            await stream.send_eof()
            while received := await stream.receive_some(65_536):
                answer += received
        except trio.BrokenResourceError:
            pass
        return answer


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", b"404"),
        (b"GET", b"404"),
        (b"\x16\x03\x01\x00\xa5\r\n\r\n", b"404"),
        (b"POST /auth/callback?state=s&code=c HTTP/1.1\r\n\r\n", b"404"),
        (b"GET /auth/callback?state=%ff&code=c HTTP/1.1\r\n\r\n", b"400"),
        (b"GET //[ HTTP/1.1\r\n\r\n", b"404"),
        (b"GET /auth/callback?state=s HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /auth/callback?" + b"x" * (2 * HEAD_BYTES_MAX), b"400"),
        (b"GET /auth/callback?" + b"&".join(b"a%d=b" % n for n in range(100)) + b" HTTP/1.1\r\n\r\n", b"400"),
    ],
)
async def test_whoever_else_comes_is_sent_away_and_the_wait_goes_on(data: bytes, status: bytes, nursery: trio.Nursery) -> None:
    callback = Callback("s")
    assert await callback.open([0])
    came: list[str] = []
    is_over = trio.Event()

    async def wait() -> None:
        came.append((await callback.wait()).code.reveal())
        is_over.set()

    nursery.start_soon(wait)
    answer = await asked(callback.port, data)
    assert answer[9:12] == status if answer else len(data) > HEAD_BYTES_MAX
    assert came == []
    assert b" 200 " in await asked(callback.port, b"GET /auth/callback?state=s&code=c1 HTTP/1.1\r\nhost: localhost\r\n\r\n")
    await is_over.wait()
    assert came == ["c1"]
    callback.close()


async def test_the_next_port_is_taken_when_the_first_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        callback = Callback("s")
        assert await callback.open([taken.getsockname()[1], 0])
        assert callback.uri == f"http://localhost:{callback.port}/auth/callback"
        callback.close()
        assert not await Callback("s").open([taken.getsockname()[1]])
