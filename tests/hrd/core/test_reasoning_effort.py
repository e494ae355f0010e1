"""How hard to think, in everybody's words."""

import pytest

from hrd.core.conversation import Reasoning
from hrd.core.providers import ModelFacts, Provider, Quirks
from hrd.core.reasoning_effort import BUDGETS, EFFORTS, budget_of, effort_for, effort_of, is_untold, nearest


def provider(*, thinks: bool | None, efforts: tuple[str, ...] = ("low", "medium", "high")) -> Provider:
    return Provider(
        name="alpha",
        base_url="http://alpha.test/v1",
        models_facts={"m": ModelFacts(reasoning=thinks)},
        quirks=Quirks(efforts=efforts),
    )


@pytest.mark.parametrize(
    ("reasoning", "effort"),
    [
        (Reasoning(), ""),
        (Reasoning(effort="high"), "high"),
        (Reasoning(effort="high", budget_tokens=1), "high"),
        (Reasoning(budget_tokens=1024), "low"),
        (Reasoning(budget_tokens=1025), "medium"),
        (Reasoning(budget_tokens=24576), "high"),
        (Reasoning(budget_tokens=10**6), "max"),
        (Reasoning(is_off=True, effort="high"), "none"),
    ],
)
def test_an_effort_from_whatever_was_said(reasoning: Reasoning, effort: str) -> None:
    assert effort_of(reasoning) == effort


def test_a_budget_from_whatever_was_said() -> None:
    assert budget_of(Reasoning(budget_tokens=7, effort="low")) == 7
    assert budget_of(Reasoning(effort="low")) == 1024
    assert budget_of(Reasoning(effort="none")) is None
    assert set(BUDGETS) < set(EFFORTS)


@pytest.mark.parametrize(
    ("effort", "taken", "found"),
    [
        ("xhigh", ("low", "medium", "high"), "high"),
        ("minimal", ("low", "medium", "high"), "low"),
        ("medium", ("low", "high"), "low"),
        ("heroic", ("low",), ""),
        ("low", (), ""),
    ],
)
def test_the_nearest_that_is_taken(effort: str, taken: tuple[str, ...], found: str) -> None:
    assert nearest(effort, taken) == found


@pytest.mark.parametrize(
    ("thinks", "reasoning", "told"),
    [
        (True, Reasoning(effort="max"), "high"),
        (True, Reasoning(budget_tokens=500), "low"),
        (None, Reasoning(effort="low"), "low"),
        (None, Reasoning(budget_tokens=500), ""),
        (False, Reasoning(effort="low"), ""),
        (True, Reasoning(effort="none"), ""),
        (True, Reasoning(), ""),
    ],
)
def test_who_is_told_what(thinks: bool | None, reasoning: Reasoning, told: str) -> None:
    assert effort_for(reasoning, provider(thinks=thinks), "m") == told


@pytest.mark.parametrize(
    ("thinks", "reasoning", "is_so"),
    [
        (True, Reasoning(effort="max"), False),
        (None, Reasoning(budget_tokens=500), True),
        (False, Reasoning(effort="low"), True),
        (True, Reasoning(effort="none"), True),
        (None, Reasoning(effort="none"), False),
        (False, Reasoning(is_off=True), False),
        (False, Reasoning(), False),
    ],
)
def test_who_is_told_nothing_though_something_was_asked_for(thinks: bool | None, reasoning: Reasoning, is_so: bool) -> None:
    assert is_untold(reasoning, provider(thinks=thinks), "m") is is_so


def test_none_is_told_to_who_takes_it_and_is_nobodys_nearest() -> None:
    takes = provider(thinks=True, efforts=("none", "low"))
    assert effort_for(Reasoning(is_off=True), takes, "m") == "none"
    assert effort_for(Reasoning(effort="minimal"), takes, "m") == "low"
