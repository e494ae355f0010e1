"""What accounts show, and when they are renewed."""

from pathlib import Path
from typing import Any

import pytest
import trio

from hrd.core.blocks import FOREVER
from hrd.core.failures import Failure, HintSource, Verdict
from hrd.core.providers import Credential
from hrd.credentials import CredentialInfo
from hrd.credentials.logins import Found, logins_in
from hrd.upstream.accounts.keeping import RENEWED
from tests.hrd.stage import key
from tests.hrd.upstream.accounts.house import NOON, Disk, House, entry, server
from tests.upstreams.codex_oauth import CodexOAuth, json

pytestmark = pytest.mark.usefixtures("virtual_time")

LIFETIME_S = 43_200.0
"""Shorter than a real token's ten days, of which each half minute would be looked at."""


@pytest.fixture
def oauth() -> CodexOAuth:
    return server(lifetime_s=LIFETIME_S)


async def start(house: House, nursery: trio.Nursery) -> None:
    nursery.start_soon(house.accounts.run)
    await trio.sleep(0.1)


def signed_in(folder: Path, oauth: CodexOAuth, **more: Any) -> House:
    house = House(folder, oauth)
    house.keep(entry("acc-1", oauth.account("acc-1").sign_in(), **more))
    return house


async def test_a_key_shows_itself_and_an_account_the_token_that_it_has_now(tmp_path: Path, oauth: CodexOAuth) -> None:
    house = signed_in(tmp_path, oauth)
    one = key("groq", "a1")
    assert house.accounts.secret_of(one) is one.secret
    assert oauth.lets_in(house.shows() or "") == "acc-1"
    stranger = Credential(provider="codex", fingerprint="codex-0", secret=one.secret, source="auth.json", signs_in=True)
    assert house.accounts.secret_of(stranger) is None


async def test_a_token_is_not_shown_when_it_is_about_to_end(tmp_path: Path, oauth: CodexOAuth) -> None:
    house = signed_in(tmp_path, oauth)
    await trio.sleep(LIFETIME_S - 6)
    assert house.shows() is not None
    await trio.sleep(2)
    assert house.shows() is None


async def test_it_is_renewed_in_good_time_and_stored_before_it_is_shown(
    tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery
) -> None:
    house = signed_in(tmp_path, oauth)
    first = house.disk.accounts[0]
    await start(house, nursery)
    await trio.sleep(LIFETIME_S - 1000)
    assert oauth.refreshes == []
    await trio.sleep(500)
    assert oauth.refreshes == [first["refresh_token"]]
    (kept,) = house.disk.accounts
    assert kept["access_token"] == house.shows() != first["access_token"]
    assert kept["previous"]["refresh_token"] == first["refresh_token"]
    assert kept["last_refresh"].startswith("2026-11-18T23:")
    assert "renewing_since" not in kept
    assert [write["codex_accounts"][0].get("renewing_since") is not None for write in house.disk.writes] == [True, False]
    assert house.told == [(house.credential.fingerprint, RENEWED)]


async def test_tokens_that_live_shortly_are_renewed_at_half_their_time(tmp_path: Path, nursery: trio.Nursery) -> None:
    oauth = server(lifetime_s=60.0)
    house = signed_in(tmp_path, oauth)
    await start(house, nursery)
    await trio.sleep(601)
    assert len(oauth.refreshes) == pytest.approx(20, abs=1)
    assert house.shows() is not None


async def test_two_accounts_are_not_renewed_at_one_moment(tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery) -> None:
    house = House(tmp_path, oauth)
    house.keep(*(entry(name, oauth.account(name).sign_in()) for name in ("acc-1", "acc-2")))
    await start(house, nursery)
    moments: list[float] = []
    await trio.sleep(LIFETIME_S - 950)
    while len(moments) < 2:
        await trio.sleep(1)
        moments += [trio.current_time()] * (len(oauth.refreshes) - len(moments))
    assert moments[1] - moments[0] > 1
    assert all(LIFETIME_S - 905 < at < LIFETIME_S - 599 for at in moments)


