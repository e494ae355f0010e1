"""One renewal: who is looked at before and after the login server, and what is told of it."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
import trio

from hrd.core.failures import Failure, Verdict
from hrd.core.secrets import Secret
from hrd.upstream.accounts.lock import RenewalLock
from hrd.upstream.accounts.renewal import LOCK_S
from tests.hrd.upstream.accounts.house import House, entry, server
from tests.upstreams.codex_oauth import CodexOAuth

pytestmark = pytest.mark.usefixtures("virtual_time")


def shared(folder: Path, oauth: CodexOAuth) -> tuple[House, Path, dict[str, Any]]:
    """An account that was imported from the file of a CLI, which has the same tokens."""
    tokens = oauth.account("acc-1").sign_in()
    file = folder / "cli.json"
    file.write_text(json.dumps(oauth.account("acc-1").codex_file(tokens)))
    house = House(folder, oauth)
    house.keep(entry("acc-1", tokens, imported_from=str(file)))
    return house, file, tokens


async def renew(house: House, *, is_needed: bool = True) -> str | Failure:
    found = await house.renewal.renew(house.credential.fingerprint, lambda _: is_needed)
    return found.reveal() if isinstance(found, Secret) else found


def renewed_by_cli(oauth: CodexOAuth, file: Path, tokens: dict[str, Any]) -> dict[str, Any]:
    """The CLI renews the login that it shares with us."""
    status, body = oauth._refresh(tokens["refresh_token"])
    assert status == 200
    oauth.refreshes.clear()
    given: dict[str, Any] = json.loads(body)
    file.write_text(json.dumps(oauth.account("acc-1").codex_file(given)))
    return given


async def test_what_another_process_has_done_is_not_done_again(tmp_path: Path) -> None:
    oauth = server()
    house, _, tokens = shared(tmp_path, oauth)
    assert await renew(house, is_needed=False) == tokens["access_token"]
    assert oauth.refreshes == []


async def test_a_newer_login_of_the_program_that_it_came_from_is_taken_over_before_anything_is_sent(tmp_path: Path) -> None:
    oauth = server()
    house, file, tokens = shared(tmp_path, oauth)
    await trio.sleep(100)
    given = renewed_by_cli(oauth, file, tokens)
    assert await renew(house) == given["access_token"]
    assert oauth.refreshes == []  # to send ours would have ended the CLI's login too
    (kept,) = house.disk.accounts
    assert (kept["refresh_token"], kept["previous"]["refresh_token"]) == (given["refresh_token"], tokens["refresh_token"])
    assert kept["imported_from"] == str(file)


async def test_a_login_refused_as_used_elsewhere_is_looked_for_once_more_where_it_came_from(tmp_path: Path) -> None:
    """The CLI renewed it after we had looked: the moment between is what can go wrong."""

    class Racing(CodexOAuth):
        def _refresh(self, token: str) -> tuple[int, bytes]:
            self.end_logins()
            file.write_text(json.dumps(self.account("acc-1").codex_file()))
            return super()._refresh(token)

    oauth = Racing(now=House.now)
    house, file, tokens = shared(tmp_path, oauth)
    await trio.sleep(100)
    assert oauth.lets_in(str(await renew(house))) == "acc-1"
    assert oauth.refreshes == [tokens["refresh_token"]]
    assert "needs_login" not in house.disk.accounts[0]
    assert house.disk.accounts[0]["refresh_token"] == json.loads(file.read_text())["tokens"]["refresh_token"]


@pytest.mark.parametrize("why", ["older", "same", "another account", "gone", "broken", "no refresh token"])
async def test_a_file_that_has_nothing_newer_is_left_alone(tmp_path: Path, why: str) -> None:
    oauth = server()
    older = oauth.account("acc-1").sign_in()
    await trio.sleep(100)
    house, file, tokens = shared(tmp_path, oauth)
    await trio.sleep(100)
    content: Any = oauth.account("acc-1").codex_file(tokens)
    if why == "older":
        content = oauth.account("acc-1").codex_file(older)
    elif why == "another account":
        content = oauth.account("acc-2").codex_file()
    elif why == "no refresh token":
        content["tokens"] |= {"refresh_token": "", "access_token": oauth.account("acc-1").sign_in()["access_token"]}
    file.write_text("{" if why == "broken" else json.dumps(content))
    if why == "gone":
        file.unlink()
    assert isinstance(await renew(house), str)
    assert oauth.refreshes == [tokens["refresh_token"]]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file another user's")
async def test_a_file_of_another_user_is_not_believed(tmp_path: Path) -> None:
    oauth = server()
    house, file, tokens = shared(tmp_path, oauth)
    await trio.sleep(100)
    file.write_text(json.dumps(oauth.account("acc-1").codex_file()))
    os.chown(file, 12345, 12345)
    assert isinstance(await renew(house), str)
    assert oauth.refreshes == [tokens["refresh_token"]]


async def test_when_the_pair_is_refused_for_good_the_one_before_is_tried(tmp_path: Path) -> None:
    oauth = server()
    first = oauth.account("acc-1").sign_in()
    house = House(tmp_path, oauth)
    never_given = {"access_token": first["access_token"], "refresh_token": "rt_test-not-a-token-lost"}
    house.keep(entry("acc-1", never_given, previous={"refresh_token": first["refresh_token"], "access_token": "a"}))
    assert oauth.lets_in(str(await renew(house))) == "acc-1"
    assert oauth.refreshes == ["rt_test-not-a-token-lost", first["refresh_token"]]


async def test_a_login_that_is_over_says_so_once_and_asks_nobody_again(tmp_path: Path) -> None:
    oauth = server()
    house, _, tokens = shared(tmp_path, oauth)
    oauth.end_logins()
    for _ in range(2):
        failure = await renew(house)
        assert isinstance(failure, Failure)
        assert failure.verdict is Verdict.NEEDS_LOGIN
    assert oauth.refreshes == [tokens["refresh_token"]]
    why = "the login was ended: signed out, or another one took its place (refresh_token_invalidated)"
    assert house.disk.accounts[0]["needs_login"] == why
    assert house.told == [(house.credential.fingerprint, f"{why}: hr auth login codex")]


async def test_a_login_that_is_over_comes_back_with_the_program_it_came_from(tmp_path: Path, nursery: trio.Nursery) -> None:
    oauth = server()
    house, file, _ = shared(tmp_path, oauth)
    oauth.end_logins()
    await renew(house)
    nursery.start_soon(house.accounts.run)
    await trio.sleep(600)
    assert len(house.accounts.lapses()) == 1
    file.write_text(json.dumps(oauth.account("acc-1").codex_file()))
    for _ in range(50):  # the file is read in a thread, whose time is not virtual
        await trio.sleep(61)
        await trio.to_thread.run_sync(time.sleep, 0.01)
        if not house.accounts.lapses():
            break
    assert house.accounts.lapses() == []
    assert oauth.lets_in(house.shows() or "") == "acc-1"


async def test_an_answer_that_was_cut_off_is_asked_for_again(tmp_path: Path) -> None:
    """Whether that helps is the server's to say: with a leeway it does."""
    forgiving = server(leeway_s=30.0)
    forgiving.cuts = 1
    house, _, _ = shared(tmp_path, forgiving)
    assert forgiving.lets_in(str(await renew(house))) == "acc-1"
    strict = server()
    strict.cuts = 1
    other, _, _ = shared(tmp_path, strict)
    failure = await renew(other)
    assert isinstance(failure, Failure)
    assert failure.verdict is Verdict.NEEDS_LOGIN


async def test_a_server_that_hangs_is_left_in_time(tmp_path: Path) -> None:
    oauth = server()
    oauth.delay_s = 1000.0
    house, _, _ = shared(tmp_path, oauth)
    began = trio.current_time()
    failure = await renew(house)
    assert isinstance(failure, Failure)
    assert trio.current_time() - began < 100


async def test_a_lock_that_another_process_holds_for_too_long_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    oauth = server()
    house, _, _ = shared(tmp_path, oauth)
    other = RenewalLock(tmp_path / f"renewing-{house.credential.fingerprint}.lock")
    assert await other.take(1.0) == ""
    began = trio.current_time()
    failure = await renew(house)
    other.release()
    assert isinstance(failure, Failure)
    assert "another process" in failure.message
    assert trio.current_time() - began == pytest.approx(LOCK_S, abs=0.1)
    assert oauth.refreshes == []
