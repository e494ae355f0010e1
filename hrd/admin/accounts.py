"""`hr auth import-codex` and `hr auth login`: ChatGPT accounts, whose tokens end in auth.json and nowhere else."""

from collections.abc import Callable
from functools import partial

import msgspec
import trio

from hrd.admin.auth import NOTE_CHARS_MAX, add_credentials
from hrd.admin.denied import Denied, misused, unchanged
from hrd.admin.lines import BEAT_S, hang_up
from hrd.admin.provider_names import provider_meant
from hrd.admin.wire.accounts import AccountKept, LoginImport, LoginImported, LoginStep, LoginWish
from hrd.admin.wire.auth import AuthAdd
from hrd.configuration.live import Configuration
from hrd.credentials import CredentialInfo, CredentialProblem
from hrd.credentials.account_edits import KEPT
from hrd.credentials.accounts import CODEX
from hrd.credentials.logins import OPENAI, Login, logins_in
from hrd.downstream.call import JSON_LINES, Call, ClientGone
from hrd.http.wire import WireBroken
from hrd.upstream.accounts.accounts import Accounts
from hrd.upstream.accounts.renewal import SIGN_IN
from hrd.upstream.accounts.signing_in import NotSignedIn, SigningIn, Visit

TERMS = (
    "a ChatGPT subscription is for its owner's own use, and OpenAI may object to a router that uses it, up to closing the "
    "account: you decide (docs/codex.md)"
)
SHARED = (
    "the login is shared now with the program that it came from. Its refresh token is good for one use: whoever renews first "
    f"may sign the other out. Give the router a login of its own: {SIGN_IN}"
)
WAS_KEY = (
    "this was a key of the OpenAI platform, not a login: it is kept for the provider openai, and what it is asked is billed"
)
ENDS = "a login without a refresh token ends with its access token; then it has to be imported again"
OVER = f"this login is over, and what was imported is the same one. Type: {SIGN_IN}"

Signed = Callable[[str], None]
"""Told of the fingerprint of each account that has a new login."""


# import ----------------------------------------------------------------------------------------------------------------------


async def import_login(
    ask: LoginImport,
    accounts: Accounts,
    configuration: Configuration,
    signed: Signed,
    changed: Callable[[], None],
    now: float,
    *,
    is_own_user: bool,
) -> LoginImported | Denied:
    """All logins of the file, each added or updated. *is_own_user*: who asks is who the daemon runs as, so that it may look at
    the file again by itself."""
    if refused := _why_not(ask.label):
        return refused
    found = logins_in(ask.content.encode())
    if isinstance(found, CredentialProblem):
        return Denied(409, f"nothing was imported: {found.reason}", found.hint)
    if found.api_key is not None:
        return await _import_key(found.api_key.reveal(), ask.label, configuration, changed, now)
    path = ask.path if is_own_user and ask.path.startswith("/") and ask.path.isprintable() else ""
    kept: list[AccountKept] = []
    for login in found.logins:
        account = await keep(accounts, login, ask.label, now, imported_from=path)
        if isinstance(account, CredentialProblem):
            return unchanged(account)
        kept.append(account)
        signed(account.fingerprint)
    changed()
    lapsed = {lapse.fingerprint for lapse in accounts.lapses() if lapse.again_at is None}
    over = [f"{one.fingerprint}: {OVER}" for one in kept if one.fingerprint in lapsed and one.fate == KEPT]
    ends = any(not one.tokens.refresh.reveal() for one in found.logins)
    return LoginImported(accounts=tuple(kept), warnings=(*over, SHARED, TERMS, *((ENDS,) if ends else ())))


async def _import_key(
    key: str, label: str, configuration: Configuration, changed: Callable[[], None], now: float
) -> LoginImported | Denied:
    added = await add_credentials(AuthAdd(provider=OPENAI, keys=(key,), label=label), configuration, changed, now)
    if isinstance(added, Denied):
        return added
    return LoginImported(key=(*added.added, *added.already)[0], warnings=(WAS_KEY, *added.warnings))


async def keep(
    accounts: Accounts, login: Login, label: str, now: float, *, imported_from: str = ""
) -> AccountKept | CredentialProblem:
    added = await accounts.add(login, CredentialInfo(label=label, added_at=now), imported_from)
    if isinstance(added, CredentialProblem):
        return added
    return AccountKept(fingerprint=added.fingerprint, fate=added.fate, label=label or login.email, plan=login.plan)


def _why_not(label: str) -> Denied | None:
    if len(label) > NOTE_CHARS_MAX or not label.isprintable():
        return misused(f"a label is one line of at most {NOTE_CHARS_MAX} characters")
    return None


# login -----------------------------------------------------------------------------------------------------------------------


async def sign_in(
    ask: LoginWish,
    call: Call,
    signing_in: SigningIn,
    accounts: Accounts,
    signed: Signed,
    changed: Callable[[], None],
    now: Callable[[], float],
) -> Denied | None:
    """Lead the user through it, a JSON line each step. Who hangs up ends it, and nothing is kept."""
    provider = provider_meant(ask.provider)
    if isinstance(provider, Denied):
        return provider
    if provider != CODEX:
        return misused(f"{provider} takes keys; nobody signs in there", f"hr auth add {provider}")
    if refused := _why_not(ask.label):
        return refused
    send, receive = trio.open_memory_channel[LoginStep](1)
    steps = partial(_steps, ask, signing_in, accounts, signed, changed, now, send)
    call.begin_stream([(b"x-request-id", call.request_id.encode())], JSON_LINES)
    is_gone = False
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(steps)
            try:
                await _relay(call, receive)
            except (WireBroken, ClientGone):
                is_gone = True
                nursery.cancel_scope.cancel()
    finally:
        await hang_up(call)
    if is_gone:
        raise ClientGone
    return None


async def _steps(
    ask: LoginWish,
    signing_in: SigningIn,
    accounts: Accounts,
    signed: Signed,
    changed: Callable[[], None],
    now: Callable[[], float],
    send: trio.MemorySendChannel[LoginStep],
) -> None:
    async def told(visit: Visit) -> None:
        await send.send(LoginStep(kind="visit", page=visit.page, code=visit.code, within_s=visit.within_s, warnings=(TERMS,)))

    async with send:
        login = await (signing_in.by_browser(told) if ask.browser else signing_in.by_code(told))
        if isinstance(login, NotSignedIn):
            await send.send(LoginStep(kind="failed", message=login.why, hint=login.hint))
            return
        account = await keep(accounts, login, ask.label, now())
        if isinstance(account, CredentialProblem):
            await send.send(LoginStep(kind="failed", message=f"signed in, but not kept: {account.reason}", hint=account.hint))
            return
        signed(account.fingerprint)
        changed()
        await send.send(LoginStep(kind="done", account=account))


async def _relay(call: Call, receive: trio.MemoryReceiveChannel[LoginStep]) -> None:
    """Pass the steps on; say now and then that we still wait."""
    while True:
        with trio.move_on_after(BEAT_S) as waited:
            try:
                step = await receive.receive()
            except trio.EndOfChannel:
                return
        await call.send(b"\n" if waited.cancelled_caught else msgspec.json.encode(step) + b"\n")