async def test_all_who_were_refused_join_one_renewal(tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery) -> None:
    oauth.delay_s = 2.0
    house = signed_in(tmp_path, oauth)
    await start(house, nursery)
    old = house.shows()
    got: list[str] = []

    async def ask() -> None:
        got.append(await house.renewed(old))

    async with trio.open_nursery() as askers:
        for _ in range(10):
            askers.start_soon(ask)
    assert len(oauth.refreshes) == 1
    assert set(got) == {house.shows()} != {old}


async def test_who_was_refused_with_an_old_token_gets_the_new_one_at_once(
    tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery
) -> None:
    house = signed_in(tmp_path, oauth)
    await start(house, nursery)
    old = house.shows()
    new = await house.renewed(old)
    assert await house.renewed(old) == new
    assert len(oauth.refreshes) == 1


async def test_a_client_that_leaves_does_not_take_the_renewal_with_it(
    tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery
) -> None:
    oauth.delay_s = 3.0
    house = signed_in(tmp_path, oauth)
    await start(house, nursery)
    old = house.shows()
    with trio.move_on_after(1):
        await house.renewed(old)
    assert house.shows() == old
    await trio.sleep(3)
    assert house.shows() != old
    assert house.disk.accounts[0]["access_token"] == house.shows()


async def test_a_daemon_that_ends_brings_home_what_it_has_sent(tmp_path: Path, oauth: CodexOAuth) -> None:
    oauth.delay_s = 3.0
    house = signed_in(tmp_path, oauth)
    old = house.shows()
    async with trio.open_nursery() as daemon:
        daemon.start_soon(house.accounts.run)
        await trio.sleep(0.1)
        daemon.start_soon(house.renewed, old)
        await trio.sleep(1)
        daemon.cancel_scope.cancel()
    assert trio.current_time() == pytest.approx(3.1, abs=0.1)
    assert house.disk.accounts[0]["access_token"] == house.shows() != old
    again = House(tmp_path, oauth, disk=house.disk)
    assert oauth.lets_in(again.shows() or "") == "acc-1"


async def test_without_its_background_no_renewal_is_begun(tmp_path: Path, oauth: CodexOAuth) -> None:
    house = signed_in(tmp_path, oauth)
    failure = await house.renewed(house.shows())
    assert (failure.verdict, failure.message) == (Verdict.NOT_RENEWED, "the router is stopping")
    assert oauth.refreshes == []


async def test_trouble_that_passes_is_tried_again_at_growing_distances_while_the_token_lives(
    tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery
) -> None:
    house = signed_in(tmp_path, oauth)
    await start(house, nursery)
    house.wire.is_down = True
    await trio.sleep(LIFETIME_S - 100)
    assert oauth.refreshes == []
    assert house.shows() is not None
    failures = [what for _, what in house.told]
    assert 4 <= len(failures) <= 12
    assert set(failures) == {
        "its login could not be renewed: the login server login.test does not answer: no connection to it comes about"
    }
    house.wire.is_down = False
    await trio.sleep(500)
    assert (len(oauth.refreshes), house.told[-1][1]) == (1, RENEWED)
    assert house.shows() is not None


async def test_server_errors_are_tried_again_within_one_renewal(
    tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery
) -> None:
    house = signed_in(tmp_path, oauth)
    await start(house, nursery)
    oauth.trouble = [(500, b"<html>"), (429, b'{"error": {"code": "rate_limited", "message": "slow down"}}')]
    old, began = house.shows(), trio.current_time()
    assert await house.renewed(old) != old
    assert trio.current_time() - began == pytest.approx(2.5, abs=0.1)
    oauth.trouble = [(503, b"")] * 3
    failure = await house.renewed(house.shows())
    assert failure == Failure(
        verdict=Verdict.NOT_RENEWED, message="its login could not be renewed: the login server answers 503"
    )


