"""ChatGPT accounts with the real daemon and the real `hr`: signed in, renewed, shared, lost and found; nothing of it shows."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from hrd import __version__
from hrd.core.secrets import fingerprint
from tests.e2e.daemon import BIN, Router, answered, facts_of, running, wait_until
from tests.upstreams import Answer, Asked, Behaviour, Upstream
from tests.upstreams.codex import Codex, usage_limit
from tests.upstreams.codex_oauth import CodexOAuth

pytestmark = pytest.mark.e2e


class World:
    """The service, its login server, and the daemon between. `used_up`: whose limit is reached, for two seconds more."""

    def __init__(self, home: Path, oauth: CodexOAuth, upstream: Upstream) -> None:
        self.home, self.oauth, self.upstream = home, oauth, upstream
        self.used_up: set[str] = set()
        self.served: list[str] = []
        upstream.turn_to(self._behave)

    def _behave(self, asked: Asked) -> Behaviour:
        account = self.oauth.lets_in(asked.key or "") or ""
        assert asked.header("user-agent") == f"hermes-router/{__version__}"
        assert asked.header("originator") == "codex_cli_rs"
        if account in self.used_up:
            return usage_limit(int(time.time()) + 2, 2)
        self.served.append(account)
        return Answer(text=f"from {account}")

    @property
    def settings(self) -> dict[str, str]:
        return {"CODEX_AUTH_URL": self.oauth.url, "CODEX_BASE_URL": self.upstream.base_url}

    @property
    def kept(self) -> list[dict[str, Any]]:
        return list(json.loads((self.home / "auth.json").read_text()).get("codex_accounts", []))

    def cli_file(self, account: str, tokens: dict[str, Any] | None = None) -> Path:
        folder = self.home / "codex-home"
        folder.mkdir(exist_ok=True)
        path = folder / "auth.json"
        path.write_text(json.dumps(self.oauth.account(account).codex_file(tokens)))
        return path

    def nothing_shows(self, router: Router) -> None:
        """No token that was ever given stands in the log or the database."""
        tokens = [token.encode() for token in (*self.oauth.access, *self.oauth.refresh)]
        for path in (self.home / "stderr.log", *self.home.glob("hrd.db*")):
            content = path.read_bytes()
            assert not any(token in content for token in tokens), path
        assert router.log


@asynccontextmanager
async def codex_world(home: Path, **facts: Any) -> AsyncIterator[World]:
    async with CodexOAuth(now=time.time, **facts) as oauth, Upstream(wire=Codex(oauth.lets_in)) as upstream:
        oauth.interval = "0.05"
        yield World(home, oauth, upstream)


async def imported(router: Router, world: World, account: str = "acc-1") -> None:
    file = world.cli_file(account)
    done = await router.hr("auth", "import-codex", CODEX_HOME=str(file.parent))
    assert done.returncode == 0, done.stderr
    assert f"Added {fingerprint('codex', account)} ({account}@example.org, plus)" in done.stdout.decode()


async def test_a_login_is_imported_used_and_renewed_when_it_is_refused(tmp_path: Path) -> None:
    async with codex_world(tmp_path) as world, running(tmp_path, **world.settings) as router:
        await imported(router, world)
        assert answered(await router.chat()) == "from acc-1"
        world.oauth.expire_access()
        response = await router.chat()
        assert answered(response) == "from acc-1"
        assert response.headers["x-hermes-attempts"] == "1"
        stream = await router.chat(stream=True)
        assert answered(stream) == "from acc-1"
        assert len(world.oauth.refreshes) == 1
        (kept,) = world.kept
        assert world.oauth.lets_in(kept["access_token"]) == "acc-1"
        assert (tmp_path / "auth.json").stat().st_mode & 0o777 == 0o600
        assert [fact["credential"] for fact in facts_of(router.log, "login renewed")] == [fingerprint("codex", "acc-1")]
        world.nothing_shows(router)


async def test_many_requests_at_once_need_one_renewal(tmp_path: Path) -> None:
    async with codex_world(tmp_path) as world, running(tmp_path, **world.settings) as router:
        await imported(router, world)
        world.oauth.expire_access()
        world.oauth.delay_s = 0.3
        texts: list[str] = []

        async def ask() -> None:
            texts.append(answered(await router.chat()))

        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(ask)
        assert texts == ["from acc-1"] * 20
        assert len(world.oauth.refreshes) == 1


@asynccontextmanager
async def hr_login(router: Router, world: World, *arguments: str) -> AsyncIterator[subprocess.Popen[bytes]]:
    """`hr auth login codex --device`, when it has shown a code."""
    command = [str(BIN / "hr"), "auth", "login", "codex", "--device", *arguments]
    with _started(command, router) as process:

        async def has_a_code() -> bool:
            return bool(world.oauth.devices)

        await wait_until(has_a_code)
        yield process
        await wait_until(partial(_has_ended, process))


def _started(command: list[str], router: Router) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env=router.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


async def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is not None


async def test_signing_in_with_a_code_as_hr_shows_it(tmp_path: Path) -> None:
    async with codex_world(tmp_path) as world, running(tmp_path, **world.settings) as router:
        async with hr_login(router, world, "--label", "work", "--json") as process:
            arguments = " ".join(map(str, process.args))
            (device,) = world.oauth.devices.values()
            world.oauth.approve(device["user_code"], world.oauth.account("acc-1"))
            assert process.stdout is not None
            said = await trio.to_thread.run_sync(process.stdout.read)
        assert process.returncode == 0
        steps = [json.loads(line) for line in said.splitlines()]
        assert [(step["kind"], step["code"]) for step in steps] == [("visit", device["user_code"]), ("done", "")]
        assert answered(await router.chat()) == "from acc-1"
        tokens = (*world.oauth.access, *world.oauth.refresh)
        assert not any(token in said.decode() + arguments for token in tokens)
        world.nothing_shows(router)


@pytest.mark.parametrize(
    ("fate", "why"),
    [("deny", "it was not permitted"), ("expire", "the code was not entered in time")],
    ids=["denied", "expired"],
)
async def test_a_code_that_comes_to_nothing_is_told_and_nothing_is_kept(tmp_path: Path, fate: str, why: str) -> None:
    async with codex_world(tmp_path) as world, running(tmp_path, **world.settings) as router:
        async with hr_login(router, world) as process:
            (device,) = world.oauth.devices.values()
            getattr(world.oauth, fate)(device["user_code"])
            assert process.stderr is not None
            said = (await trio.to_thread.run_sync(process.stderr.read)).decode()
        assert process.returncode == 1
        assert why in said, said
        assert said.endswith("    hr auth login codex\n"), said
        assert world.kept == []


async def test_interrupted_while_signing_in_nothing_is_kept(tmp_path: Path) -> None:
    async with codex_world(tmp_path) as world, running(tmp_path, **world.settings) as router:
        async with hr_login(router, world) as process:
            process.send_signal(signal.SIGINT)
        assert process.returncode == 130
        asked = -1

        async def is_over() -> bool:
            nonlocal asked
            before, asked = asked, len(world.oauth.asked)
            await trio.sleep(0.1)
            return before == asked

        await wait_until(is_over)
        assert world.kept == []


async def test_signing_in_with_a_browser(tmp_path: Path) -> None:
    """The browser is a program that writes down where it was sent; the test goes there and comes back."""
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/page.new\nmv {tmp_path}/page.new {tmp_path}/page\n')
    browser.chmod(0o755)
    async with codex_world(tmp_path) as world, running(tmp_path, CODEX_CALLBACK_PORTS="0", **world.settings) as router:
        done: list[subprocess.CompletedProcess[bytes]] = []

        async def log_in() -> None:
            done.append(await router.hr("auth", "login", "codex", "--browser", BROWSER=f"{browser} %s"))

        async def was_sent() -> bool:
            return (tmp_path / "page").exists()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(log_in)
            await wait_until(was_sent)
            back = world.oauth.agree((tmp_path / "page").read_text().strip(), world.oauth.account("acc-1"))
            async with router.client() as client:
                page = await client.get(back)
            assert (page.status_code, "You have signed in" in page.text) == (200, True)
        assert done[0].returncode == 0, done[0].stderr
        assert f"Signed in. Added {fingerprint('codex', 'acc-1')}" in done[0].stdout.decode()
        assert answered(await router.chat()) == "from acc-1"
        world.nothing_shows(router)


async def test_a_login_that_is_over_is_told_and_a_new_one_mends_it(tmp_path: Path) -> None:
    async with codex_world(tmp_path) as world, Upstream(Answer(text="from groq")) as groq:
        keys = {"GROQ_API_KEY": "gsk_test-not-a-key-1", "GROQ_BASE_URL": groq.base_url}
        async with running(tmp_path, **keys, **world.settings) as router:
            await imported(router, world)
            world.oauth.expire_access()
            world.oauth.end_logins()
            (tmp_path / "codex-home" / "auth.json").unlink()
            refused = await router.chat(model="codex")
            assert refused.status_code == 503
            assert "hr auth login codex" in refused.text
            assert answered(await router.chat()) == "from groq"
            (row,) = (await router.provider("codex"))["credentials"]
            assert (row["state"], row["reason"]) == ("needs login", "hr auth login codex")
            shown = (await router.hr("status")).stdout.decode()
            assert f"warning: {fingerprint('codex', 'acc-1')} can" in shown
            assert "Type: hr auth login codex" in shown
            await router.hr("auth", "import-codex", "--path", str(world.cli_file("acc-1")))
            assert (await router.provider("codex"))["credentials"][0]["state"] == "ready"
            assert answered(await router.chat(model="codex")) == "from acc-1"
            world.nothing_shows(router)


async def test_what_the_cli_renewed_is_taken_over(tmp_path: Path) -> None:
    async with codex_world(tmp_path) as world, running(tmp_path, **world.settings) as router:
        await imported(router, world)
        _, answer = world.oauth._refresh(world.kept[0]["refresh_token"])  # the CLI renews
        world.oauth.refreshes.clear()
        given = json.loads(answer)
        world.cli_file("acc-1", given)
        world.oauth.access = {given["access_token"]: world.oauth.access[given["access_token"]]}
        assert answered(await router.chat()) == "from acc-1"
        assert world.oauth.refreshes == []
        assert world.kept[0]["refresh_token"] == given["refresh_token"]


async def test_the_first_account_is_drained_then_the_next_and_back_after_its_reset(tmp_path: Path) -> None:
    async with codex_world(tmp_path) as world, running(tmp_path, **world.settings) as router:
        for account in ("acc-1", "acc-2"):
            await imported(router, world, account)
        assert (await router.hr("mode", "sequential", "--provider", "codex")).returncode == 0
        for _ in range(3):
            await router.chat()
        world.used_up.add("acc-1")
        for _ in range(2):
            await router.chat()
        world.used_up.clear()
        assert world.served == ["acc-1"] * 3 + ["acc-2"] * 2

        async def is_back() -> bool:
            await router.chat()
            return world.served[-1] == "acc-1"

        await wait_until(is_back)


async def test_ended_in_the_middle_of_a_renewal_it_is_brought_home(tmp_path: Path) -> None:
    async with codex_world(tmp_path) as world:
        async with running(tmp_path, STOP_SECONDS="0", **world.settings) as router:
            await imported(router, world)
            answer = await _begin_renewal(router, world)
            router.signal(signal.SIGTERM)
            await wait_until(lambda: _is_stopping(router))
            answer.set()
            assert await router.wait_ended() == 0
        (kept,) = world.kept
        assert world.oauth.lets_in(kept["access_token"]) == "acc-1"
        async with running(tmp_path, **world.settings) as router:
            assert answered(await router.chat()) == "from acc-1"
        assert len(world.oauth.refreshes) == 1


async def test_killed_in_the_middle_of_a_renewal_the_next_start_saves_what_the_server_lets_it_save(tmp_path: Path) -> None:
    async with codex_world(tmp_path, leeway_s=30.0) as world:
        async with running(tmp_path, **world.settings) as router:
            await imported(router, world)
            old = world.kept[0]["access_token"]
            await _begin_renewal(router, world)
            router.kill()
        assert world.kept[0]["access_token"] == old
        assert world.kept[0]["renewing_since"]
        world.oauth.held = None
        async with running(tmp_path, **world.settings) as router:
            assert answered(await router.chat()) == "from acc-1"
            assert (await router.status())["warnings"] == []
        assert world.kept[0]["access_token"] != old


async def test_killed_and_not_forgiven_the_token_is_used_to_its_end_and_the_user_hears_of_it(tmp_path: Path) -> None:
    async with codex_world(tmp_path) as world:
        async with running(tmp_path, **world.settings) as router:
            await imported(router, world)
            (tmp_path / "codex-home" / "auth.json").unlink()
            access = dict(world.oauth.access)
            await _begin_renewal(router, world)
            router.kill()
        world.oauth.held = None
        world.oauth.access |= access
        async with running(tmp_path, **world.settings) as router:

            async def is_told() -> bool:
                return any("Type: hr auth login codex" in line for line in (await router.status())["warnings"])

            await wait_until(is_told)
            assert answered(await router.chat()) == "from acc-1"


async def test_nobody_takes_over_while_a_renewed_login_is_not_on_disk(tmp_path: Path) -> None:
    """auth.json can be read and not written, for beside such a name there is none for a temporary file."""
    async with (
        codex_world(tmp_path) as world,
        running(tmp_path, WATCH_SECONDS="0.1", **world.settings) as router,
        trio.open_nursery() as nursery,
    ):
        await imported(router, world)
        world.oauth.expire_access()
        world.oauth.held = trio.Event()
        nursery.start_soon(router.chat)
        await wait_until(lambda: _asked_for_tokens(world))
        auth, unwritable = tmp_path / "auth.json", tmp_path / ("a" * 250)
        auth.rename(unwritable)
        auth.symlink_to(unwritable)
        world.oauth.held.set()
        await wait_until(lambda: _is_unstored(router))
        refused = await router.hr("restart")
        assert refused.returncode == 1
        assert f"not in auth.json yet, and would be lost: {fingerprint('codex', 'acc-1')}" in refused.stderr.decode()
        unwritable.rename(auth)
        await wait_until(lambda: _is_stored(router))
        assert (await router.hr("restart")).returncode == 0
        assert world.oauth.lets_in(world.kept[0]["access_token"]) == "acc-1"
        assert answered(await router.chat()) == "from acc-1"
        assert len(world.oauth.refreshes) == 1


async def _asked_for_tokens(world: World) -> bool:
    return bool(world.oauth.refreshes)


async def _is_unstored(router: Router) -> bool:
    return "renewed, but not stored" in router.log


async def _is_stored(router: Router) -> bool:
    return "renewed, but not stored" in router.log and any(facts_of(router.log, "login renewed"))


async def test_a_renewal_during_a_hand_over_spends_no_token_twice(tmp_path: Path) -> None:
    async with codex_world(tmp_path) as world, running(tmp_path, **world.settings) as router:
        await imported(router, world)
        texts: list[str] = []
        async with trio.open_nursery() as nursery:

            async def ask() -> None:
                texts.append(answered(await router.chat()))

            world.oauth.expire_access()
            world.oauth.held = trio.Event()
            for _ in range(4):
                nursery.start_soon(ask)
            await wait_until(_is_asked(world))
            assert (await router.hr("restart")).returncode == 0
            world.oauth.held.set()
            for _ in range(4):
                nursery.start_soon(ask)
        assert texts == ["from acc-1"] * 8
        assert len(world.oauth.refreshes) == len(set(world.oauth.refreshes)) == 1
        assert (await router.status())["warnings"] == []


def _is_asked(world: World) -> Callable[[], Awaitable[bool]]:
    async def is_asked() -> bool:
        return bool(world.oauth.refreshes)

    return is_asked


async def _begin_renewal(router: Router, world: World) -> trio.Event:
    """A request is refused, the renewal has been sent, and its answer waits for what is returned."""
    world.oauth.expire_access()
    world.oauth.held = answer = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(router.chat)
        await wait_until(_is_asked(world))
        nursery.cancel_scope.cancel()
    return answer


async def _is_stopping(router: Router) -> bool:
    return any(facts_of(router.log, "stopping"))
