"""Reach: which scopes somebody means who resets a provider, a credential, or everything."""

from collections.abc import Collection

from hrd.core.facts import Reset
from hrd.core.roster import Roster
from hrd.core.scopes import ACCOUNT_KINDS


class Reach:
    """*accounts* are written `<provider>/<account>`; *keys* are fingerprints."""

    def __init__(
        self,
        *,
        is_everything: bool,
        providers: Collection[str],
        base_urls: Collection[str],
        accounts: Collection[str],
        keys: Collection[str],
    ) -> None:
        self.is_everything = is_everything
        self.base_urls = base_urls
        self._providers = providers
        self._accounts = accounts
        self._keys = keys

    def covers(self, scope: str) -> bool:
        """Whether *scope* (see `core.scopes`) belongs to what is meant."""
        if self.is_everything:
            return True
        kind, _, rest = scope.partition(":")
        owner = rest.partition("/")[0]
        match kind:
            case "candidate" | "credential":
                return owner in self._keys
            case "endpoint":
                return rest.partition(" ")[0] in self.base_urls
            case _ if kind in ACCOUNT_KINDS and owner not in self._providers:
                return any(rest == name or rest.startswith(f"{name}/") for name in self._accounts)
            case _:
                return owner in self._providers


def reach_of(reset: Reset, roster: Roster) -> Reach:
    """A provider's reaches all that could stop one of its candidates; a credential's what is its own or its account's."""
    meant = [
        credential
        for group in roster.credentials.values()
        for credential in group
        if reset.provider == credential.provider or reset.credential == credential.fingerprint
    ]
    providers = {reset.provider} & roster.providers.keys()
    keys = {credential.fingerprint for credential in meant} | ({reset.credential} - {""})
    return Reach(
        is_everything=not reset.provider and not reset.credential,
        providers=providers,
        base_urls={roster.providers[name].base_url for name in providers},
        accounts={f"{one.provider}/{one.account or one.fingerprint}" for one in meant},
        keys=keys,
    )


def named_since(before: Roster, after: Roster) -> list[tuple[str, str]]:
    """Accounts as they were and are called, written `<provider>/<account>`: of credentials that were an account of their own,
    and turned out to belong to one."""
    alone = {one.fingerprint for group in before.credentials.values() for one in group if not one.account}
    return [
        (f"{one.provider}/{one.fingerprint}", f"{one.provider}/{one.account}")
        for group in after.credentials.values()
        for one in group
        if one.account and one.fingerprint in alone
    ]
