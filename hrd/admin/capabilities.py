"""Capabilities: what is known of a provider's model, forced or learned, in the words of the wire."""

from hrd.admin.wire.status import ModelLearned
from hrd.core.snapshot import PoolSnapshot

NOTHING_KNOWN = ModelLearned()


def capabilities_of(snapshot: PoolSnapshot, provider: str, model: str) -> ModelLearned:
    """What settings and catalogue say wins over what was learned. A context that a refusal named
    wins over both."""
    roster = snapshot.roster
    row = roster.providers[provider]
    facts = row.models_facts.get(model, row.model_defaults)
    learned = snapshot.learning.of(provider, model)
    listed = roster.contexts.get((provider, model))
    return ModelLearned(
        tools=facts.tools if facts.tools is not None else _flag(learned.get("tools")),
        vision=facts.vision if facts.vision is not None else _flag(learned.get("vision")),
        reasoning=facts.reasoning if facts.reasoning is not None else _flag(learned.get("reasoning")),
        context=learned.get("context") or facts.context or listed or row.context,
    )


def known_models(snapshot: PoolSnapshot, provider: str) -> dict[str, ModelLearned]:
    """The models that are asked, and those of which something was learned; those without a known fact are left out."""
    models = dict.fromkeys((*snapshot.roster.providers[provider].models, *snapshot.learning.models_of(provider)))
    found = {model: capabilities_of(snapshot, provider, model) for model in models}
    return {model: known for model, known in found.items() if known != NOTHING_KNOWN}


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)
