"""Providers as people name them."""

import pytest

from hrd.admin.denied import Denied
from hrd.admin.provider_names import provider_meant


@pytest.mark.parametrize(
    ("text", "name"), [("groq", "groq"), (" Groq ", "groq"), ("HF", "huggingface"), ("z-ai", "zai"), ("demo_fine", "demo_fine")]
)
def test_names_aliases_and_the_demos_own(text: str, name: str) -> None:
    assert provider_meant(text, {"demo_fine"}) == name


def test_a_demo_is_unknown_when_none_runs() -> None:
    found = provider_meant("demo_fine")
    assert isinstance(found, Denied)
    assert found.status == 404


def test_a_mistake_is_answered_with_what_was_meant_and_a_stranger_with_all_names() -> None:
    assert provider_meant("opnrouter") == Denied(404, "there is no provider 'opnrouter'", "did you mean openrouter?")
    found = provider_meant("thing")
    assert isinstance(found, Denied)
    assert found.hint.startswith("there are gemini, openrouter, ")


def test_a_name_that_is_known_twice_is_listed_once() -> None:
    found = provider_meant("thing", ["groq", "demo_fine"])
    assert isinstance(found, Denied)
    assert found.hint.count("groq") == 1
    assert found.hint.endswith(", local, demo_fine")


def test_a_long_word_is_not_repeated_for_it_may_be_a_key() -> None:
    found = provider_meant("gsk_test-not-a-key-1-and-much-longer")
    assert isinstance(found, Denied)
    assert "gsk_" not in found.message + found.hint
