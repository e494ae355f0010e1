"""Model lists: read within bounds from whoever answers, in whatever shape, and asked for no more often than allowed."""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
import trio

from hrd.core.failures import Failure, Verdict
from hrd.core.providers import Credential, Provider
from hrd.core.remembered import Discovered
from hrd.core.secrets import Secret
from hrd.settings.proxies import Proxy, ProxyUrl
from hrd.upstream import lookups
from hrd.upstream.general import General
from hrd.upstream.lookups import LookupFailed, ModelLookups, read_list, read_models
from hrd.upstream.passes import Keys
from hrd.upstream.proxies import Proxies
from tests.hrd.stage import key, provider
from tests.upstreams import Upstream
from tests.upstreams.proxy import ForwardProxy

NOW = 1_000_000.0
LIST = {"data": [{"id": "small", "context_length": 8192}, {"id": "large", "context_window": 131_072}, {"id": "bare"}]}


def body(value: object) -> bytes:
    return msgspec.json.encode(value)


def no_trust() -> ssl.SSLContext:
    raise AssertionError("no TLS was asked for")


# shapes ----------------------------------------------------------------------------------------------------------------------


def listed(data: bytes, *, models_max: int = 2000, **facts: object) -> Discovered | LookupFailed:
    return read_list(provider("alpha", **facts), data, models_max=models_max, now=NOW)


def test_ids_in_their_order_and_the_contexts_that_are_said() -> None:
    assert listed(body(LIST)) == Discovered(
        provider="alpha", models=("small", "large", "bare"), contexts={"small": 8192, "large": 131_072}, at=NOW
    )


def test_a_list_without_an_envelope_is_one_too() -> None:
    found = listed(body(LIST["data"]))
    assert isinstance(found, Discovered)
    assert found.models == ("small", "large", "bare")


@pytest.mark.parametrize("field", lookups.CONTEXT_FIELDS)
def test_every_way_to_name_a_context(field: str) -> None:
    found = listed(body([{"id": "m", field: 4096}]))
    assert isinstance(found, Discovered)
    assert found.contexts == {"m": 4096}


@pytest.mark.parametrize("context", [0, -1, True, "8192", None, 1.5, []])
def test_what_is_no_size_is_not_known(context: object) -> None:
    found = listed(body([{"id": "m", "context_length": context}]))
    assert isinstance(found, Discovered)
    assert found.contexts == {}


def test_a_prefix_that_requests_do_not_carry_is_taken_off() -> None:
    found = listed(body([{"id": "models/gemini-flash"}, {"id": "odd"}]), strip_model_prefix="models/")
    assert isinstance(found, Discovered)
    assert found.models == ("gemini-flash", "odd")


def test_names_are_bounded_in_number_and_length() -> None:
    rows = [{"id": f"m{n}"} for n in range(9)] + [{"id": "x" * 257}, {"id": ""}, {"id": 5}, {}, "m", None]
    found = listed(body(rows), models_max=4)
    assert isinstance(found, Discovered)
    assert found.models == ("m0", "m1", "m2", "m3")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b'{"data": [{"id": "m"}', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"{}", "no list of models"),
        (b'"m"', "no list of models"),
        (b'{"data": {"id": "m"}}', "no list of models"),
        (b'{"data": []}', "an empty list"),
        (b'{"data": [{"name": "m"}]}', "an empty list"),
    ],
)
def test_what_is_no_list_says_why(data: bytes, reason: str) -> None:
    assert listed(data) == LookupFailed("alpha", reason)


# over the wire ---------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def answering(reply: bytes, *, then_hangs: bool = False) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A provider that answers anything with *reply*: its base URL, and what it was asked."""
    asked: list[bytes] = []

    async def answer(stream: trio.SocketStream) -> None:
        asked.append(await stream.receive_some(65_536))
        try:
            await stream.send_all(reply)
            if then_hangs:
                await trio.sleep_forever()
        except trio.BrokenResourceError:
            pass
        finally:
            stream.socket.close()

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, answer, listeners)
        yield f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}/v1", asked
        nursery.cancel_scope.cancel()


def reply_of(data: bytes, head: bytes = b"HTTP/1.1 200 OK\r\n") -> bytes:
    return head + b"content-length: %d\r\n\r\n%b" % (len(data), data)


def general(proxies: Proxies = Proxies()) -> General:  # noqa: B008 - frozen
    return General(hop=b"instance-1", user_agent="hermes-router/0", trust=no_trust, proxies=lambda: proxies)


