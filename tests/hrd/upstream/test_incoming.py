"""A reply as it comes over a connection: in pieces, without a body, and cut short."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from hrd.core.secrets import Secret
from hrd.http.messages import ReplyBroken
from hrd.http.wire import WireBroken
from hrd.upstream.connections import Connection, Connections
from hrd.upstream.incoming import reply_head, rest
from hrd.upstream.introductions import NOTHING
from tests.hrd.upstream.conftest import Pooled
from tests.hrd.upstream.parts import BODY, KEY, claim, prepared, sender
from tests.upstreams import HANG, RESET, Behave, Drip, Raw, Upstream

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n"


@asynccontextmanager
async def asked(upstream: Upstream, pool: Connections) -> AsyncIterator[Connection]:
    """A connection over which a reply is on its way."""
    sending = prepared(BODY, as_stream=False)
    secret = Secret(KEY, "alpha")
    connection = await sender(pool).send(claim(upstream.base_url), sending, within_s=60.0, about=NOTHING, secret=secret)
    try:
        yield connection
    finally:
        pool.close(connection)


def said(body: bytes, fields: bytes) -> Raw:
    return Raw(b"HTTP/1.1 200 OK\r\n%b\r\n\r\n%b" % (fields, body))


@pytest.mark.parametrize("pieces", ["whole", "byte by byte"])
@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (said(b"hello world", b"content-length: 11"), b"hello world"),
        (said(b"6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n", b"transfer-encoding: chunked"), b"hello world"),
        (said(b"", b"content-length: 0"), b""),
        (said(b"until it is closed", b"connection: close"), b"until it is closed"),
    ],
    ids=["counted", "in chunks", "empty", "to the end of the connection"],
)
async def test_a_reply_that_comes_to_its_end(pooled: Pooled, sent: Raw, body: bytes, pieces: str) -> None:
    async with Upstream(sent if pieces == "whole" else Drip(sent)) as upstream, asked(upstream, pooled()) as connection:
        assert (await reply_head(connection)).status == 200
        assert await rest(connection) == body


@pytest.mark.parametrize(
    ("behave", "trouble"),
    [
        (Raw(HEAD + b"hello"), ReplyBroken),
        (Raw(HEAD + b"hello", RESET), WireBroken),
        (Raw(HEAD, HANG), trio.ClosedResourceError),
    ],
    ids=["closed in the middle", "reset in the middle", "its alarm rang"],
)
async def test_a_reply_that_does_not(
    autojump_clock: MockClock, pooled: Pooled, behave: Behave, trouble: type[Exception]
) -> None:
    async with Upstream(behave) as upstream, asked(upstream, pooled()) as connection:
        await reply_head(connection)
        with pytest.raises(trouble):
            await rest(connection)
