"""`hr auth`: the credentials as they are kept, what is added to auth.json, what is taken out of it."""

from collections.abc import Callable, Iterable

from hrd.admin.denied import Denied, misused, not_found, stands_elsewhere, unchanged
from hrd.admin.provider_names import provider_meant
from hrd.admin.standing import Hindrances
from hrd.admin.status import provider_status
from hrd.admin.wire.auth import (
    AuthAdd,
    AuthAdded,
    AuthCredential,
    AuthList,
    AuthQuestion,
    AuthRemove,
    AuthRemoved,
)
from hrd.admin.wire.status import ProviderState
from hrd.configuration.live import Configuration
from hrd.core.key_shapes import key_warning, unusable
from hrd.core.providers import CostClass, Credential, Provider
from hrd.core.secrets import CLIENT, Secret
from hrd.core.snapshot import PoolSnapshot
from hrd.credentials import AuthFile, CredentialInfo, CredentialProblem, stored_order
from hrd.credentials.accounts import CODEX
from hrd.credentials.edits import Edit, add_key, remove_key
from hrd.credentials.order import client_keys
from hrd.upstream.accounts.accounts import Lapse

IN_AUTH_JSON = "auth.json"
KEYS_MAX = 1000
NOTE_CHARS_MAX = 200
CLASSES = {"free": CostClass.FREE, "subscription": CostClass.SUBSCRIPTION, "paid": CostClass.PAID}


def held(configuration: Configuration) -> dict[str, tuple[Credential, ...]]:
    """Every credential there is, by provider, in the order in which they are asked."""
    return stored_order(configuration.auth, configuration.settings).credentials


# list ------------------------------------------------------------------------------------------------------------------------


def list_credentials(
    ask: AuthQuestion,
    configuration: Configuration,
    snapshot: PoolSnapshot,
    lapses: Iterable[Lapse],
    now: float,
) -> AuthList | Denied:
    """All credentials, or one provider's."""
    provider = provider_meant(ask.provider) if ask.provider else ""
    if isinstance(provider, Denied):
        return provider
    hindrances = Hindrances(snapshot, now, lapses)
    rows = [
        row
        for name, credentials in held(configuration).items()
        if provider in ("", name)
        for row in _rows(name, credentials, configuration.auth, snapshot, hindrances)
    ]
    return AuthList(now=now, credentials=tuple(rows), path=configuration.places.auth_json)


def _rows(
    provider: str,
    credentials: tuple[Credential, ...],
    auth: AuthFile,
    snapshot: PoolSnapshot,
    hindrances: Hindrances,
) -> list[AuthCredential]:
    row = snapshot.roster.providers.get(provider)  # none while the demo runs
    states = {one.fingerprint: one for one in provider_status(snapshot, hindrances, row).credentials} if row else {}
    asked = {one.fingerprint: one for one in snapshot.roster.credentials.get(provider, ())}
    rows = []
    for index, one in enumerate(credentials, 1):
        info = auth.info.get(one.fingerprint, CredentialInfo())
        known = asked.get(one.fingerprint)
        state = states.get(one.fingerprint)
        account = info.account or (known.account if known is not None else "")
        rows.append(
            AuthCredential(
                provider=provider,
                index=index,
                fingerprint=one.fingerprint,
                source=one.source,
                label=one.label,
                account=account,
                account_by="you" if info.account else "provider" if account else "",
                cost_class=_class_of(info, row),
                added_at=info.added_at or None,
                state=state.state if state is not None else ProviderState.OFF,
                reason=state.reason if state is not None else "",
                until=state.until if state is not None else None,
            )
        )
    return rows


def _class_of(info: CredentialInfo, provider: Provider | None) -> str:
    """What the user said, else that of the provider's first model."""
    if info.cost_class is not None:
        return info.cost_class.name.lower()
    return provider.first_class if provider is not None else ""


# add -------------------------------------------------------------------------------------------------------------------------


