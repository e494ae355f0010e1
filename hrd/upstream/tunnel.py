"""A tunnel: a proxy makes the connection for us (CONNECT), and what follows on the wire is between us and the provider."""

from typing import Final

from hrd.http.client import ReplyReader
from hrd.http.limits import HttpLimits
from hrd.http.messages import ReplyBroken, ReplyHead
from hrd.http.wire import Wire, WireBroken
from hrd.settings.proxies import Proxy
from hrd.upstream.proxies import connect_request

RECEIVE_BYTES: Final = 4096
LIMITS: Final = HttpLimits(reply_head_bytes=16_384)
WANTS_CREDENTIALS: Final = 407


async def open_tunnel(wire: Wire, proxy: Proxy, host: str, port: int) -> None:
    """Have *proxy*, at the other end of *wire*, connect it to *host*. `WireBroken` says why not; the wire is closed then."""
    is_open = False
    try:
        await wire.send_all(connect_request(proxy, host, port))
        await _agreed(wire, proxy, f"{host} port {port}")
        is_open = True
    except WireBroken as broken:
        raise WireBroken(str(broken), nothing_sent=True) from broken  # of the request, that is: this was about the way to it
    finally:
        if not is_open:
            wire.close()


async def _agreed(wire: Wire, proxy: Proxy, target: str) -> None:
    """Read the answer. Nobody speaks before we do inside the tunnel, so nothing may follow its head."""
    reader = ReplyReader(LIMITS)
    reader.begin("CONNECT")
    try:
        while (head := reader.next_event()) is None:
            if received := await wire.receive_some(RECEIVE_BYTES):
                reader.feed(received)
            else:
                reader.feed_eof()
    except ReplyBroken as broken:
        raise WireBroken(f"the proxy {proxy.name}: {broken}") from None
    assert isinstance(head, ReplyHead), "a reply begins with its head"
    if head.status == WANTS_CREDENTIALS:
        known = "refused our user and password" if proxy.credentials is not None else "wants a user and password"
        raise WireBroken(f"the proxy {proxy.name} {known}")
    if not 200 <= head.status < 300:
        raise WireBroken(f"the proxy {proxy.name} answered {head.status} when asked for {target}")
    if reader.unread:
        raise WireBroken(f"the proxy {proxy.name} spoke inside the tunnel")
