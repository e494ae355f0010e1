"""`hr key`: the keys that programs of this machine show to the router."""

from collections.abc import Callable

from hrd.admin.denied import Denied, misused, not_found, stands_elsewhere, unchanged
from hrd.admin.provider_names import provider_meant
from hrd.admin.wire.auth import is_fingerprint
from hrd.admin.wire.keys import ClientKey, KeyCreate, KeyCreated, KeyLimits, KeyRevoke, KeyRevoked, Keys, KeysQuestion
from hrd.configuration.live import Configuration
from hrd.core.access import POLICY_CLASS
from hrd.core.ask import PRIORITIES
from hrd.core.secrets import CLIENT, Secret
from hrd.credentials import ProxyKey, new_proxy_key
from hrd.credentials.edits import put_proxy_key, revoke_proxy_key

NAME_CHARS_MAX = 64
VARIABLE = "PROXY_API_KEYS"
CEILING_MAX = 10**15
COST_MIN = 1e-6
"""What is counted in: less could not be kept to."""


def list_keys(ask: KeysQuestion, configuration: Configuration) -> Keys:
    """Those of auth.json, then those of the settings."""
    settings = configuration.settings
    own = [_client_key(key, reveal=ask.reveal) for key in configuration.auth.proxy_keys]
    others = [
        ClientKey(
            fingerprint=secret.fingerprint,
            name="",
            source=settings.source_of(VARIABLE),
            key=secret.reveal() if ask.reveal else None,
        )
        for secret in settings.proxy_api_keys
    ]
    return Keys(keys=(*own, *others), path=configuration.places.auth_json)


def client_names(configuration: Configuration) -> dict[str, str]:
    """Fingerprint → name, of the client keys that have one."""
    return {key.secret.fingerprint: key.name for key in configuration.auth.proxy_keys if key.name}


def client_meant(which: str, configuration: Configuration) -> str | Denied:
    """The fingerprint of the client key of that name, or that fingerprint itself: revoked keys have usage too."""
    for fingerprint, name in client_names(configuration).items():
        if name == which:
            return fingerprint
    return which if is_fingerprint(which) else not_found("there is no client key of that name", "see: hr key list")


async def create_key(ask: KeyCreate, configuration: Configuration, changed: Callable[[], None]) -> KeyCreated | Denied:
    """Make a key that nobody has seen. It opens from the next request on."""
    name = ask.name.strip()
    if not name or len(name) > NAME_CHARS_MAX or not name.isprintable() or is_fingerprint(name):
        return misused(f"a name is one line of at most {NAME_CHARS_MAX} characters, and no fingerprint", "hr key create laptop")
    limits = checked_limits(ask.limits)
    if isinstance(limits, Denied):
        return limits
    key = ProxyKey(
        secret=Secret(new_proxy_key(), CLIENT),
        name=name,
        rpm=limits.rpm,
        req_per_day=limits.req_per_day,
        tokens_per_day=limits.tokens_per_day,
        cost_per_day=limits.cost_per_day,
        allowed_providers=limits.allowed_providers,
        local_only=limits.local_only,
        cost_policy=limits.cost_policy,
        concurrency=limits.concurrency,
        priority_max=limits.priority_max,
    )
    problem = await configuration.edit_auth(lambda auth: put_proxy_key(auth, key))
    if problem is not None:
        return unchanged(problem)
    changed()
    return KeyCreated(fingerprint=key.secret.fingerprint, name=name, key=key.secret.reveal())


async def revoke_key(ask: KeyRevoke, configuration: Configuration, changed: Callable[[], None]) -> KeyRevoked | Denied:
    """From the next request on it opens nothing."""
    found = [key for key in configuration.auth.proxy_keys if ask.which and ask.which in (key.name, key.secret.fingerprint)]
    fingerprint = found[0].secret.fingerprint if len(found) == 1 else ask.which
    if any(secret.fingerprint == fingerprint for secret in configuration.settings.proxy_api_keys):
        return _stands_in_settings(fingerprint, configuration)
    if not found:
        return not_found("there is no client key of that name or fingerprint", "see: hr key list")
    problem = await configuration.edit_auth(lambda auth: revoke_proxy_key(auth, ask.which))
    if problem is not None:
        return unchanged(problem)
    changed()
    left = len({*(key.secret for key in configuration.auth.proxy_keys), *configuration.settings.proxy_api_keys})
    return KeyRevoked(fingerprint=fingerprint, name=found[0].name, left=left)


def _stands_in_settings(fingerprint: str, configuration: Configuration) -> Denied:
    source = configuration.settings.source_of(VARIABLE)
    places = {".env": configuration.places.dotenv, "config.toml": configuration.places.config_toml}
    if source in places:
        return stands_elsewhere(f"{fingerprint} stands in {VARIABLE} of {source}", f"take it out of {places[source]}")
    where = f"{fingerprint} stands in {VARIABLE} of the daemon's process environment"
    return stands_elsewhere(where, "change it where hrd is started, and restart hrd")


def _client_key(key: ProxyKey, *, reveal: bool) -> ClientKey:
    return ClientKey(
        fingerprint=key.secret.fingerprint,
        name=key.name,
        source="auth.json",
        limits=limits_of(key),
        key=key.secret.reveal() if reveal else None,
    )


def limits_of(key: ProxyKey) -> KeyLimits:
    """What is noted of the key itself."""
    return KeyLimits(
        rpm=key.rpm,
        req_per_day=key.req_per_day,
        tokens_per_day=key.tokens_per_day,
        cost_per_day=key.cost_per_day,
        concurrency=key.concurrency,
        allowed_providers=key.allowed_providers,
        local_only=key.local_only,
        cost_policy=key.cost_policy,
        priority_max=key.priority_max,
    )


def checked_limits(limits: KeyLimits) -> KeyLimits | Denied:
    """The limits with the providers' own names, or what is wrong with them."""
    ceilings = (limits.rpm, limits.req_per_day, limits.tokens_per_day, limits.cost_per_day, limits.concurrency)
    if any(not 0 <= ceiling <= CEILING_MAX for ceiling in ceilings):
        return misused(f"a ceiling is a number from 0 to {CEILING_MAX:,}; 0 is none")
    if 0 < limits.cost_per_day < COST_MIN:
        return misused("a ceiling of costs is 0.000001 dollars or more; 0 is none")
    if limits.cost_policy and limits.cost_policy not in POLICY_CLASS:
        return misused(f"a cost policy is one of {', '.join(POLICY_CLASS)}")
    if limits.priority_max and limits.priority_max not in PRIORITIES:
        return misused(f"a priority is one of {', '.join(PRIORITIES)}")
    providers = []
    for text in limits.allowed_providers:
        provider = provider_meant(text)
        if isinstance(provider, Denied):
            return provider
        providers.append(provider)
    return KeyLimits(
        rpm=limits.rpm,
        req_per_day=limits.req_per_day,
        tokens_per_day=limits.tokens_per_day,
        cost_per_day=limits.cost_per_day,
        concurrency=limits.concurrency,
        allowed_providers=tuple(dict.fromkeys(providers)),
        local_only=limits.local_only,
        cost_policy=limits.cost_policy,
        priority_max=limits.priority_max,
    )
