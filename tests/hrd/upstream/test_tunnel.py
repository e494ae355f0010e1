"""Tunnels through an emulated proxy: the provider's own TLS inside, and every way in which a proxy says no."""

import socket

import pytest
import trio
import trustme

from hrd.core.failures import Verdict
from hrd.http.wire import TlsWire, Wire, WireBroken
from hrd.settings.proxies import Proxy, ProxyUrl
from hrd.upstream.connections import Dialer, Origin
from hrd.upstream.proxies import Proxies
from hrd.upstream.results import Answered, Missed
from hrd.upstream.trust import SystemTrust
from hrd.upstream.tunnel import open_tunnel
from tests.hrd.upstream.conftest import Pooled
from tests.hrd.upstream.parts import BODY, attempts, claim, heads, prepared, serve_tls
from tests.upstreams import Answer, Upstream
from tests.upstreams.proxy import ForwardProxy

PASSWORD = "test-not-a-password-1"


def proxy_at(port: int, credentials: str = "") -> Proxy:
    found = ProxyUrl().parse(f"http://{credentials + '@' if credentials else ''}127.0.0.1:{port}")
    assert isinstance(found, Proxy)
    return found


async def test_tls_through_a_tunnel_is_the_providers_own(authority: trustme.CA, nursery: trio.Nursery) -> None:
    port = await serve_tls(nursery, authority.issue_cert("api.example"))
    async with ForwardProxy({"api.example": port}, credentials=f"me:{PASSWORD}") as proxy:
        origin = Origin(True, "api.example", 443, proxy_at(proxy.port, f"me:{PASSWORD}"))
        wire = await Dialer(SystemTrust()).connect(origin)
        assert isinstance(wire, TlsWire)
        assert await wire.receive_some(10) == b"hello"
        wire.close()
    assert [(seen.method, seen.target) for seen in proxy.seen] == [("CONNECT", "api.example:443")]


async def test_a_proxy_cannot_pass_for_the_provider(authority: trustme.CA, nursery: trio.Nursery) -> None:
    port = await serve_tls(nursery, authority.issue_cert("somebody.else"))
    async with ForwardProxy({"api.example": port}) as proxy:
        with pytest.raises(WireBroken, match="not valid for 'api\\.example'"):
            await Dialer(SystemTrust()).connect(Origin(True, "api.example", 443, proxy_at(proxy.port)))


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", "answered 403 when asked for api.example port 443"),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", "spoke inside the tunnel"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "what came back is not HTTP/1"),
        (b"HTTP/1.1 200 OK\r\n", "the peer closed inside the reply's head"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"a" * 20_000 + b"\r\n\r\n", "the reply's head is too large"),
    ],
)
async def test_a_proxy_that_does_something_else(answers: bytes, why: str) -> None:
    async with ForwardProxy({}, answers=answers) as proxy:
        origin = Origin(True, "api.example", 443, proxy_at(proxy.port))
        with pytest.raises(WireBroken, match=why) as raised:
            await Dialer(SystemTrust()).connect(origin)
    assert raised.value.nothing_sent
    assert f"the proxy 127.0.0.1:{proxy.port}" in str(raised.value)


@pytest.mark.parametrize(
    ("credentials", "why"), [("", "wants a user and password"), ("me:wrong-test-password", "refused our user and password")]
)
async def test_a_proxy_that_wants_to_know_who_asks(credentials: str, why: str) -> None:
    async with ForwardProxy({}, credentials=f"me:{PASSWORD}") as proxy:
        with pytest.raises(WireBroken, match=why) as raised:
            await Dialer(SystemTrust()).connect(Origin(True, "api.example", 443, proxy_at(proxy.port, credentials)))
    assert "wrong-test-password" not in str(raised.value)


async def test_the_wire_is_closed_when_there_is_no_tunnel() -> None:
    async with ForwardProxy({}) as proxy:
        stream = await trio.open_tcp_stream("127.0.0.1", proxy.port)
        wire = Wire(trio_socket(stream))
        with pytest.raises(WireBroken, match="answered 503"):
            await open_tunnel(wire, proxy_at(proxy.port), "unknown.example", 443)
        assert wire.fileno() == -1