async def add_credentials(
    ask: AuthAdd, configuration: Configuration, changed: Callable[[], None], now: float
) -> AuthAdded | Denied:
    """All of the keys, or none when one cannot be a key. They are asked from the next request on."""
    provider = provider_meant(ask.provider)
    if isinstance(provider, Denied):
        return provider
    keys = tuple(dict.fromkeys(key.strip() for key in ask.keys if key.strip()))
    if refused := _why_not(ask, provider, keys) or _of_a_client(provider, keys, configuration):
        return refused
    secrets = [Secret(key, provider) for key in keys]
    there = {one.fingerprint: one.source for one in held(configuration).get(provider, ())}
    kept = set(configuration.auth.providers.get(provider, ()))
    problem = await configuration.edit_auth(_adding(ask, provider, secrets, now))
    if problem is not None:
        return unchanged(problem)
    changed()
    return AuthAdded(
        provider=provider,
        added=tuple(secret.fingerprint for secret in secrets if secret not in kept),
        already=tuple(secret.fingerprint for secret in secrets if secret in kept),
        warnings=tuple(_warnings(provider, secrets, there, configuration)),
    )


def _why_not(ask: AuthAdd, provider: str, keys: tuple[str, ...]) -> Denied | None:
    if provider == CODEX:
        return misused("codex takes no keys: its accounts sign in", "hr auth login codex, or hr auth import-codex")
    if not keys:
        return misused("no key was given, nothing has changed", f"hr auth add {provider}")
    if len(keys) > KEYS_MAX:
        return misused(f"more than {KEYS_MAX} keys at once", "give fewer at a time")
    if ask.cost_class and ask.cost_class not in CLASSES:
        return misused("a class is free, subscription or paid", f"hr auth add {provider} --class free")
    if any(len(text) > NOTE_CHARS_MAX or not text.isprintable() for text in (ask.account, ask.label)):
        return misused(f"an account or label is one line of at most {NOTE_CHARS_MAX} characters")
    for place, key in enumerate(keys, 1):
        if reason := unusable(key):
            which = f"key {place} of {len(keys)}" if len(keys) > 1 else "this"
            return misused(f"{which} {reason}; nothing has changed", f"get a key from {provider} and try again")
    return None


def _of_a_client(provider: str, keys: tuple[str, ...], configuration: Configuration) -> Denied | None:
    """A key that we gave to a client opens this router, and nobody else's door."""
    given = client_keys(configuration.auth, configuration.settings)
    for place, key in enumerate(keys, 1):
        if (secret := Secret(key, CLIENT)) in given:
            which = f"key {place} of {len(keys)}" if len(keys) > 1 else "this"
            reason = f"{which} is a client key of this router ({secret.fingerprint}), no provider knows it; nothing has changed"
            return misused(reason, f"get a key from {provider}, then: hr auth add {provider}")
    return None


def _adding(ask: AuthAdd, provider: str, secrets: list[Secret], now: float) -> Edit:
    """What the user says of a key that is there already is noted; when it was added stays."""

    def change(auth: AuthFile) -> AuthFile | CredentialProblem:
        result: AuthFile | CredentialProblem = auth
        for secret in secrets:
            assert isinstance(result, AuthFile), "a problem ends the loop"
            noted = result.info.get(secret.fingerprint, CredentialInfo())
            info = CredentialInfo(
                account=ask.account or noted.account,
                label=ask.label or noted.label,
                cost_class=CLASSES.get(ask.cost_class, noted.cost_class),
                added_at=noted.added_at if secret in result.providers.get(provider, ()) else now,
            )
            result = add_key(result, provider, secret.reveal(), info)
            if isinstance(result, CredentialProblem):
                return result
        return result

    return change


