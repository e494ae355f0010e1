"""`hr reset`: lift blocks by hand."""

from collections.abc import Callable

from hrd.admin.denied import Denied, misused, not_found
from hrd.admin.provider_names import provider_meant
from hrd.admin.quota import title_of
from hrd.admin.standing import candidates_of
from hrd.admin.wire.quota import BlockLifted, ResetDone, ResetRequest
from hrd.core.blocks import is_in_force
from hrd.core.facts import Reset
from hrd.core.quota.window import PROVIDER
from hrd.core.remembered import BlockLifted as LiftedRow
from hrd.core.snapshot import PoolSnapshot
from hrd.pool import Pool
from hrd.store.contract import Store


def reset(ask: ResetRequest, pool: Pool, store: Store, release: Callable[[], None], now: float) -> ResetDone | Denied:
    """Lift what is meant; named are the blocks that stood until now. *release* lets refusals be asked for anew."""
    fact = _meant(ask, pool)
    if isinstance(fact, Denied):
        return fact
    snapshot = pool.snapshot(now)
    stood = {(block.scope, block.reason) for block in snapshot.blocks if is_in_force(block, now)}
    were_full = _used_up(snapshot, now)
    rows = pool.apply(fact, now)
    release()
    store.commit_nowait(rows)
    lifted = [(row.scope, row.reason) for row in rows if isinstance(row, LiftedRow) and (row.scope, row.reason) in stood]
    opened = sorted((scope, f"{kind} used up") for scope, kind in were_full - _used_up(snapshot, now))
    return ResetDone(lifted=tuple(_lifted(scope, reason) for scope, reason in (*lifted, *opened)))


def _lifted(scope: str, reason: str) -> BlockLifted:
    return BlockLifted(scope=scope, reason=reason, title=title_of(scope))


def _used_up(snapshot: PoolSnapshot, now: float) -> set[tuple[str, str]]:
    """Windows of which, by their provider's word, nothing is left."""
    scopes = [scope for name in snapshot.roster.enabled for one in candidates_of(snapshot, name) for scope in one.scopes]
    windows = snapshot.book.windows_at(scopes, now)
    return {(one.scope, one.kind) for one in windows if one.is_known and one.owner == PROVIDER and not one.left}


def _meant(ask: ResetRequest, pool: Pool) -> Reset | Denied:
    if bool(ask.provider) + bool(ask.fingerprint) + ask.all != 1:
        return misused("say what to reset: one provider, one fingerprint, or all", "see what is blocked: hr quota")
    if ask.all:
        return Reset()
    roster = pool.roster
    if ask.fingerprint:
        known = {one.fingerprint for group in roster.credentials.values() for one in group}
        if ask.fingerprint not in known:
            return not_found("there is no credential of that fingerprint", "see them: hr auth list")
        return Reset(credential=ask.fingerprint)
    provider = provider_meant(ask.provider, roster.providers)
    return provider if isinstance(provider, Denied) else Reset(provider=provider)
