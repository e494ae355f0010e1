"""How hard a model is to think, in the words of who is asked.

Clients say it as an effort, or as a budget of tokens (Anthropic's); most providers take low, medium and high alone.
The steps between budgets and efforts are those that Anthropic's and Google's own OpenAI layers use, as far as they say so.
"""

from typing import Final

from hrd.core.conversation import Reasoning
from hrd.core.providers import Provider

EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""All of them, in their order."""
BUDGETS: Final = {"minimal": 512, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 32768, "max": 128_000}
"""Effort → tokens to think with."""


def effort_of(reasoning: Reasoning) -> str:
    """The effort that is asked for, from a budget if need be; empty if none is."""
    if reasoning.is_off:
        return "none"
    if reasoning.effort or reasoning.budget_tokens is None:
        return reasoning.effort
    return next((effort for effort, budget in BUDGETS.items() if reasoning.budget_tokens <= budget), "max")


def budget_of(reasoning: Reasoning) -> int | None:
    """The budget that is asked for, from an effort if need be; None if none is."""
    if reasoning.budget_tokens is not None:
        return reasoning.budget_tokens
    return BUDGETS.get(reasoning.effort)


def nearest(effort: str, taken: tuple[str, ...]) -> str:
    """The one of *taken* that comes closest, the lower of two; empty for an effort that nobody knows."""
    if effort not in EFFORTS or not taken:
        return ""
    place = EFFORTS.index(effort)
    return min(taken, key=lambda each: (abs(EFFORTS.index(each) - place), EFFORTS.index(each)))


def is_untold(reasoning: Reasoning, provider: Provider, model: str) -> bool:
    """Whether something was asked for of which *provider* is told nothing. Who does not think, need not be told not to."""
    effort, thinks = effort_of(reasoning), provider.models_facts.get(model, provider.model_defaults).reasoning
    is_asked = thinks is True if effort == "none" else bool(effort)
    return is_asked and not effort_for(reasoning, provider, model)


def effort_for(reasoning: Reasoning, provider: Provider, model: str) -> str:
    """What *provider* is told for *model*; empty to tell it nothing.

    Who does not think is told nothing, nor who does not take `none` if that is asked for. A model of which nothing is known is
    told only what the client named as an effort: a budget is Anthropic's word, and says nothing of what this model can do."""
    thinks = provider.models_facts.get(model, provider.model_defaults).reasoning
    effort, taken = effort_of(reasoning), provider.quirks.efforts
    if thinks is False or not effort or (thinks is None and not reasoning.effort):
        return ""
    if effort == "none" and "none" not in taken:
        return ""
    return nearest(effort, tuple(each for each in taken if each != "none") if effort != "none" else taken)
