"""`hr auth import-codex` and `hr auth login` on the daemon's side: real files, a real login server, the control socket."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from hrd.admin.accounts import ENDS, OVER, SHARED, TERMS, WAS_KEY
from hrd.admin.wire.accounts import LOGIN, LOGIN_IMPORT, LoginImport, LoginImported, LoginStep, LoginWish
from hrd.admin.wire.auth import AUTH_LIST, AuthQuestion
from hrd.core.blocks import Block
from hrd.core.failures import HintSource
from hrd.core.secrets import fingerprint
from hrd.downstream.peers import Peer
from tests.hrd.world import NOON, World
from tests.upstreams.codex_oauth import CodexOAuth

MARK = fingerprint("codex", "acc-1")


@pytest.fixture
async def oauth(nursery: trio.Nursery) -> CodexOAuth:
    server = CodexOAuth(now=lambda: NOON)
    server.interval = "0.05"
    await nursery.start(server.serve)
    return server


@pytest.fixture
async def world(tmp_path: Path, nursery: trio.Nursery, oauth: CodexOAuth) -> World:
    made = World(tmp_path, dotenv=f"CODEX_AUTH_URL={oauth.url}\nCODEX_CALLBACK_PORTS=0\n")
    await made.open(nursery)
    return made


async def import_(world: World, file: Any, **more: str) -> LoginImported:
    content = file if isinstance(file, str) else json.dumps(file)
    return await world.ask(LOGIN_IMPORT, LoginImport(content=content, **more))


async def test_a_login_is_kept_for_its_account_and_repeating_updates_it(world: World, oauth: CodexOAuth) -> None:
    file = oauth.account("acc-1").codex_file()
    done = await import_(world, file, path="/home/me/.codex/auth.json", label="work")
    (account,) = done.accounts
    assert (account.fingerprint, account.fate, account.label, account.plan) == (MARK, "added", "work", "plus")
    assert done.warnings == (SHARED, TERMS)
    (kept,) = world.auth()["codex_accounts"]
    assert (kept["refresh_token"], kept["imported_from"]) == (file["tokens"]["refresh_token"], "/home/me/.codex/auth.json")
    assert (world.folder / "auth.json").stat().st_mode & 0o777 == 0o600
    assert [one.fate for one in (await import_(world, file)).accounts] == ["kept"]
    world.now += 10
    oauth.now = lambda: NOON + 10
    assert [one.fate for one in (await import_(world, oauth.account("acc-1").codex_file())).accounts] == ["updated"]
    assert [one.fate for one in (await import_(world, oauth.account("acc-2").codex_file())).accounts] == ["added"]
    found = await world.ask(AUTH_LIST, AuthQuestion(provider="codex"))
    assert [(one.fingerprint, one.label) for one in found.credentials] == [
        (MARK, "work"),
        (fingerprint("codex", "acc-2"), "acc-2@example.org"),
    ]


async def test_a_file_is_looked_at_again_only_for_our_own_user(world: World, oauth: CodexOAuth) -> None:
    world.peer = Peer(uid=0, groups=frozenset({4242})) if world.peer else Peer(uid=12345, groups=frozenset({4242}))
    await import_(world, oauth.account("acc-1").codex_file(), path="/home/me/.codex/auth.json")
    assert "imported_from" not in world.auth()["codex_accounts"][0]


@pytest.mark.parametrize("path", ["relative.json", "/with\nline"])
async def test_a_path_that_is_none_is_not_kept(world: World, oauth: CodexOAuth, path: str) -> None:
    await import_(world, oauth.account("acc-1").codex_file(), path=path)
    assert "imported_from" not in world.auth()["codex_accounts"][0]


async def test_an_api_key_becomes_one_of_openai(world: World) -> None:
    done = await import_(world, {"auth_mode": "apikey", "OPENAI_API_KEY": "sk-proj-test-not-a-key-1234567890"})
    assert done.accounts == ()
    assert done.key == fingerprint("openai", "sk-proj-test-not-a-key-1234567890")
    assert done.warnings[0] == WAS_KEY
    assert world.auth()["providers"] == {"openai": ["sk-proj-test-not-a-key-1234567890"]}
    assert (await import_(world, {"OPENAI_API_KEY": "sk-proj-test-not-a-key-1234567890"})).key == done.key


async def test_a_login_that_cannot_be_renewed_is_taken_and_said_to_end(world: World, oauth: CodexOAuth) -> None:
    file = oauth.account("acc-1").codex_file()
    file["tokens"]["refresh_token"] = ""
    assert ENDS in (await import_(world, file)).warnings


async def test_a_login_that_is_over_does_not_come_back_by_importing_it_again(world: World, oauth: CodexOAuth) -> None:
    file = oauth.account("acc-1").codex_file()
    await import_(world, file)
    tree = world.auth()
    tree["codex_accounts"][0]["needs_login"] = "used elsewhere"
    world.write("auth.json", json.dumps(tree))
    world.configuration.reload()
    world.accounts.take()
    done = await import_(world, file)
    assert done.accounts[0].fate == "kept"
    assert done.warnings[0] == f"{MARK}: {OVER}"


@pytest.mark.parametrize(
    ("file", "status", "said"),
    [
        ("{", 409, "nothing was imported: this is not whole JSON"),
        ({"tokens": None, "OPENAI_API_KEY": None}, 409, "keyring"),
        ({"anthropic": {"access": "a", "refresh": "b"}}, 409, "there is no ChatGPT login in it"),
    ],
)
async def test_what_cannot_be_imported_is_told(world: World, file: Any, status: int, said: str) -> None:
    content = file if isinstance(file, str) else json.dumps(file)
    found, problem = await world.refused(LOGIN_IMPORT, LoginImport(content=content))
    assert (found, said in problem.message) == (status, True)
    assert "hr auth login codex" in problem.hint


async def test_a_label_is_one_short_line(world: World, oauth: CodexOAuth) -> None:
    content = json.dumps(oauth.account("acc-1").codex_file())
    assert (await world.refused(LOGIN_IMPORT, LoginImport(content=content, label="x" * 201)))[0] == 400


async def test_a_new_login_lifts_what_stood_against_the_account_for_want_of_one(world: World, oauth: CodexOAuth) -> None:
    await import_(world, oauth.account("acc-1").codex_file())
    block = Block(scope=f"credential:{MARK}", reason="needs login", source=HintSource.BODY, set_at=NOON, until=NOON + 1e9)
    world.pool._blocks.put(block)
    assert [one.reason for one in world.pool.snapshot(NOON).blocks] == ["needs login"]
    oauth.now = lambda: NOON + 10
    await import_(world, oauth.account("acc-1").codex_file())
    assert list(world.pool.snapshot(NOON).blocks) == []


# login -----------------------------------------------------------------------------------------------------------------------

Next = Callable[[], Any]


@asynccontextmanager
async def signing_in(world: World, wish: LoginWish) -> AsyncIterator[Next]:
    body, received = msgspec.json.encode(wish), b""
    stream = await world.connect()
    async with stream:
        head = f"POST {LOGIN.path} HTTP/1.0\r\nhost: hrd\r\ncontent-length: {len(body)}\r\n\r\n"
        await stream.send_all(head.encode() + body)

        async def line() -> bytes:
            nonlocal received
            while b"\n" not in received:
                received += await stream.receive_some()
            found, _, received = received.partition(b"\n")
            return found.strip()

        async def step() -> LoginStep:
            while not (found := await line()).startswith(b"{"):
                pass
            return msgspec.json.decode(found, type=LoginStep)

        yield step


async def test_signing_in_with_a_code(world: World, oauth: CodexOAuth) -> None:
    async with signing_in(world, LoginWish(provider="chatgpt", label="work")) as step:
        visit = await step()
        assert (visit.kind, visit.page, visit.within_s) == ("visit", f"{oauth.url}/codex/device", 900.0)
        assert visit.warnings == (TERMS,)
        oauth.approve(visit.code, oauth.account("acc-1"))
        done = await step()
    assert (done.kind, done.account.fingerprint, done.account.fate, done.account.label) == ("done", MARK, "added", "work")
    (kept,) = world.auth()["codex_accounts"]
    assert oauth.lets_in(kept["access_token"]) == "acc-1"
    assert "imported_from" not in kept
    assert kept["access_token"] not in repr(done)


async def test_signing_in_that_comes_to_nothing_says_what_to_type(world: World, oauth: CodexOAuth) -> None:
    async with signing_in(world, LoginWish(provider="codex")) as step:
        oauth.deny((await step()).code)
        failed = await step()
    assert (failed.kind, failed.message, failed.hint) == (
        "failed",
        "it was not permitted (access_denied)",
        "hr auth login codex",
    )
    assert not (world.folder / "auth.json").exists()


async def test_who_hangs_up_ends_it(world: World, oauth: CodexOAuth) -> None:
    async with signing_in(world, LoginWish(provider="codex")) as step:
        visit = await step()
    oauth.approve(visit.code, oauth.account("acc-1"))
    asked = len(oauth.asked)
    await trio.sleep(0.1)
    assert len(oauth.asked) <= asked + 1
    assert not (world.folder / "auth.json").exists()


@pytest.mark.parametrize(
    ("wish", "status", "said"),
    [
        (LoginWish(provider="groq"), 400, "groq takes keys; nobody signs in there"),
        (LoginWish(provider="grok"), 404, "there is no provider 'grok'"),
        (LoginWish(provider="codex", label="a\nb"), 400, "a label is one line"),
    ],
)
async def test_what_makes_no_sense_is_refused(world: World, wish: LoginWish, status: int, said: str) -> None:
    found, problem = await world.refused(LOGIN, wish)
    assert (found, said in problem.message) == (status, True)
