"""`hr doctor --probe`: a model was seen to think first, or not to."""

from hrd.admin.capabilities import capabilities_of
from hrd.admin.denied import Denied, not_found
from hrd.admin.provider_names import provider_meant
from hrd.admin.wire.doctor import ReasoningFound, ReasoningNoted
from hrd.core.facts import ReasoningSeen
from hrd.pool import Pool
from hrd.store.contract import Store


def note_reasoning(ask: ReasoningFound, pool: Pool, store: Store, now: float) -> ReasoningNoted | Denied:
    """Kept like everything that is learned of a model, for as long."""
    provider = provider_meant(ask.provider, pool.roster.providers)
    if isinstance(provider, Denied):
        return provider
    row = pool.roster.providers.get(provider)
    if row is None or ask.model not in {*row.models, *pool.roster.listed}:
        return not_found(f"{provider} has no such model", f"see: hr model list {provider}")
    store.commit_nowait(pool.apply(ReasoningSeen(provider=provider, model=ask.model, reasoning=ask.reasoning), now))
    known = capabilities_of(pool.snapshot(now), provider, ask.model)
    return ReasoningNoted(provider=provider, model=ask.model, reasoning=known.reasoning)
