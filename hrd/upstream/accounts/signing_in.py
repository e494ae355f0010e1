"""Signing in: the user agrees on a page of the login server's, in a browser on this machine or anywhere else; then there are
tokens. Nothing of it passes through anybody's arguments, logs or hands but this process's."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import trio

from hrd.core.secrets import Secret
from hrd.credentials.accounts import CODEX, Tokens
from hrd.credentials.claims import account_of, claims_of
from hrd.credentials.logins import Login
from hrd.upstream.accounts.answers import FOR_GOOD, Given, Refused, Troubled, merged
from hrd.upstream.accounts.callback import Callback
from hrd.upstream.accounts.server import DeviceCode, Grant, LoginServer, Pending

TROUBLES_MAX: Final = 5
"""So many questions in a row may go unanswered while we wait for the user."""
EXCHANGE_PAUSES_S: Final = (0.5, 2.0)
"""Between the tries to get tokens for what the user has agreed to: it is worth more than one."""
AGAIN: Final = "hr auth login codex"


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """Where the user signs in. *code* is what is to be entered there, if anything."""

    page: str
    code: str = ""
    within_s: float


class NotSignedIn(msgspec.Struct, frozen=True):
    """Why not, and what to type."""

    why: str
    hint: str = AGAIN


Told = Callable[[Visit], Awaitable[None]]


class SigningIn:
    """Leads users through it."""

    def __init__(
        self,
        server: LoginServer,
        *,
        within_s: Callable[[], float],
        ports: Callable[[], tuple[int, ...]],
        now: Callable[[], float],
    ) -> None:
        self._server = server
        self._within_s = within_s
        self._ports = ports
        self._now = now

    async def by_code(self, told: Told) -> Login | NotSignedIn:
        """With a code that is entered in any browser, on any machine."""
        within_s = self._within_s()
        with trio.move_on_after(within_s):
            device = await self._server.device_code()
            if not isinstance(device, Refused | Troubled):
                await told(Visit(page=device.page, code=device.user_code, within_s=within_s))
                agreed = await self._wait_agreed(device)
                return await self._granted(agreed) if isinstance(agreed, Grant) else NotSignedIn(agreed.why)
            return NotSignedIn(device.why, _instead(device))
        return _too_late(within_s)

    async def _wait_agreed(self, device: DeviceCode) -> Grant | Refused | Troubled:
        """Look again and again. A network that is away for a while does not end it."""
        troubles = 0
        while True:
            await trio.sleep(device.interval_s)
            found = await self._server.look(device)
            match found:
                case Pending():
                    troubles = 0
                case Troubled() if troubles < TROUBLES_MAX:
                    troubles += 1
                case _:
                    return found

    async def by_browser(self, told: Told) -> Login | NotSignedIn:
        """With a browser of this machine, which comes back to us (RFC 8252, RFC 7636)."""
        within_s, ports = self._within_s(), self._ports()
        state, verifier = secrets.token_urlsafe(32), Secret(secrets.token_urlsafe(64), "verifier")
        callback = Callback(state)
        try:
            with trio.move_on_after(within_s):
                if not await callback.open(ports):
                    words = " and ".join(map(str, ports))
                    why = f"the browser could not come back to this machine: taken, by another login perhaps, is port {words}"
                    return NotSignedIn(why, f"end that program, or sign in with a code: {AGAIN} --device")
                await told(Visit(page=self._server.page(callback.uri, state, verifier), within_s=within_s))
                came = await callback.wait()
                if came.error:
                    return NotSignedIn(FOR_GOOD.get(came.error, f"the login server says {came.error}"))
                return await self._granted(Grant(code=came.code, verifier=verifier, redirect_uri=callback.uri))
            return _too_late(within_s)
        finally:
            callback.close()

    async def _granted(self, grant: Grant) -> Login | NotSignedIn:
        given = await self._server.exchange(grant)
        for pause_s in EXCHANGE_PAUSES_S:
            if not isinstance(given, Troubled):
                break
            await trio.sleep(pause_s)
            given = await self._server.exchange(grant)
        if not isinstance(given, Given):
            return NotSignedIn(f"you agreed, but no tokens came: {given.why}")
        login = login_of(given, self._now())
        return login or NotSignedIn("the login names no ChatGPT account: it may have no plan that includes Codex")


def _instead(refusal: Refused | Troubled) -> str:
    """With a browser it is the same server: whom it does not answer now, it does not answer then."""
    if isinstance(refusal, Troubled) and refusal.is_silent:
        return f"see that this machine reaches it (HTTPS_PROXY, if through a proxy), then: {AGAIN}"
    return f"{AGAIN} --browser, where this machine has one, or try again later"


def login_of(given: Given, now: float) -> Login | None:
    """The login that tokens make; None when they do not say whose."""
    account_id = account_of(given.access.reveal(), given.id_token.reveal())
    if not account_id or not given.access.reveal():
        return None
    claims = claims_of(given.id_token.reveal())
    before = Tokens(access=Secret("", CODEX), refresh=Secret("", CODEX))
    tokens = merged(given, before, now)
    return Login(account_id=account_id, tokens=tokens, id_token=given.id_token, email=claims.email, plan=claims.plan)


def _too_late(within_s: float) -> NotSignedIn:
    span = f"{within_s / 60:.0f} min" if within_s >= 90 else f"{within_s:.0f} s"
    return NotSignedIn(f"nobody signed in within {span} (CODEX_LOGIN_SECONDS)")
