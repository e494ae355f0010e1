"""The ways to providers: names, connections and proxies, looked at without a request."""

import socket
import ssl

import msgspec
import trio
from trio.testing import MockClock

from hrd.admin.doctor.ways import proxies_used, reach, switched_off, ways
from hrd.admin.wire.doctor import FindingState
from hrd.core.providers import Provider
from hrd.core.secrets import Secret
from hrd.http.wire import Wire, WireBroken
from hrd.settings.proxies import Proxy
from hrd.upstream.connections import Origin, Transport
from hrd.upstream.proxies import Proxies

PROXY = Proxy(host="proxy.example", port=3128)
GROQ = Provider(name="groq", base_url="https://groq.test/v1")
LOCAL = Provider(name="local", base_url="http://localhost:11434/v1")


async def connected(origin: Origin) -> Transport:
    ours, theirs = socket.socketpair()
    theirs.close()
    return Wire(ours)


def failing(error: WireBroken) -> object:
    async def connect(origin: Origin) -> Transport:
        raise error

    return connect


async def test_who_answers_is_named_once_for_all_that_share_it(mock_clock: MockClock, names: None) -> None:
    twin = Provider(name="twin", base_url="https://groq.test/other")
    found = await reach(ways([GROQ, twin], Proxies()), connected, connect_s=5.0)
    assert [one.state for one in found] == [FindingState.OK]
    assert found[0].message == "groq, twin: groq.test answers, TLS is good (0 ms)"


async def test_by_way_of_a_proxy_its_name_is_the_one_that_counts(mock_clock: MockClock, names: None) -> None:
    """Behind a proxy the names of the world are often unknown, and nobody needs them."""
    elsewhere = Provider(name="far", base_url="https://nowhere.invalid/v1")
    found = await reach(ways([elsewhere], Proxies(https=PROXY)), connected, connect_s=5.0)
    assert found[0].message == "far: nowhere.invalid by way of proxy.example:3128 answers, TLS is good (0 ms)"


async def test_a_name_that_nobody_knows(names: None) -> None:
    elsewhere = Provider(name="far", base_url="https://nowhere.invalid/v1")
    (found,) = await reach(ways([elsewhere], Proxies()), connected, connect_s=5.0)
    assert found.state == FindingState.PROBLEM
    assert found.message == "far: the name nowhere.invalid is not known here: Name or service not known"
    assert found.hint == "is the network up? See: getent hosts nowhere.invalid"


async def test_a_resolver_that_is_silent(autojump_clock: MockClock, names: None) -> None:
    slow = Provider(name="slow", base_url="https://slow.test/v1")
    (found,) = await reach(ways([slow], Proxies()), connected, connect_s=5.0)
    assert (found.message, trio.current_time()) == ("slow: the name slow.test is not known here: no answer within 5 s", 5.0)


async def test_a_host_that_is_silent(autojump_clock: MockClock, names: None) -> None:
    async def connect(origin: Origin) -> Transport:
        await trio.sleep_forever()
        raise AssertionError

    found = await reach(ways([GROQ, LOCAL], Proxies()), connect, connect_s=7.0)
    assert [one.message for one in found] == [
        "groq: no connection to groq.test within 7 s",
        "local: no connection to localhost:11434 within 7 s",
    ]
    assert trio.current_time() == 7.0, "all at once"


async def test_each_failure_has_its_own_next_step(names: None) -> None:
    refused = WireBroken("could not connect: refused")
    (far,) = await reach(ways([GROQ], Proxies()), failing(refused), connect_s=5.0)  # type: ignore[arg-type]
    assert (far.state, far.message) == (FindingState.PROBLEM, "groq: could not connect: refused")
    assert "curl -v https://groq.test" in far.hint
    (here,) = await reach(ways([LOCAL], Proxies()), failing(refused), connect_s=5.0)  # type: ignore[arg-type]
    assert here.hint == "start the server there, or set LOCAL_BASE_URL to where it listens"
    (through,) = await reach(ways([GROQ], Proxies(https=PROXY)), failing(refused), connect_s=5.0)  # type: ignore[arg-type]
    asked = "curl -v --proxy http://proxy.example:3128"
    assert through.hint == f"is HTTPS_PROXY (or ALL_PROXY) right? Try: {asked} https://groq.test"
    named = msgspec.structs.replace(PROXY, credentials=Secret("me:test-not-a-password", "proxy"))
    plain = ways([msgspec.structs.replace(GROQ, base_url="http://groq.test:81/v1")], Proxies(http=named))
    (through,) = await reach(plain, failing(refused), connect_s=5.0)  # type: ignore[arg-type]
    assert through.hint == f"is HTTP_PROXY (or ALL_PROXY) right? Try: {asked} --proxy-user USER http://groq.test:81"
    untrusted = WireBroken("TLS with groq.test failed: self-signed certificate")
    untrusted.__cause__ = ssl.SSLCertVerificationError()
    (tls,) = await reach(ways([GROQ], Proxies()), failing(untrusted), connect_s=5.0)  # type: ignore[arg-type]
    assert tls.hint.startswith("is the clock right?")


def test_who_is_asked_by_way_of_whom() -> None:
    origins = ways([GROQ, LOCAL], Proxies(https=PROXY, http=PROXY))
    found = proxies_used(origins, Proxies(https=PROXY, http=PROXY))
    assert found.message == "groq by way of proxy.example:3128; local directly"
    assert proxies_used(ways([GROQ], Proxies()), Proxies()).message == "none is set: providers are asked directly"
    assert proxies_used({}, Proxies(https=PROXY)).message == "set, and nobody to ask yet"


def test_who_has_a_key_and_is_not_asked() -> None:
    (found,) = switched_off({"groq": "its base URL is this router's own address"}, {"groq": "unset GROQ_BASE_URL"})
    assert found.state == FindingState.WARNING
    assert found.message == "groq has a key and is not asked: its base URL is this router's own address"
    assert found.hint == "unset GROQ_BASE_URL"


def test_of_one_that_has_ended_its_service_more_is_said_elsewhere() -> None:
    (found,) = switched_off({"github_models": "ended on 2026-07-30"}, {})
    assert found.hint == "see: hr model list github_models"
