"""How much a model is to think, by what was asked and by its family."""

from typing import Any

import pytest

from hrd.core.conversation import Choosing, Conversation, Reasoning, ToolChoice
from hrd.dialects.anthropic_models import family_of
from hrd.dialects.anthropic_thinking import Thought, think
from tests.hrd.dialects.anthropic import user

BY_BUDGET, ADAPTIVE, WITHOUT = "claude-haiku-4-5", "claude-opus-4-6", "claude-3-5-haiku"
SUMMARIZED = {"type": "adaptive", "display": "summarized"}


def thought(
    model: str,
    reasoning: Reasoning,
    *,
    max_tokens: int = 100_000,
    choice: ToolChoice | None = None,
    is_loop_without: bool = False,
) -> Thought:
    conversation = Conversation(turns=(user(),), reasoning=reasoning, tool_choice=choice)
    return think(conversation, family_of(model), max_tokens, is_loop_without=is_loop_without)


@pytest.mark.parametrize(
    ("model", "reasoning", "thinking", "effort"),
    [
        (BY_BUDGET, Reasoning(), None, ""),
        (BY_BUDGET, Reasoning(effort="low"), {"type": "enabled", "budget_tokens": 1024}, ""),
        (BY_BUDGET, Reasoning(effort="high"), {"type": "enabled", "budget_tokens": 24576}, ""),
        (BY_BUDGET, Reasoning(effort="max"), {"type": "enabled", "budget_tokens": 50_000}, ""),
        (BY_BUDGET, Reasoning(budget_tokens=2000), {"type": "enabled", "budget_tokens": 2000}, ""),
        (BY_BUDGET, Reasoning(is_adaptive=True), {"type": "enabled", "budget_tokens": 8192}, ""),
        (BY_BUDGET, Reasoning(effort="none"), {"type": "disabled"}, ""),
        (BY_BUDGET, Reasoning(is_off=True), {"type": "disabled"}, ""),
        (ADAPTIVE, Reasoning(effort="minimal"), SUMMARIZED, "low"),
        (ADAPTIVE, Reasoning(effort="xhigh"), SUMMARIZED, "high"),
        (ADAPTIVE, Reasoning(budget_tokens=8000), SUMMARIZED, "medium"),
        (ADAPTIVE, Reasoning(is_adaptive=True), SUMMARIZED, ""),
        ("claude-opus-5", Reasoning(effort="xhigh"), SUMMARIZED, "xhigh"),
        ("claude-opus-4-5", Reasoning(effort="high"), {"type": "enabled", "budget_tokens": 24576}, "high"),
        (WITHOUT, Reasoning(is_off=True), None, ""),
    ],
)
def test_what_is_sent(model: str, reasoning: Reasoning, thinking: dict[str, Any] | None, effort: str) -> None:
    assert thought(model, reasoning) == Thought(thinking=thinking, effort=effort)


def test_a_model_that_cannot_think_is_not_asked_to() -> None:
    assert thought(WITHOUT, Reasoning(effort="high")) == Thought(notes=("reasoning left out: the model has none",))


@pytest.mark.parametrize("choice", [ToolChoice(Choosing.REQUIRED), ToolChoice(Choosing.ONE, "f")])
@pytest.mark.parametrize("model", [BY_BUDGET, ADAPTIVE])
def test_a_forced_call_rules_thinking_out(model: str, choice: ToolChoice) -> None:
    told = thought(model, Reasoning(effort="high"), choice=choice)
    assert (told.thinking, told.is_on) == ({"type": "disabled"}, False)
    assert told.notes == ("thinking switched off: the tool choice forces a call",)


def test_an_open_loop_without_thinking_rules_a_budget_out_and_adaptive_thinking_not() -> None:
    told = thought(BY_BUDGET, Reasoning(effort="high"), is_loop_without=True)
    assert (told.thinking, told.notes) == ({"type": "disabled"}, ("thinking switched off: the open tool loop began without",))
    assert thought(ADAPTIVE, Reasoning(effort="high"), is_loop_without=True).is_on


def test_a_budget_leaves_room_for_the_answer_or_is_none() -> None:
    assert thought(BY_BUDGET, Reasoning(effort="high"), max_tokens=4000).thinking == {"type": "enabled", "budget_tokens": 2000}
    told = thought(BY_BUDGET, Reasoning(effort="high"), max_tokens=2047)
    assert told.notes == ("thinking switched off: max_tokens of 2047 leaves no room for it",)
