"""How much a model behind the Messages API is to think, and what it does not take while it thinks.

Thinking has a budget of tokens within `max_tokens`, or is adaptive with an effort, by model family. With it on, temperature and
top_k are refused, and so is a tool choice that forces a call. See https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking
"""

from typing import Any, Final

import msgspec

from hrd.core.conversation import Choosing, Conversation, Reasoning
from hrd.dialects.anthropic_models import BUDGET_MIN, BUDGETS, Family, effort_of

_FORCING: Final = (Choosing.REQUIRED, Choosing.ONE)


class Thought(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent about thinking."""

    thinking: dict[str, Any] | None = None
    effort: str = ""
    notes: tuple[str, ...] = ()

    @property
    def is_on(self) -> bool:
        return self.thinking is not None and self.thinking["type"] != "disabled"


def think(conversation: Conversation, family: Family, max_tokens: int, *, is_loop_without: bool) -> Thought:
    """What to send for *conversation*. *is_loop_without*: results are owed to a turn that began without a thinking block."""
    wanted = conversation.reasoning
    if not _is_wanted(wanted):
        return Thought(thinking={"type": "disabled"} if family.thinks and _is_refused(wanted) else None)
    if not family.thinks:
        return Thought(notes=("reasoning left out: the model has none",))
    effort = _effort(wanted, family)
    choice = conversation.tool_choice
    if choice is not None and choice.mode in _FORCING:
        return _off(effort, "the tool choice forces a call")
    if family.is_adaptive:
        return Thought(thinking={"type": "adaptive", "display": "summarized"}, effort=effort)
    if is_loop_without:
        return _off(effort, "the open tool loop began without")
    budget = min(_budget(wanted), max_tokens // 2)
    if budget < BUDGET_MIN:
        return _off(effort, f"max_tokens of {max_tokens} leaves no room for it")
    return Thought(thinking={"type": "enabled", "budget_tokens": budget}, effort=effort)


def _is_wanted(wanted: Reasoning) -> bool:
    return not _is_refused(wanted) and bool(wanted.effort or wanted.budget_tokens or wanted.is_adaptive)


def _is_refused(wanted: Reasoning) -> bool:
    return wanted.is_off or wanted.effort == "none"


def _off(effort: str, why: str) -> Thought:
    return Thought(thinking={"type": "disabled"}, effort=effort, notes=(f"thinking switched off: {why}",))


def _effort(wanted: Reasoning, family: Family) -> str:
    if not family.efforts:
        return ""
    if wanted.effort:
        return family.effort(wanted.effort)
    return family.effort(effort_of(wanted.budget_tokens)) if wanted.budget_tokens else ""


def _budget(wanted: Reasoning) -> int:
    if wanted.budget_tokens is not None:
        return wanted.budget_tokens
    return BUDGETS.get(wanted.effort, BUDGETS["medium"])
