"""Stored order: the keys of auth.json, then those of the environment, then accounts, each once, as the pool's credentials."""

from collections.abc import Iterable

import msgspec

from hrd.core.aliases import PROVIDERS
from hrd.core.providers import Credential
from hrd.core.secrets import Secret
from hrd.credentials.accounts import CODEX, CodexAccount
from hrd.credentials.auth_file import AuthFile, CredentialInfo
from hrd.settings.model import EnvironmentKey, Settings

KEYLESS_KEY = "local"
"""What is sent as the key to a model on the user's own machine, which does not look."""


class Stored(msgspec.Struct, frozen=True):
    credentials: dict[str, tuple[Credential, ...]]
    """By provider; providers without any are left out."""
    warnings: tuple[str, ...] = ()
    turned_away: tuple[str, ...] = ()
    """Fingerprints of client keys that stand where a provider's belong; a line of `warnings` says so of each."""


def stored_order(auth: AuthFile, settings: Settings) -> Stored:
    """Every credential that may be used upstream. A key that is one of our clients' is never among them."""
    ours = client_keys(auth, settings)
    credentials: dict[str, tuple[Credential, ...]] = {}
    warnings: list[str] = []
    turned_away: list[str] = []
    for provider in PROVIDERS:
        places: dict[Secret, str] = dict.fromkeys(auth.providers.get(provider, ()), "auth.json")
        for key in settings.keys.get(provider, ()):
            places.setdefault(key.secret, key.source)
        if provider == KEYLESS_KEY:
            places = _local_places(places, is_enabled=settings.local_enabled)
        refused = [secret for secret in places if secret in ours]
        warnings += [_refusal(secret, settings.keys.get(provider, ()), places[secret]) for secret in refused]
        turned_away += [secret.fingerprint for secret in refused]
        usable = tuple(_credential(provider, s, places[s], auth.info) for s in places if s not in ours)
        if provider == CODEX:
            usable = (*usable, *(_account(one, auth.info) for one in auth.codex_accounts))
        if usable:
            credentials[provider] = usable
    return Stored(credentials, tuple(warnings), tuple(turned_away))


def client_keys(auth: AuthFile, settings: Settings) -> set[Secret]:
    """What we gave to our clients."""
    return {*settings.proxy_api_keys, *(key.secret for key in auth.proxy_keys)}


def _refusal(secret: Secret, keys: Iterable[EnvironmentKey], source: str) -> str:
    said = "is a client key of this router: it is not used upstream"
    if source == "auth.json":
        return f"{secret.fingerprint} in auth.json {said}; take it out: hr auth remove {secret.fingerprint}"
    name = next(key.name for key in keys if key.secret == secret)
    return f"{name} ({source}), {secret.fingerprint}, {said}"


def _local_places(places: dict[Secret, str], *, is_enabled: bool) -> dict[Secret, str]:
    """`local` is switched on by its address or model, not by a key, and needs none."""
    if not is_enabled:
        return {}
    return places or {Secret(KEYLESS_KEY, "local"): "built in"}


def _account(account: CodexAccount, notes: dict[str, CredentialInfo]) -> Credential:
    """An account that signed in. Its secret is the one that it had when this was read; see `hrd.upstream.passes`."""
    info = notes.get(account.fingerprint, CredentialInfo())
    return Credential(
        provider=CODEX,
        fingerprint=account.fingerprint,
        secret=account.tokens.access,
        source="auth.json",
        account=info.account,
        account_id=account.account_id,
        signs_in=True,
        label=info.label or account.email,
        cost_class=info.cost_class,
    )


def _credential(provider: str, secret: Secret, source: str, notes: dict[str, CredentialInfo]) -> Credential:
    info = notes.get(secret.fingerprint, CredentialInfo())
    return Credential(
        provider=provider,
        fingerprint=secret.fingerprint,
        secret=secret,
        source=source,
        account=info.account,
        label=info.label,
        cost_class=info.cost_class,
    )