@pytest.mark.parametrize("fate", ["reused", "invalidated", "expired", "unknown"])
async def test_a_login_that_is_over_needs_another_and_is_shown_for_as_long_as_its_token_lives(
    tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery, fate: str
) -> None:
    house = signed_in(tmp_path, oauth)
    await start(house, nursery)
    old, refresh = house.shows(), house.disk.accounts[0]["refresh_token"]
    if fate == "reused":
        oauth._refresh(refresh)
        oauth.refreshes.clear()
    elif fate == "invalidated":
        oauth.end_logins()
    elif fate == "expired":
        oauth.expired.add(refresh)
    else:
        oauth.refresh.clear()
    failure = await house.renewed(old)
    assert (failure.verdict, failure.until, failure.source) == (Verdict.NEEDS_LOGIN, FOREVER, HintSource.BODY)
    assert failure.message.endswith("Type: hr auth login codex")
    assert refresh not in failure.message
    assert house.shows() == old
    (lapse,) = house.accounts.lapses()
    assert (lapse.why, lapse.ends_at) == (house.disk.accounts[0]["needs_login"], pytest.approx(NOON + LIFETIME_S, abs=1))
    await trio.sleep(LIFETIME_S + 86_400)
    assert oauth.refreshes == [refresh]  # nobody is asked again
    assert house.shows() is None
    (lapse,) = house.accounts.lapses()
    assert lapse.ends_at is None
    assert (await house.renewed()).verdict is Verdict.NEEDS_LOGIN
    again = House(tmp_path, oauth, disk=house.disk)
    assert [one.why for one in again.accounts.lapses()] == [lapse.why]


async def test_a_new_login_revives_it(tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery) -> None:
    house = signed_in(tmp_path, oauth)
    await start(house, nursery)
    oauth.end_logins()
    await house.renewed(house.shows())
    login = logins_in(json.dumps(oauth.account("acc-1").codex_file()).encode())
    assert isinstance(login, Found)
    added = await house.accounts.add(login.logins[0], CredentialInfo(added_at=NOON))
    assert added == (house.credential.fingerprint, "updated")
    assert house.accounts.lapses() == []
    assert oauth.lets_in(house.shows() or "") == "acc-1"
    assert len(house.credentials()) == 1


async def test_two_processes_never_send_the_same_token(tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery) -> None:
    """While the work changes hands, both may find that an account must be renewed."""
    oauth.delay_s = 2.0
    disk = Disk({"codex_accounts": [entry("acc-1", oauth.account("acc-1").sign_in())]})
    old, new = House(tmp_path, oauth, disk=disk), House(tmp_path, oauth, disk=disk)
    await start(old, nursery)
    await start(new, nursery)
    token = old.shows()
    got: list[str] = []

    async def ask(house: House) -> None:
        got.append(await house.renewed(token))

    async with trio.open_nursery() as askers:
        askers.start_soon(ask, old)
        askers.start_soon(ask, new)
    assert len(oauth.refreshes) == 1
    assert len(set(got)) == 1
    assert oauth.lets_in(got[0]) == "acc-1"


async def test_a_process_that_has_handed_over_renews_only_for_who_waits(
    tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery
) -> None:
    house = signed_in(tmp_path, oauth)
    await start(house, nursery)
    house.accounts.retire()
    await trio.sleep(LIFETIME_S)
    assert oauth.refreshes == []
    assert oauth.lets_in(await house.renewed()) == "acc-1"


async def test_after_a_crash_in_the_middle_it_is_tried_again_at_once(tmp_path: Path, nursery: trio.Nursery) -> None:
    """With a server that forgives for a while, the account is saved; with one that does not, the user hears of it early."""
    oauth = server(leeway_s=60.0)
    house = signed_in(tmp_path, oauth)
    house.keep({**house.disk.accounts[0], "renewing_since": NOON})
    oauth._refresh(house.disk.accounts[0]["refresh_token"])  # it came, and its answer was lost
    await start(house, nursery)
    assert oauth.lets_in(house.shows() or "") == "acc-1"
    assert "renewing_since" not in house.disk.accounts[0]
    assert house.accounts.lapses() == []


async def test_an_account_without_an_access_token_gets_one_at_the_start(
    tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery
) -> None:
    tokens = oauth.account("acc-1").sign_in()
    house = House(tmp_path, oauth)
    house.keep({"account_id": "acc-1", "refresh_token": tokens["refresh_token"]})
    assert house.shows() is None
    await start(house, nursery)
    assert oauth.lets_in(house.shows() or "") == "acc-1"


