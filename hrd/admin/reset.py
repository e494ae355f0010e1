"""`hr reset`: lift blocks by hand."""

from collections.abc import Callable

from hrd.admin.denied import Denied, misused, not_found
from hrd.admin.provider_names import provider_meant
from hrd.admin.wire.quota import BlockLifted, ResetDone, ResetRequest
from hrd.core.blocks import is_in_force
from hrd.core.facts import Reset
from hrd.core.remembered import BlockLifted as LiftedRow
from hrd.pool import Pool
from hrd.store.contract import Store


def reset(ask: ResetRequest, pool: Pool, store: Store, release: Callable[[], None], now: float) -> ResetDone | Denied:
    """Lift what is meant; named are the blocks that stood until now. *release* lets refusals be asked for anew."""
    fact = _meant(ask, pool)
    if isinstance(fact, Denied):
        return fact
    stood = {(block.scope, block.reason) for block in pool.snapshot(now).blocks if is_in_force(block, now)}
    rows = pool.apply(fact, now)
    release()
    store.commit_nowait(rows)
    lifted = [row for row in rows if isinstance(row, LiftedRow) and (row.scope, row.reason) in stood]
    return ResetDone(lifted=tuple(BlockLifted(scope=row.scope, reason=row.reason) for row in lifted))


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
