"""Keeping accounts: what is written, and what the disk would not take."""

from pathlib import Path

import pytest

from hrd.core.secrets import Secret
from hrd.credentials import CredentialInfo, CredentialProblem
from hrd.credentials.accounts import Tokens
from hrd.credentials.logins import Login
from hrd.upstream.accounts.keeping import SPENT_MAX, Unstored
from tests.hrd.upstream.accounts.house import NOON, House, entry, server

pytestmark = pytest.mark.usefixtures("virtual_time")


def login(account_id: str, access: str, refresh: str) -> Login:
    tokens = Tokens(access=Secret(access, "codex"), refresh=Secret(refresh, "codex"), last_refresh="2026-11-18T12:00:00Z")
    return Login(account_id=account_id, tokens=tokens, id_token=Secret("", "codex"), email="me@example.org", plan="plus")


async def test_logins_are_added_in_order_and_what_was_noted_before_stays(tmp_path: Path) -> None:
    house = House(tmp_path, server())
    first = await house.keeping.add(login("acc-1", "a1", "r1"), CredentialInfo(label="work", added_at=NOON), "")
    await house.keeping.add(login("acc-2", "a2", "r2"), CredentialInfo(added_at=NOON), "/home/me/.codex/auth.json")
    again = await house.keeping.add(login("acc-1", "a3", "r3"), CredentialInfo(added_at=NOON + 9), "")
    assert not isinstance(first, CredentialProblem)
    assert not isinstance(again, CredentialProblem)
    assert (first.fate, again.fate, first.fingerprint) == ("added", "kept", again.fingerprint)
    assert [one["account_id"] for one in house.disk.accounts] == ["acc-1", "acc-2"]
    assert house.disk.accounts[1]["imported_from"] == "/home/me/.codex/auth.json"
    assert house.disk.tree["credential_info"][first.fingerprint] == {"label": "work", "added_at": NOON}
    assert [one.label for one in house.credentials()] == ["work", "me@example.org"]


async def test_a_login_that_the_disk_does_not_take_is_not_kept(tmp_path: Path) -> None:
    house = House(tmp_path, server())
    house.disk.full = True
    problem = await house.keeping.add(login("acc-1", "a1", "r1"), CredentialInfo(), "")
    assert problem == CredentialProblem("the disk is full: make room")
    assert house.keeping.accounts == {}


async def test_another_login_in_its_place_is_worth_more_than_what_waits_for_the_disk(tmp_path: Path) -> None:
    oauth = server()
    house = House(tmp_path, oauth)
    house.keep(entry("acc-1", {"access_token": "a1", "refresh_token": "r1"}))
    (name,) = house.keeping.accounts
    house.disk.full = True
    new = login("acc-1", "a2", "r2")
    assert (await house.keeping.store(name, Secret("r1", "codex"), new.tokens, new.id_token)).reveal() == "a2"
    assert house.keeping.unstored() == [name]
    assert {secret.fingerprint for secret in house.keeping.secrets()} == {name}
    house.disk.full = False
    house.keep(entry("acc-1", {"access_token": "a9", "refresh_token": "r9"}))
    assert house.shows() == "a9"
    await house.keeping.store_what_waits()
    assert house.disk.accounts[0]["refresh_token"] == "r9"
    assert house.keeping.unstored() == []


async def test_however_often_the_disk_refuses_the_last_renewal_takes_the_place_of_what_stands_there(tmp_path: Path) -> None:
    house = House(tmp_path, server())
    house.keep(entry("acc-1", {"access_token": "a0", "refresh_token": "r0"}))
    (name,) = house.keeping.accounts
    house.disk.full = True
    for time in range(3 * SPENT_MAX):
        new = login("acc-1", f"a{time + 1}", f"r{time + 1}")
        await house.keeping.store(name, Secret(f"r{time}", "codex"), new.tokens, new.id_token)
        assert house.shows() == f"a{time + 1}"
    house.disk.full = False
    await house.keeping.store_what_waits()
    assert house.disk.accounts[0]["refresh_token"] == f"r{3 * SPENT_MAX}"
    assert house.keeping.unstored() == []


async def test_of_very_many_spent_tokens_the_first_and_the_last_are_known() -> None:
    tokens = [Secret(f"r{number}", "codex") for number in range(SPENT_MAX + 3)]
    new = login("acc-1", "a", "r")
    waiting = Unstored((tokens[0],), new.tokens, new.id_token)
    for spent in tokens[1:]:
        waiting = waiting._replace(spent=waiting.costs_with(spent))
    assert waiting.spent == (tokens[0], *tokens[4:])
    assert len(waiting.spent) == SPENT_MAX