async def test_an_account_whose_id_nobody_said_is_named_by_its_tokens(
    tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery
) -> None:
    house = House(tmp_path, oauth)
    house.keep({"refresh_token": oauth.account("acc-1").sign_in()["refresh_token"], "access_token": "opaque-test-token"})
    before = house.credential.fingerprint
    await start(house, nursery)
    assert oauth.lets_in(await house.renewed("opaque-test-token")) == "acc-1"
    assert house.credential.account_id == "acc-1"
    assert house.credential.fingerprint != before


async def test_a_removed_account_is_not_renewed(tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery) -> None:
    house = signed_in(tmp_path, oauth)
    await start(house, nursery)
    credential, old = house.credential, house.accounts.secret_of(house.credential)
    house.keep()
    failure = await house.accounts.renewed(credential, old)
    assert isinstance(failure, Failure)
    assert "it was removed" in failure.message
    assert oauth.refreshes == []


async def test_a_full_disk_is_noticed_before_a_token_is_spent(tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery) -> None:
    house = signed_in(tmp_path, oauth)
    await start(house, nursery)
    house.disk.full = True
    failure = await house.renewed(house.shows())
    assert (failure.verdict, oauth.refreshes) == (Verdict.NOT_RENEWED, [])
    assert "the disk is full: make room" in failure.message


async def test_a_disk_that_fills_while_it_is_renewed_loses_nothing_while_the_process_lives(
    tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery
) -> None:
    oauth.delay_s = 2.0
    house = signed_in(tmp_path, oauth)
    await start(house, nursery)
    old = house.shows()
    nursery.start_soon(house.renewed, old)
    await trio.sleep(1)
    house.disk.full = True
    await trio.sleep(2)
    assert oauth.lets_in(house.shows() or "") == "acc-1"
    assert house.shows() != old == house.disk.accounts[0]["access_token"]
    assert house.accounts.unstored() == [house.credential.fingerprint]
    assert house.shows() in [secret.reveal() for secret in house.accounts.secrets()]
    house.accounts.take()
    assert house.shows() != old
    await trio.sleep(0.5)
    house.disk.full = False
    await trio.sleep(1.1)
    assert house.disk.accounts[0]["access_token"] == house.shows()
    assert (house.accounts.unstored(), house.accounts.secrets()) == ([], [])
    assert len(oauth.refreshes) == 1


async def test_a_renewal_that_waits_for_the_disk_can_itself_be_renewed(
    tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery
) -> None:
    """The disk has room again, and somebody is refused, before it was tried again."""
    oauth.delay_s = 2.0
    house = signed_in(tmp_path, oauth)
    await start(house, nursery)
    nursery.start_soon(house.renewed, house.shows())
    await trio.sleep(1)
    house.disk.full = True
    await trio.sleep(2)
    house.disk.full = False
    oauth.expire_access()
    assert oauth.lets_in(await house.renewed(house.shows())) == "acc-1"
    await trio.sleep(31)
    assert house.accounts.unstored() == []
    assert house.disk.accounts[0]["refresh_token"] in oauth.live.values()
    assert oauth.lets_in(House(tmp_path, oauth, disk=house.disk).shows() or "") == "acc-1"
    assert len(oauth.refreshes) == 2


async def test_an_edit_that_waits_too_long_for_its_turn_loses_no_renewal(
    tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery
) -> None:
    oauth.delay_s = 2.0
    house = signed_in(tmp_path, oauth)
    await start(house, nursery)
    nursery.start_soon(house.renewed, house.shows())
    await trio.sleep(1)
    house.disk.busy_s = 100.0
    await trio.sleep(60)
    assert oauth.lets_in(house.shows() or "") == "acc-1"
    house.disk.busy_s = 0.0
    await trio.sleep(160)
    assert house.disk.accounts[0]["refresh_token"] in oauth.live.values()
    assert len(oauth.refreshes) == 1


