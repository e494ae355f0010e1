"""ChatGPT accounts: what each shows now, and when it is renewed: in the background before its token ends, and when somebody who
showed it was refused.

All who need the same renewal join one flight. It belongs to nobody who waits for it, so none of them can cancel it.
"""

from collections.abc import Callable
from typing import Final

import msgspec
import trio

from hrd.core.failures import Failure, Verdict
from hrd.core.providers import Credential
from hrd.core.secrets import Secret
from hrd.credentials import CredentialInfo, CredentialProblem
from hrd.credentials.accounts import CodexAccount
from hrd.credentials.logins import Login
from hrd.upstream.accounts.keeping import Added, Keeping
from hrd.upstream.accounts.renewal import STORE_S, Renewal
from hrd.upstream.accounts.times import due_at, is_live, pause_s

LOOK_S: Final = 30.0
"""Between two looks at what is due: wall clocks jump."""
UNSTORED_LOOK_S: Final = 1.0
"""The same while the disk has not taken a renewal: whoever is killed loses that login."""
NOT_RENEWED: Final = "login not renewed"
IMPORT_LOOK_S: Final = 60.0
"""Between two looks at the file that a login which is over came from."""


class Lapse(msgspec.Struct, frozen=True):
    """An account that has to sign in again, or whose login is not renewed for now."""

    fingerprint: str
    why: str
    ends_at: float | None
    """Until then it can still be asked; None: it cannot."""
    again_at: float | None = None
    """Nobody has to sign in: its token is over and its renewal failed, which is tried again then."""


class Flight:
    """One renewal under way."""

    def __init__(self) -> None:
        self.is_over = trio.Event()
        self.result: Secret | Failure = Failure(verdict=Verdict.NOT_RENEWED, message="the router is stopping")