async def test_no_proxy_there() -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    await listeners[0].aclose()
    with pytest.raises(WireBroken, match=f"could not connect to 127.0.0.1 port {port}"):
        await Dialer(SystemTrust()).connect(Origin(True, "api.example", 443, proxy_at(port)))


# plain http --------------------------------------------------------------------------------------------------------------


async def test_plain_http_goes_with_its_whole_url_as_the_target(pooled: Pooled) -> None:
    async with Upstream(Answer("hello")) as upstream, ForwardProxy({"api.example": upstream.port}) as proxy:
        by = attempts(pooled(), says=heads(Proxies(http=proxy_at(proxy.port, f"me:{PASSWORD}"))))
        answered = await by.whole(claim("http://api.example:8080/v1"), prepared(BODY, as_stream=False), within_s=60.0)
        assert isinstance(answered, Answered)
        (seen,) = proxy.seen
        assert (seen.method, seen.target) == ("POST", "http://api.example:8080/v1/chat/completions")
        assert seen.authorization == proxy_at(1, f"me:{PASSWORD}").basic.join(["Basic ", ""])
        assert upstream.asked[0].header("host") == "api.example:8080"


async def test_a_proxy_that_refuses_us_is_no_fault_of_the_requests(pooled: Pooled) -> None:
    async with ForwardProxy({}, credentials=f"me:{PASSWORD}") as proxy:
        by = attempts(pooled(), says=heads(Proxies(http=proxy_at(proxy.port))))
        missed = await by.whole(claim("http://api.example/v1"), prepared(BODY, as_stream=False), within_s=60.0)
        assert isinstance(missed, Missed)
        assert (missed.failure.verdict, missed.failure.status) == (Verdict.CONNECT, 407)


async def test_an_attempt_says_which_proxy_failed(pooled: Pooled) -> None:
    async with ForwardProxy({}) as proxy:
        by = attempts(pooled(), says=heads(Proxies(https=proxy_at(proxy.port, f"me:{PASSWORD}"))))
        missed = await by.whole(claim("https://api.example/v1"), prepared(BODY, as_stream=False), within_s=60.0)
        assert isinstance(missed, Missed)
        assert missed.failure.verdict is Verdict.CONNECT
        assert missed.failure.message == (f"the proxy 127.0.0.1:{proxy.port} answered 503 when asked for api.example port 443")


async def test_this_machine_is_asked_directly(pooled: Pooled) -> None:
    async with Upstream(Answer("hello")) as upstream, ForwardProxy({}) as proxy:
        by = attempts(pooled(), says=heads(Proxies(http=proxy_at(proxy.port), https=proxy_at(proxy.port))))
        assert isinstance(await by.whole(claim(upstream.base_url), prepared(BODY, as_stream=False), within_s=60.0), Answered)
        assert proxy.seen == []


async def test_other_proxies_hold_from_the_next_request_on(pooled: Pooled) -> None:
    """A connection that was made by way of one proxy is not used in another's place."""
    async with (
        Upstream(Answer("hello")) as upstream,
        ForwardProxy({"api.example": upstream.port}) as first,
        ForwardProxy({"api.example": upstream.port}) as second,
    ):
        says = heads(Proxies(http=proxy_at(first.port)))
        by = attempts(pooled(), says=says)
        asked = claim("http://api.example/v1")
        await by.whole(asked, prepared(BODY, as_stream=False), within_s=60.0)
        says.renew({}, Proxies(http=proxy_at(second.port)))
        assert isinstance(await by.whole(asked, prepared(BODY, as_stream=False), within_s=60.0), Answered)
        assert (len(first.seen), len(second.seen)) == (1, 1)


def trio_socket(stream: trio.SocketStream) -> socket.socket:
    return socket.socket(fileno=stream.socket.detach())
