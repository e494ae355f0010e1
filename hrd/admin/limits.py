"""`hr limit`: what client keys may ask for."""

from collections.abc import Callable

import msgspec

from hrd.admin.denied import Denied, misused, not_found, stands_elsewhere, unchanged
from hrd.admin.keys import checked_limits, limits_of
from hrd.admin.wire.keys import KeyLimits
from hrd.admin.wire.limits import Ceilings, ClientLimits, LimitClear, Limits, LimitSet, Spent
from hrd.configuration.assemble import ceilings_of, default_ceilings
from hrd.configuration.live import Configuration
from hrd.core import ceilings as core
from hrd.core.client_book import ClientBook
from hrd.credentials import ProxyKey
from hrd.credentials.edits import put_proxy_key

CEILINGS = ("rpm", "req_per_day", "tokens_per_day", "cost_per_day", "concurrency")
CHANGED_BY_SET = (*CEILINGS, "cost_policy", "priority_max")
VARIABLE = "PROXY_API_KEYS"


def list_limits(configuration: Configuration, book: ClientBook, now: float) -> Limits:
    """Every client key, those of auth.json first."""
    settings = configuration.settings
    default = default_ceilings(settings)
    own = [_client(key, default, book, now) for key in configuration.auth.proxy_keys]
    known = {one.fingerprint for one in own}
    others = [
        ClientLimits(
            fingerprint=secret.fingerprint,
            name="",
            source=settings.source_of(VARIABLE),
            holds=_ceilings(default),
            spent=_spent(book, secret.fingerprint, now),
        )
        for secret in settings.proxy_api_keys
        if secret.fingerprint not in known
    ]
    return Limits(now=now, resets_at=now + core.until_midnight_s(now), defaults=_ceilings(default), clients=(*own, *others))


async def set_limits(
    ask: LimitSet, configuration: Configuration, book: ClientBook, changed: Callable[[], None], now: float
) -> ClientLimits | Denied:
    """In force from the next request on."""
    wanted = {name: value for name in CHANGED_BY_SET if (value := getattr(ask, name)) is not None}
    if not wanted:
        return misused("say what to change", "hr limit set laptop --rpm 10")
    key = _meant(ask.which, configuration)
    if isinstance(key, Denied):
        return key
    limits = checked_limits(msgspec.structs.replace(limits_of(key), **wanted))
    if isinstance(limits, Denied):
        return limits
    return await _put(key, limits, configuration, book, changed, now)


async def clear_limits(
    ask: LimitClear, configuration: Configuration, book: ClientBook, changed: Callable[[], None], now: float
) -> ClientLimits | Denied:
    """In force from the next request on."""
    key = _meant(ask.which, configuration)
    if isinstance(key, Denied):
        return key
    limits = msgspec.structs.replace(limits_of(key), **dict.fromkeys(CEILINGS, 0))
    return await _put(key, limits, configuration, book, changed, now)


async def _put(
    key: ProxyKey,
    limits: KeyLimits,
    configuration: Configuration,
    book: ClientBook,
    changed: Callable[[], None],
    now: float,
) -> ClientLimits | Denied:
    new = msgspec.structs.replace(key, **{name: getattr(limits, name) for name in CHANGED_BY_SET})
    problem = await configuration.edit_auth(lambda auth: put_proxy_key(auth, new))
    if problem is not None:
        return unchanged(problem)
    changed()
    return _client(new, default_ceilings(configuration.settings), book, now)


def _meant(which: str, configuration: Configuration) -> ProxyKey | Denied:
    """The client key of auth.json that has the name, or the fingerprint, *which*."""
    found = [key for key in configuration.auth.proxy_keys if which and which in (key.name, key.secret.fingerprint)]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(key.secret.fingerprint for key in found)
        return misused(f"{len(found)} client keys have that name", f"name one of them: {names}")
    if any(secret.fingerprint == which for secret in configuration.settings.proxy_api_keys):
        what = f"{which} stands in {VARIABLE}: its ceilings are the settings' (PROXY_LIMIT_…)"
        return stands_elsewhere(what, "give the program a key of its own: hr key create NAME --rpm 10")
    return not_found("there is no client key of that name or fingerprint", "see: hr key list")


def _client(key: ProxyKey, default: core.Ceilings, book: ClientBook, now: float) -> ClientLimits:
    fingerprint = key.secret.fingerprint
    return ClientLimits(
        fingerprint=fingerprint,
        name=key.name,
        source="auth.json",
        own=limits_of(key),
        holds=_ceilings(ceilings_of(key).or_else(default)),
        spent=_spent(book, fingerprint, now),
    )


def _ceilings(one: core.Ceilings) -> Ceilings:
    return Ceilings(
        rpm=one.rpm,
        req_per_day=one.requests_day,
        tokens_per_day=one.tokens_day,
        cost_per_day=one.cost_day_microusd / 1e6,
        concurrency=one.concurrency,
    )


def _spent(book: ClientBook, fingerprint: str, now: float) -> Spent:
    standing = book.standing(fingerprint, now)
    return Spent(
        at_once=standing.at_once,
        in_minute=standing.in_minute,
        requests=standing.requests,
        tokens=standing.tokens,
        cost_microusd=standing.cost_microusd,
    )