async def test_what_waits_for_the_disk_keeps_another_process_from_sending_what_it_cost(
    tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery
) -> None:
    """The disk fills up while the work changes hands: what stands there was spent."""
    oauth.delay_s = 2.0
    old = signed_in(tmp_path, oauth)
    new = House(tmp_path, oauth, disk=old.disk)
    await start(old, nursery)
    await start(new, nursery)
    token = old.shows()
    nursery.start_soon(old.renewed, token)
    await trio.sleep(1)
    old.disk.full = True
    await trio.sleep(2)
    assert old.accounts.unstored() == [old.credential.fingerprint]
    got: list[Any] = []

    async def ask() -> None:
        got.append(await new.renewed(token))

    nursery.start_soon(ask)
    await trio.sleep(10)
    old.disk.full = False
    await trio.sleep(40)
    assert got == [old.shows()]
    assert oauth.lets_in(got[0]) == "acc-1"
    assert len(oauth.refreshes) == 1


async def test_a_process_that_ends_tries_once_more_to_store_what_waits(tmp_path: Path, oauth: CodexOAuth) -> None:
    oauth.delay_s = 2.0
    house = signed_in(tmp_path, oauth)
    async with trio.open_nursery() as nursery:
        await start(house, nursery)
        nursery.start_soon(house.renewed, house.shows())
        await trio.sleep(1)
        house.disk.full = True
        await trio.sleep(2)
        house.disk.full = False
        nursery.cancel_scope.cancel()
    assert house.accounts.unstored() == []
    assert house.disk.accounts[0]["refresh_token"] in oauth.live.values()


async def test_who_signs_in_while_the_old_login_is_refused_is_signed_in(
    tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery
) -> None:
    """Signing in may be what ended the old one."""
    oauth.delay_s = 2.0
    house = signed_in(tmp_path, oauth)
    await start(house, nursery)
    oauth.end_logins()
    got: list[Any] = []

    async def ask() -> None:
        got.append(await house.renewed(house.shows()))

    nursery.start_soon(ask)
    await trio.sleep(1)
    login = logins_in(json.dumps(oauth.account("acc-1").codex_file()).encode())
    assert isinstance(login, Found)
    await trio.sleep(0.5)
    await house.accounts.add(login.logins[0], CredentialInfo(added_at=NOON))
    await trio.sleep(20)
    assert house.accounts.lapses() == []
    assert oauth.lets_in(house.shows() or "") == "acc-1"
    assert got == [house.shows()]
    assert "needs_login" not in house.disk.accounts[0]


async def test_a_login_that_an_editor_puts_back_after_it_was_spent_is_not_sent_again(
    tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery
) -> None:
    """Somebody had auth.json open while it was renewed, and saves."""
    house = signed_in(tmp_path, oauth)
    await start(house, nursery)
    before = house.disk.accounts
    assert oauth.lets_in(await house.renewed(house.shows())) == "acc-1"
    await trio.sleep(60)
    house.keep(*before, entry("acc-2", oauth.account("acc-2").sign_in()))
    await trio.sleep(1)
    assert oauth.lets_in(house.shows() or "") == "acc-1"
    assert [one["account_id"] for one in house.disk.accounts] == ["acc-1", "acc-2"]
    assert house.disk.accounts[0]["refresh_token"] in oauth.live.values()
    await trio.sleep(LIFETIME_S)
    assert house.accounts.lapses() == []
    assert oauth.lets_in(house.shows() or "") == "acc-1"


async def test_a_token_that_is_over_and_cannot_be_renewed_is_told_until_it_is(
    tmp_path: Path, oauth: CodexOAuth, nursery: trio.Nursery
) -> None:
    house = signed_in(tmp_path, oauth)
    await start(house, nursery)
    house.wire.is_down = True
    await trio.sleep(LIFETIME_S - 100)
    assert house.accounts.lapses() == []
    await trio.sleep(200)
    (lapse,) = house.accounts.lapses()
    assert (lapse.why, lapse.ends_at, lapse.again_at is not None) == ("login not renewed", None, True)
    house.wire.is_down = False
    await trio.sleep(4000)
    assert house.accounts.lapses() == []