class Accounts:
    """See the module's docstring. `run` must run for any renewal to be made."""

    def __init__(self, keeping: Keeping, renewal: Renewal, *, early_s: Callable[[], float], now: Callable[[], float]) -> None:
        self._keeping = keeping
        self._renewal = renewal
        self._early_s = early_s
        self._now = now
        self._flights: dict[str, Flight] = {}
        self._failures: dict[str, tuple[int, float]] = {}
        """Fingerprint → failures in a row, and when to try again."""
        self._looked_at: dict[str, float] = {}
        self._nursery: trio.Nursery | None = None
        self._look = trio.Event()
        self._is_retired = False

    # what others ask -----------------------------------------------------------------------------------------------------

    def secret_of(self, credential: Credential) -> Secret | None:
        """See `hrd.upstream.passes`."""
        if not credential.signs_in:
            return credential.secret
        account = self._keeping.accounts.get(credential.fingerprint)
        return account.tokens.access if account is not None and is_live(account, self._now()) else None

    async def renewed(self, credential: Credential, refused: Secret | None) -> Secret | Failure:
        """See `hrd.upstream.passes`."""
        secret = self.secret_of(credential)
        if secret is not None and secret != refused:
            return secret
        result = await self._join(credential.fingerprint, refused)
        if isinstance(result, Secret) and result == refused:  # the flight was somebody's to whom it was good enough
            result = await self._join(credential.fingerprint, refused)
        return result

    async def add(self, login: Login, info: CredentialInfo, imported_from: str = "") -> Added | CredentialProblem:
        """See `Keeping.add`."""
        added = await self._keeping.add(login, info, imported_from)
        if isinstance(added, Added):
            self._failures.pop(added.fingerprint, None)
            self._look.set()
        return added

    def take(self) -> None:
        """auth.json is another now."""
        self._keeping.take()
        self._look.set()

    def lapses(self) -> list[Lapse]:
        """Accounts that have to sign in again, and those whose renewal failed while their token is over."""
        now = self._now()
        accounts = self._keeping.accounts
        delayed = [
            Lapse(name, NOT_RENEWED, None, again_at)
            for name, (_, again_at) in self._failures.items()
            if name in accounts and not accounts[name].needs_login and not is_live(accounts[name], now)
        ]
        return delayed + [
            Lapse(account.fingerprint, account.needs_login, account.tokens.expires_at if is_live(account, now) else None)
            for account in accounts.values()
            if account.needs_login or not (account.tokens.refresh.reveal() or is_live(account, now))
        ]

    def unstored(self) -> list[str]:
        """Accounts whose renewal would be lost if the process ended now: the disk does not take it."""
        return self._keeping.unstored()

    def secrets(self) -> list[Secret]:
        """What must not be seen, and is not in auth.json."""
        return self._keeping.secrets()

    def retire(self) -> None:
        """Another process renews in the background; here it is done only for who waits."""
        self._is_retired = True

    # in the background ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled; then a renewal whose token has been sent is still brought home, and what the disk did not take is
        tried once more."""
        try:
            await self._run()
        finally:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + STORE_S):
                await self._renewal.store_what_waits()

    async def _run(self) -> None:
        async with trio.open_nursery() as self._nursery:
            try:
                while True:
                    self._look = trio.Event()
                    await self._renewal.store_what_waits()
                    next_at = self._start_due()
                    longest_s = UNSTORED_LOOK_S if self.unstored() else LOOK_S
                    with trio.move_on_after(min(max(next_at - self._now(), 0.0), longest_s)):
                        await self._look.wait()
            finally:
                self._nursery = None

    def _start_due(self) -> float:
        """Renew what is due; when to look again."""
        now = self._now()
        next_at = now + LOOK_S
        for name, account in self._keeping.accounts.items():
            at = None if self._is_retired or name in self._flights else self._due_at(account)
            if at is not None and at <= now:
                self._start(name, self._is_due)
            elif at is not None:
                next_at = min(next_at, at)
        return next_at

    def _is_due(self, account: CodexAccount) -> bool:
        at = self._due_at(account)
        return at is not None and at <= self._now()

    def _due_at(self, account: CodexAccount) -> float | None:
        name = account.fingerprint
        if account.needs_login:
            return self._looked_at.get(name, 0.0) + IMPORT_LOOK_S if account.imported_from else None
        at = due_at(account, self._early_s())
        return max(at, self._failures.get(name, (0, 0.0))[1]) if at is not None else None

    # flights -------------------------------------------------------------------------------------------------------------

    async def _join(self, name: str, refused: Secret | None) -> Secret | Failure:
        is_needed: Callable[[CodexAccount], bool] = lambda account: (  # noqa: E731 - shorter than its name
            not is_live(account, self._now()) or account.tokens.access == refused
        )
        flight = self._flights.get(name) or self._start(name, is_needed)
        if self._nursery is not None:
            await flight.is_over.wait()
        return flight.result

    def _start(self, name: str, is_needed: Callable[[CodexAccount], bool]) -> Flight:
        flight = Flight()
        if self._nursery is not None:
            self._flights[name] = flight
            self._nursery.start_soon(self._fly, name, is_needed, flight)
        return flight

    async def _fly(self, name: str, is_needed: Callable[[CodexAccount], bool], flight: Flight) -> None:
        try:
            flight.result = await self._renewal.renew(name, is_needed)
        finally:
            self._looked_at[name] = self._now()
            del self._flights[name]
            flight.is_over.set()
        self._count(name, flight.result)
        self._look.set()

    def _count(self, name: str, result: Secret | Failure) -> None:
        """Leave it alone for a while if it failed, longer each time."""
        account = self._keeping.accounts.get(name)
        if isinstance(result, Secret) or account is None or account.needs_login:
            self._failures.pop(name, None)
            return
        failures = self._failures.get(name, (0, 0.0))[0] + 1
        self._failures[name] = failures, self._now() + pause_s(failures, account.tokens.refresh)
        self._keeping.told(name, result.message)
