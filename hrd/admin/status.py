"""`hr status`, and what a client may see of it."""

from collections import Counter

import msgspec

from hrd.admin.capabilities import known_models
from hrd.admin.forecast import next_out
from hrd.admin.standing import Hindrances, Standing, candidates_of
from hrd.admin.wire.status import CredentialStatus, Finishing, ProviderState, ProviderStatus, Status, StoreStatus
from hrd.core.access import Caller
from hrd.core.providers import Credential, Provider
from hrd.core.remembered import DayCounts
from hrd.core.snapshot import PoolSnapshot
from hrd.store.contract import StoreHealth
from hrd.upstream.accounts.accounts import Lapse
from hrd.upstream.accounts.renewal import SIGN_IN


class DaemonFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What only the daemon knows of itself."""

    version: str
    pid: int
    uptime_s: float
    endpoint: str
    listening: bool
    draining: bool
    in_flight: int
    connections: int
    finishing: tuple[Finishing, ...] = ()
    troubles: tuple[str, ...] = ()
    """What is wrong with the files as they stand; the last good settings hold."""
    lapses: tuple[Lapse, ...] = ()
    """Accounts that have to sign in again."""
    unstored: tuple[str, ...] = ()
    """Accounts whose renewed login the disk does not take."""


def status_of(snapshot: PoolSnapshot, facts: DaemonFacts, health: StoreHealth, now: float) -> Status:
    """The whole picture. A retired provider without a key is not in it: nobody is missing it."""
    roster = snapshot.roster
    hindrances = Hindrances(snapshot, now, facts.lapses)
    troubles = [f"not taken, the last good settings hold: {trouble}" for trouble in facts.troubles]
    return Status(
        version=facts.version,
        pid=facts.pid,
        now=now,
        uptime_s=facts.uptime_s,
        mode=roster.mode,
        endpoint=facts.endpoint,
        listening=facts.listening,
        providers=tuple(
            provider_status(snapshot, hindrances, provider)
            for name, provider in roster.providers.items()
            if roster.credentials.get(name) or not provider.retired
        ),
        store=msgspec.convert(health, StoreStatus, from_attributes=True),
        draining=facts.draining,
        demo=roster.demo,
        in_flight=facts.in_flight,
        connections=facts.connections,
        finishing=facts.finishing,
        next_out=next_out(snapshot, now),
        warnings=(*troubles, *_of_accounts(facts), *roster.warnings),
    )


def _of_accounts(facts: DaemonFacts) -> list[str]:
    """What the user must do for accounts, while there is time or after."""
    lapsed = [
        f"{one.fingerprint} {'cannot be asked' if one.ends_at is None else 'can be asked only until its token ends'}: "
        f"its login is over, {one.why or 'it came without a refresh token'}. Type: {SIGN_IN}"
        for one in facts.lapses
        if one.again_at is None
    ]
    return lapsed + [
        f"{name}: its renewed login cannot be written to auth.json, and is lost if hrd ends now; writing is tried again"
        for name in facts.unstored
    ]


def status_for_client(status: Status, caller: Caller) -> Status:
    """What the holder of a client key may see: nothing of where keys stand or whose they are, of files, or of providers that
    the key may not use."""
    allowed = [one for one in status.providers if not caller.allowed_providers or one.name in caller.allowed_providers]
    providers = tuple(
        msgspec.structs.replace(
            one,
            credentials=tuple(msgspec.structs.replace(key, label="", source="", account="") for key in one.credentials),
        )
        for one in allowed
    )
    store = StoreStatus(state=status.store.state, rows_waiting=status.store.rows_waiting, rows_max=status.store.rows_max)
    return msgspec.structs.replace(status, providers=providers, store=store, next_out=None, warnings=())


def provider_status(snapshot: PoolSnapshot, hindrances: Hindrances, provider: Provider) -> ProviderStatus:
    name = provider.name
    credentials = snapshot.roster.credentials.get(name, ())
    off = why_off(snapshot, provider)
    candidates = candidates_of(snapshot, name)
    standings = [Standing(off[0]) if off else hindrances.standing_of(one, candidates) for one in credentials]
    state, reason, until = (*off, None) if off else _together(standings)
    rows = tuple(_credential(snapshot, provider, one, standing) for one, standing in zip(credentials, standings, strict=True))
    today = snapshot.today_by_provider.get(name, DayCounts(provider=name, credential=""))
    latencies = [one.latency_ms for one in rows if one.latency_ms is not None]
    return ProviderStatus(
        name=name,
        state=state,
        mode=snapshot.roster.mode_of(name),
        reason=reason,
        until=until,
        cost_class=provider.first_class,
        models=provider.models,
        credentials=rows,
        in_flight=sum(one.in_flight for one in rows),
        requests_today=today.requests,
        errors_today=today.errors,
        tokens_today=today.input_tokens + today.output_tokens,
        latency_ms=min(latencies, default=None),
        learned=known_models(snapshot, name),
    )


def why_off(snapshot: PoolSnapshot, provider: Provider) -> tuple[str, str] | None:
    """State and reason of a provider that is not asked, whatever its credentials."""
    if not snapshot.roster.credentials.get(provider.name):
        return ProviderState.NO_KEY, ""
    if provider.retired:
        return ProviderState.RETIRED, provider.retired
    reason = snapshot.roster.off.get(provider.name)
    return None if reason is None else (ProviderState.OFF, reason)


def _together(standings: list[Standing]) -> tuple[str, str, float | None]:
    """A provider's state out of its credentials': its reason is theirs where they agree."""
    able = sum(standing.can_be_asked for standing in standings)
    if able:
        return (ProviderState.READY if able == len(standings) else ProviderState.PARTLY), "", None
    reasons = Counter(standing.reason for standing in standings)
    first = min((standing.until for standing in standings if standing.until is not None), default=None)
    return ProviderState.BLOCKED, next(iter(reasons)) if len(reasons) == 1 else "", first


def _credential(snapshot: PoolSnapshot, provider: Provider, one: Credential, standing: Standing) -> CredentialStatus:
    today = snapshot.today.get((provider.name, one.fingerprint), DayCounts(provider=provider.name, credential=one.fingerprint))
    return CredentialStatus(
        fingerprint=one.fingerprint,
        state=standing.state,
        reason=standing.reason,
        until=standing.until,
        label=one.label,
        source=one.source,
        account=one.account,
        cost_class=one.cost_class.name.lower() if one.cost_class is not None else provider.first_class,
        in_flight=snapshot.in_flight.get(one.fingerprint, 0),
        requests_today=today.requests,
        errors_today=today.errors,
        tokens_today=today.input_tokens + today.output_tokens,
        latency_ms=snapshot.latency_ms.get(one.fingerprint),
    )