async def read(
    base_url: str,
    proxies: Proxies = Proxies(),  # noqa: B008 - frozen
    account_id: str = "",
    **facts: object,
) -> Discovered | LookupFailed:
    one = key("alpha", "a1", account_id=account_id)
    owner = provider("alpha", base_url=base_url, **facts)
    return await read_models(general(proxies), owner, one, one.secret, models_max=2000, now=lambda: NOW)


async def test_it_is_asked_as_a_chat_request_would_be() -> None:
    async with answering(reply_of(body(LIST))) as (base_url, asked):
        found = await read(base_url, headers={"X-Team": "blue"})
    assert isinstance(found, Discovered)
    lines = asked[0].lower().split(b"\r\n")
    assert lines[0] == b"get /v1/models http/1.1"
    assert {
        b"authorization: bearer test-not-a-key-alpha-a1",
        b"user-agent: hermes-router/0",
        b"x-hermes-hop: instance-1",
        b"accept-encoding: identity",
        b"x-team: blue",
    } <= set(lines)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (reply_of(b"{}", b"HTTP/1.1 401 Unauthorized\r\n"), "status 401"),
        (reply_of(b"", b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n"), "status 302"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", "RemoteProtocolError"),
        (b"nonsense\r\n\r\n", "RemoteProtocolError"),
        (b"", "RemoteProtocolError"),
    ],
)
async def test_a_provider_that_does_not_list_says_why(reply: bytes, reason: str) -> None:
    async with answering(reply) as (base_url, _):
        assert await read(base_url) == LookupFailed("alpha", reason)


async def test_nobody_there() -> None:
    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    port = listener.socket.getsockname()[1]
    await listener.aclose()
    assert await read(f"http://127.0.0.1:{port}") == LookupFailed("alpha", "ConnectError")


async def test_more_than_is_bearable_is_not_kept() -> None:
    async with answering(reply_of(b" " * (lookups.BODY_BYTES_MAX + 1))) as (base_url, _):
        assert await read(base_url) == LookupFailed("alpha", "more than 16777216 bytes")


async def test_a_provider_that_hangs_is_left_in_time(autojump_clock: trio.testing.MockClock) -> None:
    async with answering(b"HTTP/1.1 200 OK\r\n", then_hangs=True) as (base_url, _):
        began = trio.current_time()
        assert isinstance(await read(base_url), LookupFailed)
        assert trio.current_time() - began == pytest.approx(20.0, abs=0.1)


async def test_codex_is_asked_with_its_version_and_account_and_tells_slugs() -> None:
    rows = [
        {"slug": "gpt-5.5", "context_window": 272_000, "visibility": "list"},
        {"slug": "gpt-secret", "visibility": "hide"},
        {"id": "not-a-slug"},
    ]
    async with answering(reply_of(body({"models": rows}))) as (base_url, asked):
        found = await read(base_url, account_id="acc-1", dialect="codex", headers={"version": "0.146.0", "originator": "o"})
    assert isinstance(found, Discovered)
    assert (found.models, found.contexts) == (("gpt-5.5",), {"gpt-5.5": 272_000})
    lines = asked[0].lower().split(b"\r\n")
    assert lines[0] == b"get /v1/models?client_version=0.146.0 http/1.1"
    assert {b"authorization: bearer test-not-a-key-alpha-a1", b"chatgpt-account-id: acc-1", b"originator: o"} <= set(lines)


async def test_anthropic_is_asked_with_its_own_headers_and_tells_what_fits_into_a_model() -> None:
    rows = [{"type": "model", "id": "claude-x", "max_input_tokens": 200_000, "display_name": "Claude X"}]
    async with answering(reply_of(body({"data": rows, "has_more": False}))) as (base_url, asked):
        found = await read(base_url, dialect="anthropic_messages", headers={"anthropic-version": "2023-06-01"})
    assert isinstance(found, Discovered)
    assert (found.models, found.contexts) == (("claude-x",), {"claude-x": 200_000})
    lines = asked[0].lower().split(b"\r\n")
    assert lines[0] == b"get /v1/models?limit=1000 http/1.1"
    assert {b"x-api-key: test-not-a-key-alpha-a1", b"anthropic-version: 2023-06-01"} <= set(lines)
    assert not any(line.startswith(b"authorization") for line in lines)


# now and then ----------------------------------------------------------------------------------------------------------------


class Passing(Keys):
    """Accounts need a new secret, or have lost theirs."""

    lost = False

    def secret_of(self, credential: Credential) -> Secret | None:
        return None if credential.signs_in else credential.secret

    async def renewed(self, credential: Credential, refused: Secret | None) -> Secret | Failure:
        if self.lost:
            return Failure(verdict=Verdict.NEEDS_LOGIN, message="its login is over")
        return Secret("test-not-a-token-new", credential.provider)