def _warnings(provider: str, secrets: list[Secret], there: dict[str, str], configuration: Configuration) -> list[str]:
    warnings = []
    for secret in secrets:
        if odd := key_warning(provider, secret.reveal()):
            warnings.append(f"{secret.fingerprint}: {odd}")
        source = there.get(secret.fingerprint, IN_AUTH_JSON)
        if source != IN_AUTH_JSON:
            warnings.append(f"{secret.fingerprint} also stands in {_place(secret.fingerprint, provider, configuration)}")
    if provider == "local" and not configuration.settings.local_enabled:
        warnings.append("local is not asked until LOCAL_BASE_URL or LOCAL_MODEL is set")
    return warnings


# remove ----------------------------------------------------------------------------------------------------------------------


async def remove_credential(ask: AuthRemove, configuration: Configuration, changed: Callable[[], None]) -> AuthRemoved | Denied:
    """One key out of auth.json. Requests that run with it finish."""
    found = _named(ask, configuration)
    if isinstance(found, Denied):
        return found
    provider, fingerprint = found
    if not _is_in_auth_json(fingerprint, configuration.auth):
        place = _place(fingerprint, provider, configuration)
        return stands_elsewhere(f"{fingerprint} stands in {place}, not in auth.json", _how_to_take_out(place, configuration))
    problem = await configuration.edit_auth(lambda auth: remove_key(auth, fingerprint))
    if problem is not None:
        return unchanged(problem)
    changed()
    left = held(configuration).get(provider, ())
    warnings: tuple[str, ...] = ()
    if any(one.fingerprint == fingerprint for one in left):
        place = _place(fingerprint, provider, configuration)
        warnings = (f"the same key stands in {place} and is asked from there: {_how_to_take_out(place, configuration)}",)
    return AuthRemoved(provider=provider, fingerprint=fingerprint, left=len(left), warnings=warnings)


def _named(ask: AuthRemove, configuration: Configuration) -> tuple[str, str] | Denied:
    """Provider and fingerprint of the credential that is meant."""
    if bool(ask.fingerprint) == (ask.index is not None):
        return misused("name a credential by its fingerprint, or by provider and number", "see them: hr auth list")
    credentials = held(configuration)
    if ask.fingerprint:
        provider = ask.fingerprint.rpartition("-")[0]
        known = any(one.fingerprint == ask.fingerprint for one in credentials.get(provider, ()))
        if known or _is_in_auth_json(ask.fingerprint, configuration.auth):
            return provider, ask.fingerprint
        return not_found("there is no credential of that fingerprint", "see them: hr auth list")
    named = provider_meant(ask.provider)
    if isinstance(named, Denied):
        return named
    group = credentials.get(named, ())
    if ask.index is None or not 1 <= ask.index <= len(group):
        return _no_such_place(named, len(group))
    return named, group[ask.index - 1].fingerprint


def _no_such_place(provider: str, there: int) -> Denied:
    if not there:
        return not_found(f"{provider} has no key", "see all of them: hr auth list")
    keys = "1 key" if there == 1 else f"{there} keys"
    return not_found(f"{provider} has {keys}", f"see: hr auth list {provider}")


def _is_in_auth_json(fingerprint: str, auth: AuthFile) -> bool:
    keys = (secret.fingerprint for group in auth.providers.values() for secret in group)
    return fingerprint in keys or any(one.fingerprint == fingerprint for one in auth.codex_accounts)


def _place(fingerprint: str, provider: str, configuration: Configuration) -> str:
    """Where a key stands that is not in auth.json."""
    for key in configuration.settings.keys.get(provider, ()):
        if key.secret.fingerprint == fingerprint:
            return f"the process environment ({key.name})" if key.source == "environment" else f"{key.source} ({key.name})"
    return "no file: it is built in"


def _how_to_take_out(place: str, configuration: Configuration) -> str:
    if place.startswith(".env"):
        return f"take it out of {configuration.places.dotenv}"
    if place.startswith("config.toml"):
        return f"take it out of {configuration.places.config_toml}"
    if place.startswith("the process"):
        return "unset it where hrd is started, and restart hrd"
    return "local is switched off by unsetting LOCAL_BASE_URL and LOCAL_MODEL"
