"""The general client: what it sends, and what it makes of answers. Proxies and lists are tested in test_lookups.py."""

import ssl

import pytest
import trio

from hrd.upstream.general import General, Got, NotGot
from hrd.upstream.proxies import Proxies
from tests.hrd.upstream.test_lookups import answering, reply_of
from tests.upstreams import Status, Upstream


def no_trust() -> ssl.SSLContext:
    raise AssertionError("no TLS was asked for")


def general() -> General:
    return General(hop=b"instance-1", user_agent="hermes-router/0", trust=no_trust, proxies=Proxies)


async def ask(url: str, method: str = "GET", **facts: object) -> Got | NotGot:
    asked = {"headers": {"accept": "application/json"}, "within_s": 5.0, "bytes_max": 100, **facts}
    return await general().ask(method, url, **asked)  # type: ignore[arg-type]


async def test_a_question_says_who_asks_and_what() -> None:
    async with Upstream(Status(418, b"hi", headers=[("X-Thing", "1")]), rules=None) as upstream:
        got = await ask(f"{upstream.base_url}/x", "POST", body=b'{"a": 1}')
    assert isinstance(got, Got)
    assert (got.status, got.headers["x-thing"], got.body) == (418, "1", b"hi")
    (asked,) = upstream.seen
    assert (asked.method, asked.path, asked.body) == ("POST", "/v1/x", b'{"a": 1}')
    assert (asked.header("user-agent"), asked.header("x-hermes-hop")) == ("hermes-router/0", "instance-1")
    assert asked.header("accept") == "application/json"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (reply_of(b"x" * 101), "more than 100 bytes"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", "RemoteProtocolError"),
        (b"", "RemoteProtocolError"),
    ],
)
async def test_what_is_no_answer(reply: bytes, reason: str) -> None:
    async with answering(reply) as (url, _):
        assert await ask(url) == NotGot(reason)


async def test_a_server_that_hangs_is_left_in_time(autojump_clock: trio.testing.MockClock) -> None:
    async with answering(b"HTTP/1.1 200 OK\r\n", then_hangs=True) as (url, _):
        began = trio.current_time()
        assert isinstance(await ask(url, within_s=3.0), NotGot)
        assert trio.current_time() - began == pytest.approx(3.0, abs=0.1)
