"""What models take, by their names."""

import pytest

from hrd.core.providers import ModelFacts, Provider
from hrd.dialects.anthropic_models import MAX_TOKENS, UNKNOWN, effort_of, family_of, output_limit_of


@pytest.mark.parametrize(
    ("model", "thinks", "adaptive", "efforts", "samples", "formats", "prefills", "mid_system"),
    [
        ("claude-3-5-haiku-20241022", False, False, 0, True, False, True, False),
        ("claude-3-7-sonnet-20250219", True, False, 0, True, False, True, False),
        ("claude-sonnet-4-20250514", True, False, 0, True, False, True, False),
        ("claude-opus-4-1-20250805", True, False, 0, True, False, True, False),
        ("claude-haiku-4-5-20251001", True, False, 0, True, True, True, False),
        ("claude-opus-4-5", True, False, 3, True, True, True, False),
        ("anthropic/claude-opus-4.6", True, True, 4, True, True, False, False),
        ("claude-opus-4-7", True, True, 5, False, True, False, False),
        ("claude-opus-4-8", True, True, 5, False, True, False, True),
        ("claude-haiku-5-5", True, True, 5, False, True, False, True),
        ("claude-sonnet-5", True, True, 5, False, True, False, True),
        ("claude-mythos-preview", True, True, 5, False, True, False, True),
        ("claude-fable-5-2", True, True, 5, False, True, False, True),
        ("kimi-k2", True, False, 0, True, False, True, False),
    ],
)
def test_families(
    model: str, thinks: bool, adaptive: bool, efforts: int, samples: bool, formats: bool, prefills: bool, mid_system: bool
) -> None:
    family = family_of(model)
    assert (family.thinks, family.is_adaptive, len(family.efforts)) == (thinks, adaptive, efforts)
    assert (family.samples, family.has_formats, family.prefills, family.mid_system) == (samples, formats, prefills, mid_system)


def test_who_is_not_known_takes_what_all_took_once() -> None:
    assert family_of("glm-4.7") == UNKNOWN


@pytest.mark.parametrize(("wanted", "sent"), [("minimal", "low"), ("medium", "medium"), ("xhigh", "high"), ("max", "max")])
def test_efforts_are_taken_from_below(wanted: str, sent: str) -> None:
    assert family_of("claude-opus-4-6").effort(wanted) == sent


def test_an_effort_that_nobody_knows_is_the_least() -> None:
    assert family_of("claude-opus-5").effort("some") == "low"


@pytest.mark.parametrize(
    ("budget", "effort"), [(512, "low"), (1024, "low"), (5000, "medium"), (20000, "high"), (32000, "xhigh"), (10**6, "max")]
)
def test_budgets_stand_for_efforts(budget: int, effort: str) -> None:
    assert effort_of(budget) == effort


def test_the_output_limit_that_nobody_asked_for() -> None:
    small = {"m-1": ModelFacts(max_output=8000)}
    provider = Provider(name="a", base_url="http://a.test", models_facts=small)
    assert (output_limit_of(provider, "m-1"), output_limit_of(provider, "m-2")) == (8000, MAX_TOKENS)
    assert output_limit_of(Provider(name="a", base_url="http://a.test", max_output_tokens=500), "m-1") == 500
