"""Signing in, by code and by browser, and every way in which it does not come to that."""

import socket
from pathlib import Path

import pytest
import trio

from hrd.credentials.logins import Login
from hrd.upstream.accounts.signing_in import EXCHANGE_PAUSES_S, NotSignedIn, SigningIn, Visit
from tests.hrd.upstream.accounts.house import URL, House, server
from tests.upstreams.codex_oauth import CodexOAuth


class User:
    """Sees where to go, and does something about it after a while."""

    def __init__(self, oauth: CodexOAuth, nursery: trio.Nursery, *, after_s: float = 30.0, does: str = "approve") -> None:
        self.oauth, self.nursery, self.after_s, self.does = oauth, nursery, after_s, does
        self.visits: list[Visit] = []

    async def told(self, visit: Visit) -> None:
        self.visits.append(visit)
        self.nursery.start_soon(self._act, visit)

    async def _act(self, visit: Visit) -> None:
        await trio.sleep(self.after_s)
        if self.does == "approve":
            self.oauth.approve(visit.code, self.oauth.account("acc-1"))
        elif self.does in ("deny", "expire"):
            getattr(self.oauth, self.does)(visit.code)


@pytest.mark.usefixtures("virtual_time")
async def test_by_code(tmp_path: Path, nursery: trio.Nursery) -> None:
    oauth = server()
    oauth.url = URL
    user = User(oauth, nursery)
    login = await House(tmp_path, oauth).signing_in.by_code(user.told)
    assert isinstance(login, Login)
    assert (login.account_id, login.email, login.plan) == ("acc-1", "acc-1@example.org", "plus")
    assert oauth.lets_in(login.tokens.access.reveal()) == "acc-1"
    (visit,) = user.visits
    assert (visit.page, visit.within_s) == (f"{URL}/codex/device", 900.0)
    assert 29 <= trio.current_time() <= 32


@pytest.mark.usefixtures("virtual_time")
@pytest.mark.parametrize(
    ("does", "why"),
    [
        ("deny", "it was not permitted (access_denied)"),
        ("expire", "the code was not entered in time (expired_token)"),
        ("nothing", "nobody signed in within 15 min (CODEX_LOGIN_SECONDS)"),
    ],
)
async def test_by_code_that_comes_to_nothing(tmp_path: Path, nursery: trio.Nursery, does: str, why: str) -> None:
    oauth = server()
    found = await House(tmp_path, oauth).signing_in.by_code(User(oauth, nursery, does=does).told)
    assert found == NotSignedIn(why, "hr auth login codex")
    assert trio.current_time() <= 901


@pytest.mark.usefixtures("virtual_time")
async def test_a_network_that_is_away_for_a_while_does_not_end_it(tmp_path: Path, nursery: trio.Nursery) -> None:
    oauth = server()
    oauth.url = URL
    house = House(tmp_path, oauth)

    async def away() -> None:
        await trio.sleep(10)
        house.wire.is_down = True
        await trio.sleep(4)
        house.wire.is_down = False

    nursery.start_soon(away)
    assert isinstance(await house.signing_in.by_code(User(oauth, nursery).told), Login)


@pytest.mark.usefixtures("virtual_time")
async def test_a_network_that_stays_away_does(tmp_path: Path, nursery: trio.Nursery) -> None:
    oauth = server()
    house = House(tmp_path, oauth)
    user = User(oauth, nursery)

    async def told(visit: Visit) -> None:
        await user.told(visit)
        house.wire.is_down = True

    silence = "the login server login.test does not answer: no connection to it comes about"
    assert await house.signing_in.by_code(told) == NotSignedIn(silence)
    house.wire.is_down = True
    found = await house.signing_in.by_code(told)
    hint = "see that this machine reaches it (HTTPS_PROXY, if through a proxy), then: hr auth login codex"
    assert found == NotSignedIn(silence, hint)
    house.wire.is_down = False
    oauth.device_logins = False
    found = await house.signing_in.by_code(told)
    assert isinstance(found, NotSignedIn)
    assert found.hint == "hr auth login codex --browser, where this machine has one, or try again later"


