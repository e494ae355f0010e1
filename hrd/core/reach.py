"""Reach: which scopes somebody means who resets a provider, a credential, or everything; and whose scopes are meant."""

from collections.abc import Collection, Iterable, Iterator

from hrd.core.facts import Reset
from hrd.core.providers import Candidate
from hrd.core.refusals import Refusal
from hrd.core.roster import EMBEDDINGS_MARK, Roster
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
            case "candidate" | "credential" | "paidkey" | "freekey":
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


def true_names(roster: Roster) -> dict[str, str]:
    """What credentials' accounts were called while each was an account of its own → what they are called, both written
    `<provider>/<account>`: of those that turned out to belong to one."""
    return {
        f"{one.provider}/{one.fingerprint}": f"{one.provider}/{one.account}"
        for group in roster.credentials.values()
        for one in group
        if one.account not in ("", one.fingerprint)
    }


def named_since(before: Roster, after: Roster) -> dict[str, str]:
    """Those of the `true_names` of *after* that were accounts of their own in *before*."""
    alone = {
        f"{one.provider}/{one.fingerprint}"
        for group in before.credentials.values()
        for one in group
        if one.account in ("", one.fingerprint)
    }
    return {old: new for old, new in true_names(after).items() if old in alone}


def left_since(before: Roster, after: Roster) -> Iterator[tuple[str, dict[str, str]]]:
    """The fingerprints of keys that belong to another account than in *before*, where they were not alone; with what that is
    called → what theirs is called now, both written `<provider>/<account>`."""
    owners = {one.fingerprint: one.account for group in before.credentials.values() for one in group}
    for group in after.credentials.values():
        for one in group:
            left, owner = owners.get(one.fingerprint, ""), one.account or one.fingerprint
            if left not in ("", one.fingerprint, owner):
                yield one.fingerprint, {f"{one.provider}/{left}": f"{one.provider}/{owner}"}


def candidates_of(found: Iterable[str], roster: Roster) -> Iterator[Candidate]:
    """Whoever had these scopes, as they are made now; nobody, if there is none any more."""
    narrowest = next((scope for scope in found if scope.startswith("candidate:")), "")
    fingerprint, _, model = narrowest.partition(":")[2].partition("/")
    provider = fingerprint.rpartition("-")[0]
    if provider not in roster.enabled:
        return
    name = f"{provider}:{model.removesuffix(EMBEDDINGS_MARK)}"
    is_chat = not model.endswith(EMBEDDINGS_MARK)
    selection = roster.select_chat(name) if is_chat else roster.select_embeddings(name, None)
    if not isinstance(selection, Refusal):
        yield from (one for one in selection.candidates if one.credential.fingerprint == fingerprint)
