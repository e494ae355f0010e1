"""Candidates, claims and attempts for the tests of the providers' side."""

import ssl
from typing import Any

import trio
import trustme

from hrd.core.ask import Ask, Kind
from hrd.core.facts import Claim
from hrd.core.ledger import Reservation
from hrd.core.providers import Candidate, CostClass, Credential, ModelFacts, Provider, Quirks
from hrd.core.secrets import Secret, scrub
from hrd.dialects import openai_chat_native
from hrd.dialects.contract import Request, StreamBounds
from hrd.dialects.passage import Prepared
from hrd.http.alarms import Alarms
from hrd.http.limits import HttpLimits
from hrd.upstream.attempt import Attempts
from hrd.upstream.connections import Connect, ConnectionLimits, Connections, Dialer
from hrd.upstream.heads import Heads
from hrd.upstream.judging import Judge
from hrd.upstream.open_stream import OpenStream
from hrd.upstream.passes import Keys
from hrd.upstream.proxies import Proxies
from hrd.upstream.results import Answered, Missed
from hrd.upstream.sending import Sender, SendLimits
from hrd.upstream.trust import SystemTrust
from tests.upstreams import Upstream

NOW = 1_795_219_200.0
KEY = "test-key-1"
BODY = b'{"model":"model-x","messages":[{"role":"user","content":"hi"}]}'
STREAM = b'{"model":"model-x","messages":[{"role":"user","content":"hi"}],"stream":true}'
REQUEST = Request(ask=Ask(kind=Kind.CHAT, model="model-x", input_tokens=3), fields={})


def candidate(base_url: str, **row: Any) -> Candidate:
    secret = Secret(KEY, "alpha")
    return Candidate(
        provider=Provider(name="alpha", base_url=base_url, **row),
        model="model-x",
        credential=Credential(provider="alpha", fingerprint=secret.fingerprint, secret=secret, source="auth.json"),
        cost_class=CostClass.FREE,
        key=f"alpha/model-x#{secret.fingerprint}",
        scopes=(),
        facts=ModelFacts(),
        place=0,
    )


def claim(base_url: str, **row: Any) -> Claim:
    asked = candidate(base_url, **row)
    reservation = Reservation(
        id=1,
        at=NOW,
        request_id="req-1",
        provider="alpha",
        model="model-x",
        credential=asked.credential.fingerprint,
        scopes=(),
        tokens=10,
    )
    return Claim(
        candidate=asked,
        reservation=reservation,
        begun_at=NOW,
        drop=frozenset(),
        max_tokens=None,
        is_last=False,
        order=(),
        is_choosy=False,
    )


def connections(
    nursery: trio.Nursery,
    *,
    connect: Connect | None = None,
    idle_s: float = 50.0,
    idle_max: int = 4,
    open_max: int = 100,
    **limits: int,
) -> Connections:
    alarms = Alarms()
    nursery.start_soon(alarms.run)
    return Connections(
        limits=ConnectionLimits(open_max=open_max, idle_max=idle_max, idle_s=idle_s, http=HttpLimits(**limits)),
        connect=connect or Dialer(SystemTrust()).connect,
        alarms=alarms,
    )


def heads(proxies: Proxies = Proxies()) -> Heads:  # noqa: B008 - frozen
    return Heads(instance_id="this-instance", user_agent="hermes-router/test", forwarded={}, proxies=proxies)


def hide(text: str) -> str:
    return scrub(text, [Secret(KEY, "alpha")])


def sender(pool: Connections, *, connect_s: float = 5.0, says: Heads | None = None) -> Sender:
    return Sender(connections=pool, heads=says or heads(), limits=SendLimits(connect_s=connect_s, wait_s=30.0))


def judge(now: float = NOW) -> Judge:
    return Judge(scrub=hide, now=lambda: now)


def attempts(pool: Connections, *, error_bytes: int = 65_536, **sending: Any) -> Attempts:
    return Attempts(
        connections=pool,
        sender=sender(pool, **sending),
        judge=judge(),
        passes=Keys(),
        error_bytes=error_bytes,
        scrub=hide,
    )


def prepared(body: bytes, *, as_stream: bool, is_typed: bool = True) -> Prepared:
    return Prepared(
        path="/chat/completions",
        body=body,
        notes=(),
        as_stream=as_stream,
        is_typed=is_typed,
        read_whole=lambda reply: openai_chat_native.read_whole(REQUEST, reply, Quirks()),
        reply_stream=lambda: openai_chat_native.reply_stream(REQUEST, Quirks(), StreamBounds(65_536, 65_536)),
    )


async def whole(to: Upstream, by: Attempts, within_s: float = 60.0, reader: str = "generic") -> Answered | Missed:
    return await by.whole(claim(to.base_url, reader=reader), prepared(BODY, as_stream=False), within_s=within_s)


async def stream(to: Upstream, by: Attempts, within_s: float = 60.0) -> OpenStream | Missed:
    return await by.stream(
        claim(to.base_url),
        prepared(STREAM, as_stream=True),
        openai_chat_native.reply_stream(REQUEST, Quirks(), StreamBounds(65_536, 65_536)),
        within_s=within_s,
        idle_s=30.0,
        begun=lambda: None,
    )


async def serve_tls(nursery: trio.Nursery, certificate: trustme.LeafCert) -> int:
    """Say hello to whoever trusts *certificate*; at which port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)

    async def greet(stream: trio.SocketStream) -> None:
        secure = trio.SSLStream(stream, context, server_side=True)
        try:
            await secure.send_all(b"hello")
            await secure.receive_some(1)
        except (trio.BrokenResourceError, ssl.SSLError):
            pass
        await trio.aclose_forcefully(secure)

    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    nursery.start_soon(trio.serve_listeners, greet, listeners)
    return int(listeners[0].socket.getsockname()[1])
