"""One renewal of one account, so that it is never lost.

A refresh token is good for one renewal: whoever loses the answer has lost the account, and so has who sends the same token
twice. Hence, under a lock that one process has:

1. auth.json is read again: another process may have done it.
2. The file that the login was imported from is looked at: the program we share it with may have done it.
3. It is noted in auth.json that the token is about to be sent, which also proves that auth.json takes what will come.
4. The token is sent, and what comes back is stored, beside the pair that it replaced, before anybody is shown it. In between
   nothing stops it but its own deadline: no client that leaves, no daemon that ends. What the disk does not take is shown all
   the same, and the lock kept until it does.
5. Trouble that passes is tried again. Refused for good: that file again, then the pair before; then the account needs a login.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import trio

from hrd.core.blocks import FOREVER
from hrd.core.failures import Failure, HintSource, Verdict
from hrd.core.secrets import Secret
from hrd.credentials.accounts import CodexAccount, Tokens
from hrd.upstream.accounts.answers import Given, Refused, Troubled, merged
from hrd.upstream.accounts.imports import newer_login
from hrd.upstream.accounts.keeping import Keeping
from hrd.upstream.accounts.lock import RenewalLock
from hrd.upstream.accounts.server import LoginServer

SIGN_IN: Final = "hr auth login codex"
LOCK_S: Final = 60.0
STORE_S: Final = 10.0
"""What storing may take."""
PAUSES_S: Final = (0.0, 0.5, 2.0)
"""Before each try."""


class Renewal:
    """Makes them, one account at a time or several at once."""

    def __init__(self, keeping: Keeping, server: LoginServer, folder: Path, now: Callable[[], float]) -> None:
        """*folder* is that of auth.json."""
        self._keeping = keeping
        self._server = server
        self._folder = folder
        self._now = now
        self._kept: dict[str, RenewalLock] = {}
        """Of accounts whose renewal is not on disk: what stands there was spent, and nobody is to send it."""

    async def renew(self, name: str, is_needed: Callable[[CodexAccount], bool]) -> Secret | Failure:
        """The access token that holds then. *is_needed* is asked when the lock was had: it may have been done meanwhile."""
        lock = self._kept.pop(name, None) or RenewalLock(self._folder / f"renewing-{name}.lock")
        try:
            trouble = await lock.take(LOCK_S)
            return _for_now(trouble) if trouble else await self._renew(name, is_needed)
        finally:
            if lock.is_had and name in self._keeping.unstored():
                self._kept[name] = lock
            else:
                lock.release()

    async def store_what_waits(self) -> None:
        """Try again what the disk did not take."""
        await self._keeping.store_what_waits()
        for name in self._kept.keys() - set(self._keeping.unstored()):
            self._kept.pop(name).release()

    async def _renew(self, name: str, is_needed: Callable[[CodexAccount], bool]) -> Secret | Failure:
        await self._keeping.reread()
        account = self._keeping.accounts.get(name)
        if account is None:
            return lost("it was removed")
        if not is_needed(account):
            return account.tokens.access
        newer = await self._taken_over(account, is_lost=bool(account.needs_login))
        if newer is not None:
            return newer
        if account.needs_login or not account.tokens.refresh.reveal():
            return lost(account.needs_login or "it came without a refresh token")
        return await self._ask(account)

    async def _ask(self, account: CodexAccount) -> Secret | Failure:
        why = ""
        for pause_s in PAUSES_S:
            await trio.sleep(pause_s)
            problem = await self._keeping.note_begun(account.fingerprint)
            if problem is not None:
                return _for_now(f"what comes back could not be kept: {problem.reason}")
            answer = await self._spend(account, account.tokens.refresh)
            match answer:
                case Secret():
                    return answer
                case Refused():
                    return await self._refused(account, answer)
            why = answer.why
        return _for_now(why)

    async def _spend(self, account: CodexAccount, refresh: Secret) -> Secret | Refused | Troubled:
        """Send the token, store what comes."""
        tokens: Tokens | None = None
        with trio.CancelScope(shield=True, deadline=trio.current_time() + self._server.answer_s + STORE_S):
            answer = await self._server.renew(refresh)
            if not isinstance(answer, Given):
                return answer
            tokens = merged(answer, account.tokens, self._now())
            return await self._keeping.store(account.fingerprint, account.tokens.refresh, tokens, answer.id_token)
        return tokens.access if tokens is not None else Troubled("it took too long")  # kept, and stored as soon as it can be

    async def _refused(self, account: CodexAccount, refusal: Refused) -> Secret | Failure:
        newer = await self._taken_over(account, is_lost=True)
        if newer is not None:
            return newer
        previous = account.previous.refresh if account.previous is not None else account.tokens.refresh
        if previous.reveal() and previous != account.tokens.refresh:
            answer = await self._spend(account, previous)
            if isinstance(answer, Secret):
                return answer
        await self._keeping.note_lost(account.fingerprint, account.tokens.refresh, refusal.why)
        signed_in = self._signed_in_meanwhile(account)
        if signed_in is not None:
            return signed_in
        self._keeping.told(account.fingerprint, f"{refusal.why}: {SIGN_IN}")
        return lost(refusal.why)

    def _signed_in_meanwhile(self, account: CodexAccount) -> Secret | None:
        """What the account shows if it has another login by now: that may be why the old one is refused."""
        now = self._keeping.accounts.get(account.fingerprint)
        is_another = now is not None and not now.needs_login and now.tokens.refresh != account.tokens.refresh
        return now.tokens.access if now is not None and is_another else None

    async def _taken_over(self, account: CodexAccount, *, is_lost: bool) -> Secret | None:
        newer = await newer_login(account, is_lost=is_lost)
        if newer is None:
            return None
        return await self._keeping.store(account.fingerprint, account.tokens.refresh, newer.tokens, newer.id_token)


def lost(why: str) -> Failure:
    """Nothing but signing in again helps."""
    message = f"its login is over: {why}. Type: {SIGN_IN}"
    return Failure(verdict=Verdict.NEEDS_LOGIN, message=message, until=FOREVER, source=HintSource.BODY)


def _for_now(why: str) -> Failure:
    return Failure(verdict=Verdict.NOT_RENEWED, message=f"its login could not be renewed: {why}")