class World:
    """Lookups over a clock that follows trio's; who is due is set by hand."""

    def __init__(self) -> None:
        self.due: list[tuple[Provider, Credential]] = []
        self.found: list[Discovered] = []
        self.failed: list[float] = []
        self.passes = Passing()
        self.lookups = ModelLookups(
            general=general(),
            passes=self.passes,
            now=lambda: NOW + trio.current_time(),
            due=lambda: list(self.due),
            models_max=lambda: 2000,
        )

    async def run(self) -> None:
        await self.lookups.run(found=self._found, failed=lambda _: self.failed.append(trio.current_time()))

    def _found(self, lists: list[Discovered]) -> None:
        self.found += lists
        self.due.clear()
        self.lookups.look_again()  # a new list makes a new generation, which tells us


@asynccontextmanager
async def running(made: World, *, for_s: float) -> AsyncIterator[Callable[[], None]]:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(made.run)
        yield made.lookups.look_again
        await trio.sleep(for_s)
        nursery.cancel_scope.cancel()


async def test_lists_are_read_soon_after_the_start_and_told_together(autojump_clock: trio.testing.MockClock) -> None:
    made = World()
    async with answering(reply_of(body(LIST))) as (base_url, asked):
        made.due = [(provider(name, base_url=base_url), key(name, "k1")) for name in ("alpha", "beta")]
        async with running(made, for_s=10):
            pass
    assert [found.provider for found in made.found] == ["alpha", "beta"]
    assert len(asked) == 2


async def test_whoever_failed_is_left_alone_for_an_hour_unless_something_changed(
    autojump_clock: trio.testing.MockClock,
) -> None:
    made = World()
    async with answering(reply_of(b"{}", b"HTTP/1.1 500 Oops\r\n")) as (base_url, _):
        alpha = provider("alpha", base_url=base_url)
        made.due = [(alpha, key("alpha", "a1"))]
        async with running(made, for_s=3700) as look_again:
            await trio.sleep(100)
            assert len(made.failed) == 1
            made.due = [(alpha, key("alpha", "a2"))]
            look_again()
            await trio.sleep(0.5)
            assert made.failed == [pytest.approx(2.0, abs=0.5), pytest.approx(100.0, abs=0.5)]
            made.due = [(alpha, key("alpha", "a1"))]
    assert made.failed[2] == pytest.approx(3602, abs=61)
    assert len(made.failed) == 3


async def test_an_account_shows_a_token_that_lives_or_is_not_asked_with(autojump_clock: trio.testing.MockClock) -> None:
    made = World()
    account = msgspec.structs.replace(key("alpha", "a1"), signs_in=True)
    async with answering(reply_of(body(LIST))) as (base_url, asked):
        made.due = [(provider("alpha", base_url=base_url), account)]
        async with running(made, for_s=10):
            pass
        assert [found.provider for found in made.found] == ["alpha"]
        assert b"bearer test-not-a-token-new" in asked[0].lower()
        made.due, made.passes.lost = [(provider("beta", base_url=base_url), account)], True
        async with running(made, for_s=10):
            pass
    assert (len(asked), len(made.failed)) == (1, 1)


# by way of a proxy ------------------------------------------------------------------------------------------------------------


def proxy_at(port: int, credentials: str) -> Proxy:
    found = ProxyUrl().parse(f"http://{credentials}@127.0.0.1:{port}")
    assert isinstance(found, Proxy)
    return found


async def test_a_list_is_read_by_way_of_the_proxy() -> None:
    async with (
        Upstream(models=["one", "two"]) as upstream,
        ForwardProxy({"api.example": upstream.port}, credentials="me:p@ss word") as proxy,
    ):
        found = await read("http://api.example:8080/v1", Proxies(http=proxy_at(proxy.port, "me:p%40ss%20word")))
        assert isinstance(found, Discovered), found
        assert found.models == ("one", "two")
        assert [seen.target for seen in proxy.seen] == ["http://api.example:8080/v1/models"]


async def test_this_machine_is_asked_directly() -> None:
    async with Upstream(models=["one"]) as upstream, ForwardProxy({}) as proxy:
        assert isinstance(await read(upstream.base_url, Proxies(http=proxy_at(proxy.port, "me:pass"))), Discovered)
        assert proxy.seen == []


async def test_a_proxy_that_refuses_us_is_a_failure_without_a_secret_in_it() -> None:
    async with ForwardProxy({}, credentials="me:right-test-password") as proxy:
        proxies = Proxies(http=proxy_at(proxy.port, "me:wrong-test-password"))
        assert await read("http://api.example/v1", proxies) == LookupFailed("alpha", "status 407")
