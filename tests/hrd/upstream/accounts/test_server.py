"""The questions that are put to the login server."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from hrd.core.secrets import Secret
from hrd.upstream.accounts.answers import Given, Refused, Troubled
from hrd.upstream.accounts.server import DeviceCode, Grant, Pending
from tests.hrd.upstream.accounts.house import URL, House, server
from tests.upstreams.codex_oauth import CLIENT_ID, CodexOAuth

pytestmark = pytest.mark.usefixtures("virtual_time")


def house_of(folder: Path, oauth: CodexOAuth) -> House:
    return House(folder, oauth)


async def test_a_renewal_is_asked_for_in_json(tmp_path: Path) -> None:
    oauth = server()
    refresh = oauth.account("acc-1").sign_in()["refresh_token"]
    assert isinstance(await house_of(tmp_path, oauth).login_server.renew(Secret(refresh, "codex")), Given)
    (asked,) = oauth.asked
    assert (asked.method, asked.target, asked.headers["content-type"]) == ("POST", "/oauth/token", "application/json")
    assert asked.fields == {"client_id": CLIENT_ID, "grant_type": "refresh_token", "refresh_token": refresh}
    assert asked.headers["originator"] == "codex_cli_rs"


async def test_a_code_is_pending_until_the_user_agrees_and_good_once(tmp_path: Path) -> None:
    oauth = server()
    asks = house_of(tmp_path, oauth).login_server
    device = await asks.device_code()
    assert isinstance(device, DeviceCode)
    assert (device.page, device.interval_s) == (f"{URL}/codex/device", 1.0)
    assert await asks.look(device) == Pending()
    oauth.url = URL
    oauth.approve(device.user_code, oauth.account("acc-1"))
    grant = await asks.look(device)
    assert isinstance(grant, Grant)
    given = await asks.exchange(grant)
    assert isinstance(given, Given)
    assert oauth.lets_in(given.access.reveal()) == "acc-1"
    assert oauth.asked[-1].headers["content-type"] == "application/x-www-form-urlencoded"
    assert isinstance(await asks.exchange(grant), Refused)


@pytest.mark.parametrize(("fate", "why"), [("deny", "it was not permitted"), ("expire", "the code was not entered in time")])
async def test_a_code_that_is_denied_or_too_old(tmp_path: Path, fate: str, why: str) -> None:
    oauth = server()
    asks = house_of(tmp_path, oauth).login_server
    device = await asks.device_code()
    assert isinstance(device, DeviceCode)
    getattr(oauth, fate)(device.user_code)
    found = await asks.look(device)
    assert isinstance(found, Refused)
    assert found.why.startswith(why)


async def test_where_codes_are_not_to_be_had(tmp_path: Path) -> None:
    oauth = server()
    oauth.device_logins = False
    house = house_of(tmp_path, oauth)
    assert await house.login_server.device_code() == Troubled("the login server answers 404: not_enabled emulated: not_enabled")
    house.wire.is_down = True
    gone = Troubled("the login server login.test does not answer: no connection to it comes about", is_silent=True)
    device = DeviceCode(device_id=Secret("d", "device"), user_code="C", page="", interval_s=1.0)
    assert await house.login_server.device_code() == await house.login_server.look(device) == gone


@pytest.mark.parametrize(
    ("said", "interval_s"), [("5", 5.0), (7, 7.0), ("x", 5.0), (None, 5.0), ("0", 0.05), ("1e9", 60.0), ("nan", 5.0)]
)
async def test_the_interval_comes_as_a_text_and_is_kept_within_bounds(tmp_path: Path, said: object, interval_s: float) -> None:
    class Says(CodexOAuth):
        def answer(self, _: object) -> tuple[int, bytes]:
            import json  # noqa: PLC0415 - nowhere else

            return 200, json.dumps({"device_auth_id": "d", "user_code": "C", "interval": said}).encode()

    device = await house_of(tmp_path, Says(now=House.now)).login_server.device_code()
    assert isinstance(device, DeviceCode)
    assert device.interval_s == interval_s


async def test_the_page_gives_nothing_away(tmp_path: Path) -> None:
    verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "verifier")  # the example of RFC 7636, appendix B
    page = house_of(tmp_path, server()).login_server.page("http://localhost:1455/auth/callback", "state-1", verifier)
    said = {name: values[0] for name, values in parse_qs(urlsplit(page).query).items()}
    assert page.startswith(f"{URL}/oauth/authorize?")
    assert verifier.reveal() not in page
    assert said == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": "http://localhost:1455/auth/callback",
        "scope": "openid profile email offline_access",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        "state": "state-1",
        "id_token_add_organizations": "true",
        "codex_cli_simplified_flow": "true",
        "originator": "codex_cli_rs",
    }
