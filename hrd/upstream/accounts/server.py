"""The login server: the questions that are put to it (openai/codex, codex-rs/login, as of 2026-11)."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec

from hrd.core.secrets import Secret
from hrd.upstream.accounts.answers import Given, Refused, Troubled, fields_of, refusal_of, silence_of, tokens_given
from hrd.upstream.general import General, Got, NotGot

ANSWER_BYTES_MAX: Final = 1_048_576
SCOPE: Final = "openid profile email offline_access"
INTERVAL_S: Final = 5.0
INTERVAL_MIN_S: Final = 0.05
INTERVAL_MAX_S: Final = 60.0
PENDING_STATUSES: Final = (403, 404)


class ServerTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Who we are there, and how long it may take."""

    url: str
    client_id: str
    originator: str
    answer_s: float


class DeviceCode(msgspec.Struct, frozen=True, kw_only=True):
    """What the user types on a page of the server's, in any browser anywhere."""

    device_id: Secret
    user_code: str
    page: str
    interval_s: float


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """The user has agreed: good for tokens, once."""

    code: Secret
    verifier: Secret
    redirect_uri: str


class Pending(msgspec.Struct, frozen=True):
    """The user has not yet."""


class LoginServer:
    """Asks it. Everything that can go wrong is a value."""

    def __init__(self, general: General, terms: Callable[[], ServerTerms], scrub: Callable[[str], str]) -> None:
        self._general = general
        self._terms = terms
        self._scrub = scrub

    @property
    def answer_s(self) -> float:
        """How long one answer may take."""
        return self._terms().answer_s

    async def renew(self, refresh: Secret) -> Given | Refused | Troubled:
        """New tokens for a refresh token, which is worth nothing afterwards."""
        fields = {"client_id": self._terms().client_id, "grant_type": "refresh_token", "refresh_token": refresh.reveal()}
        return tokens_given(await self._post("/oauth/token", fields), self._scrub)

    async def exchange(self, grant: Grant) -> Given | Refused | Troubled:
        """Tokens for what the user has agreed to."""
        form = {
            "grant_type": "authorization_code",
            "client_id": self._terms().client_id,
            "code": grant.code.reveal(),
            "redirect_uri": grant.redirect_uri,
            "code_verifier": grant.verifier.reveal(),
        }
        return tokens_given(await self._post("/oauth/token", form, as_form=True), self._scrub)

    async def device_code(self) -> DeviceCode | Refused | Troubled:
        """The beginning of a login without a browser here."""
        terms = self._terms()
        got = await self._post("/api/accounts/deviceauth/usercode", {"client_id": terms.client_id})
        if isinstance(got, Troubled):
            return got
        fields = fields_of(got)
        device_id, user_code = fields.get("device_auth_id"), fields.get("user_code") or fields.get("usercode")
        if got.status != 200:
            return refusal_of(got, self._scrub)
        if not isinstance(device_id, str) or not isinstance(user_code, str) or not device_id or not user_code.isprintable():
            return Troubled("the login server answered without a code")
        return DeviceCode(
            device_id=Secret(device_id, "device"),
            user_code=user_code[:64],
            page=f"{terms.url}/codex/device",
            interval_s=_interval(fields.get("interval")),
        )

    async def look(self, device: DeviceCode) -> Grant | Pending | Refused | Troubled:
        """Whether the user has entered the code by now."""
        asked = {"device_auth_id": device.device_id.reveal(), "user_code": device.user_code}
        got = await self._post("/api/accounts/deviceauth/token", asked)
        if isinstance(got, Troubled):
            return got
        if got.status != 200:
            refusal = refusal_of(got, self._scrub)
            return Pending() if got.status in PENDING_STATUSES and isinstance(refusal, Troubled) else refusal
        fields = fields_of(got)
        code, verifier = fields.get("authorization_code"), fields.get("code_verifier")
        if not isinstance(code, str) or not isinstance(verifier, str):
            return Troubled("the login server answered without a grant")
        return Grant(
            code=Secret(code, "grant"),
            verifier=Secret(verifier, "verifier"),
            redirect_uri=f"{self._terms().url}/deviceauth/callback",
        )

    def page(self, redirect_uri: str, state: str, verifier: Secret) -> str:
        """Where a browser is sent to sign in (RFC 7636). Nothing in it is of use without *verifier*."""
        terms = self._terms()
        digest = hashlib.sha256(verifier.reveal().encode()).digest()
        query = {
            "response_type": "code",
            "client_id": terms.client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
            "state": state,
            "id_token_add_organizations": "true",
            "codex_cli_simplified_flow": "true",
            "originator": terms.originator,
        }
        return f"{terms.url}/oauth/authorize?{urlencode(query)}"

    async def _post(self, path: str, fields: Mapping[str, Any], *, as_form: bool = False) -> Got | Troubled:
        terms = self._terms()
        kind = "application/x-www-form-urlencoded" if as_form else "application/json"
        got = await self._general.ask(
            "POST",
            terms.url + path,
            headers={"content-type": kind, "accept": "application/json", "originator": terms.originator},
            body=urlencode(fields).encode() if as_form else msgspec.json.encode(fields),
            within_s=terms.answer_s,
            bytes_max=ANSWER_BYTES_MAX,
        )
        return silence_of(urlsplit(terms.url).hostname or "", got) if isinstance(got, NotGot) else got


def _interval(value: object) -> float:
    """It comes as a text."""
    try:
        seconds = float(value) if isinstance(value, str | int | float) else INTERVAL_S
    except ValueError:
        return INTERVAL_S
    return min(max(seconds, INTERVAL_MIN_S), INTERVAL_MAX_S) if seconds == seconds else INTERVAL_S