@pytest.mark.usefixtures("virtual_time")
async def test_tokens_that_do_not_come_are_told_as_that(tmp_path: Path, nursery: trio.Nursery) -> None:
    oauth = server()
    oauth.url = URL
    oauth.trouble = [(500, b"")] * 3
    found = await House(tmp_path, oauth).signing_in.by_code(User(oauth, nursery).told)
    assert found == NotSignedIn("you agreed, but no tokens came: the login server answers 500")
    oauth.trouble = [(200, b'{"access_token": "opaque", "refresh_token": "r"}')]
    found = await House(tmp_path, oauth).signing_in.by_code(User(oauth, nursery).told)
    assert found == NotSignedIn("the login names no ChatGPT account: it may have no plan that includes Codex")


@pytest.mark.usefixtures("virtual_time")
async def test_tokens_are_asked_for_again_when_the_server_stumbles(tmp_path: Path, nursery: trio.Nursery) -> None:
    oauth = server()
    oauth.url = URL
    oauth.trouble = [(502, b""), (503, b"")]
    began = trio.current_time()
    found = await House(tmp_path, oauth).signing_in.by_code(User(oauth, nursery).told)
    assert isinstance(found, Login)
    assert trio.current_time() - began >= sum(EXCHANGE_PAUSES_S)


@pytest.mark.usefixtures("virtual_time")
async def test_a_wait_of_seconds_is_told_in_seconds(tmp_path: Path) -> None:
    oauth = server()
    oauth.url = URL
    house = House(tmp_path, oauth)
    signing_in = SigningIn(house.login_server, within_s=lambda: 3.0, ports=lambda: (), now=house.now)

    async def told(_: Visit) -> None:
        pass

    assert await signing_in.by_code(told) == NotSignedIn("nobody signed in within 3 s (CODEX_LOGIN_SECONDS)")


async def fetch(url: str, *, method: str = "GET") -> bytes:
    """What a browser gets."""
    host, _, path = url.removeprefix("http://").partition("/")
    stream = await trio.open_tcp_stream("127.0.0.1", int(host.partition(":")[2]))
    async with stream:
        await stream.send_all(f"{method} /{path} HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
        data = b""
        while received := await stream.receive_some(65_536):
            data += received
        return data


async def test_by_browser(tmp_path: Path, nursery: trio.Nursery) -> None:
    oauth = server()
    pages: list[bytes] = []
    is_over = trio.Event()

    async def told(visit: Visit) -> None:
        back = oauth.agree(visit.page, oauth.account("acc-1"))
        nursery.start_soon(browse, back)

    async def browse(back: str) -> None:
        wrong = back.replace("state=", "state=x")
        for url in ("/favicon.ico", "?code=x", back.partition("&state")[0], wrong, back):
            full = url if url.startswith("http") else back.partition("?")[0].replace("/auth/callback", "/auth/callback" + url)
            pages.append(await fetch(full))
        is_over.set()

    login = await House(tmp_path, oauth).signing_in.by_browser(told)
    assert isinstance(login, Login)
    assert oauth.lets_in(login.tokens.access.reveal()) == "acc-1"
    await is_over.wait()
    assert [page.split()[1] for page in pages] == [b"404", b"400", b"400", b"400", b"200"]
    assert b"You have signed in" in pages[-1]
    assert all(b"no-store" in page for page in pages)


async def test_by_browser_denied(tmp_path: Path, nursery: trio.Nursery) -> None:
    oauth = server()

    async def told(visit: Visit) -> None:
        back = oauth.agree(visit.page, oauth.account("acc-1"))
        state = back.partition("state=")[2]
        nursery.start_soon(fetch, f"{back.partition('?')[0]}?error=access_denied&state={state}")

    found = await House(tmp_path, oauth).signing_in.by_browser(told)
    assert found == NotSignedIn("it was not permitted")


async def test_ports_that_are_taken(tmp_path: Path) -> None:
    house = House(tmp_path, server())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        signing_in = SigningIn(house.login_server, within_s=lambda: 5.0, ports=lambda: (port,), now=house.now)

        async def told(_: Visit) -> None:
            raise AssertionError("there is nowhere to come back to")

        found = await signing_in.by_browser(told)
    assert isinstance(found, NotSignedIn)
    assert found.why.endswith(f"taken, by another login perhaps, is port {port}")
    assert "--device" in found.hint
