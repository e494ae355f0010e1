"""Keeping accounts: auth.json as the accounts' owner sees it, and what the disk would not take, until it does."""

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

import msgspec

from hrd.core.secrets import Secret, fingerprint
from hrd.credentials import AuthFile, CredentialInfo, CredentialProblem
from hrd.credentials.account_edits import ADDED, account_in, fate_of, not_renewed, put_login, renewal_begun, renewed
from hrd.credentials.accounts import CODEX, CodexAccount, Tokens
from hrd.credentials.edits import Edit
from hrd.credentials.logins import Login

RENEWED: Final = "renewed"
SPENT_MAX: Final = 16
"""So many refresh tokens of one renewal that is not on disk are known as spent: the first, which stands there, and the last."""


class Vault(Protocol):
    """Where accounts are kept."""

    @property
    def auth(self) -> AuthFile: ...

    async def edit_auth(self, change: Edit) -> CredentialProblem | None:
        """Change auth.json; in force when this returns."""

    async def reread_auth(self) -> CredentialProblem | None:
        """Take auth.json as it stands now."""


class Unstored(NamedTuple):
    """A renewal that is not on disk, or may not be."""

    spent: tuple[Secret, ...]
    """The refresh tokens that it cost, and those before it that were not stored either: one of them stands on disk."""
    tokens: Tokens
    id_token: Secret

    def costs_with(self, spent: Secret) -> tuple[Secret, ...]:
        """What it has cost once *spent* is spent, too. Of very many the first is kept, which stands on disk, and the last."""
        first, *others = (*self.spent, spent)
        return (first, *others[1 - SPENT_MAX :])


class Added(NamedTuple):
    """A login that was put in: its account's fingerprint, and what became of it (see `account_edits.fate_of`)."""

    fingerprint: str
    fate: str


class Keeping:
    """All accounts. *told* hears of each one's fingerprint what became of it: `RENEWED`, or what is wrong."""

    def __init__(self, vault: Vault, now: Callable[[], float], told: Callable[[str, str], None]) -> None:
        self._vault = vault
        self._now = now
        self.told = told
        self._unstored: dict[str, Unstored] = {}
        self._stored: dict[str, Unstored] = {}
        """The last renewal of each account that went to disk: what it cost is worth nothing, whoever puts it back."""
        self.accounts: dict[str, CodexAccount] = {}
        """By fingerprint, as they are now."""
        self.take()

    def take(self) -> None:
        """auth.json is another now."""
        self.accounts = {account.fingerprint: self._latest(account) for account in self._vault.auth.codex_accounts}

    async def reread(self) -> None:
        """Another process may have changed it. One that cannot be read changes nothing: it will not take a renewal either."""
        await self._vault.reread_auth()
        self.take()

    def _latest(self, account: CodexAccount) -> CodexAccount:
        refresh, last = account.tokens.refresh, self._stored.get(account.fingerprint)
        if last is not None and refresh in last.spent and refresh != last.tokens.refresh:
            self._unstored.setdefault(account.fingerprint, last)  # an editor that had it open was saved
        waiting = self._unstored.get(account.fingerprint)
        if waiting is None or refresh not in waiting.spent:  # somebody put another login in its place
            self._unstored.pop(account.fingerprint, None)
            return account
        return msgspec.structs.replace(account, tokens=waiting.tokens, id_token=waiting.id_token)

    async def note_begun(self, name: str) -> CredentialProblem | None:
        """Before a refresh token is sent. A problem: nothing that comes back could be kept."""
        problem = await self._vault.edit_auth(lambda auth: renewal_begun(auth, name, self._now()))
        return None if problem is None or problem.is_written else problem

    async def note_lost(self, name: str, refused: Secret, why: str) -> None:
        """The login with the refresh token *refused* can be renewed no more."""
        waiting = self._unstored.get(name)
        all_refused = (refused, *(waiting.spent if waiting is not None else ()))
        problem = await self._vault.edit_auth(lambda auth: not_renewed(auth, name, all_refused, why))
        if problem is None or problem.is_written:
            self._unstored.pop(name, None)
            self._stored.pop(name, None)
        self.take()

    async def store(self, name: str, spent: Secret, tokens: Tokens, id_token: Secret) -> Secret:
        """New tokens for *spent*, on disk, or else kept here until the disk takes them; then the access token may be shown.
        Whoever is cancelled in here has lost nothing."""
        before = self._unstored.get(name)
        costs = before.costs_with(spent) if before is not None else (spent,)
        waiting = self._unstored[name] = Unstored(costs, tokens, id_token)
        await self._store(name, waiting, is_new=True)
        return tokens.access

    async def store_what_waits(self) -> None:
        for name, waiting in list(self._unstored.items()):
            await self._store(name, waiting, is_new=False)

    async def _store(self, name: str, waiting: Unstored, *, is_new: bool) -> None:
        spent, tokens, id_token = waiting
        problem = await self._vault.edit_auth(lambda auth: renewed(auth, name, spent, tokens, id_token.reveal()))
        is_kept = problem is None or problem.is_written or account_in(self._vault.auth, name) is None
        if is_kept and self._unstored.get(name) is waiting:
            self._stored[name] = self._unstored.pop(name)
        self.take()
        if is_kept or is_new:
            self.told(name, RENEWED if is_kept else f"renewed, but not stored: {problem}")

    async def add(self, login: Login, info: CredentialInfo, imported_from: str) -> Added | CredentialProblem:
        """Keep *login*, as a new account's or in the place of the one that its account has. *info* is noted where it says
        something."""
        name = fingerprint(CODEX, login.account_id)
        fate = ADDED

        def change(auth: AuthFile) -> AuthFile | CredentialProblem:
            nonlocal fate
            fate = fate_of(auth, name, login)
            known = auth.info.get(name, CredentialInfo())
            noted = msgspec.structs.replace(
                known,
                label=info.label or known.label,
                account=info.account or known.account,
                added_at=info.added_at if fate == ADDED else known.added_at,
            )
            return put_login(auth, name, login, noted, imported_from=imported_from)

        problem = await self._vault.edit_auth(change)
        if problem is not None and not problem.is_written:
            return problem
        self.take()
        return Added(name, fate)

    def unstored(self) -> list[str]:
        """Accounts whose renewal would be lost if the process ended now."""
        return list(self._unstored)

    def secrets(self) -> list[Secret]:
        """What must not be seen, and is not in auth.json, shown by the account's name."""
        return [
            token.shown_as(name)
            for name, (_, tokens, id_token) in self._unstored.items()
            for token in (tokens.access, tokens.refresh, id_token)
        ]
