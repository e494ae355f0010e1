"""A pasted mistake is noticed; an odd key is warned about, not refused; nothing that is said holds the key."""

import pytest

from hrd.core.aliases import PROVIDERS
from hrd.core.key_shapes import KEY_CHARS_MAX, PREFIXES, is_placeholder, key_warning, unusable

TAIL = "test-not-a-key-1"


@pytest.mark.parametrize(("provider", "prefix"), [(name, prefix) for name, prefixes in PREFIXES.items() for prefix in prefixes])
def test_a_key_with_its_providers_prefix_looks_right(provider: str, prefix: str) -> None:
    assert key_warning(provider, prefix + TAIL) is None


@pytest.mark.parametrize("provider", sorted(set(PROVIDERS) - set(PREFIXES) - {"local"}))
def test_providers_without_a_known_shape_take_any_shape(provider: str) -> None:
    assert key_warning(provider, "aB3xyz." + TAIL) is None
    assert key_warning(provider, "sk-" + TAIL) is None


@pytest.mark.parametrize(
    ("provider", "key", "said"),
    [
        ("groq", "sk-or-v1-" + TAIL, "this looks like a key of openrouter, not of groq"),
        ("openai", "sk-ant-" + TAIL, "this looks like a key of anthropic, not of openai"),
        ("openai", "gsk_" + TAIL, "this looks like a key of groq, not of openai"),
        ("openrouter", "sk-" + TAIL, "this looks like a key of openai or kimi, not of openrouter"),
        ("mistral", "nvapi-" + TAIL, "this looks like a key of nvidia, not of mistral"),
        ("gemini", "zzzz" + TAIL, "keys of gemini usually begin with AIza or AQ."),
        ("groq", "gsk_123", "this has 7 characters: keys are longer, so part of it may be missing"),
        ("openai", "sk-router-" + TAIL, "this is a client key of hermes-router itself: no provider knows it"),
        ("groq", '"gsk_' + TAIL + '"', "this has quotes around it: give the key without them"),
        ("groq", "gsk_ " + TAIL, "this has white space or a character that no key has"),
        ("groq", "gsk_\u200b" + TAIL, "this has white space or a character that no key has"),
        ("groq", "gsk_your-key-here", "this holds a placeholder, not a key"),
        ("groq", "g" * (KEY_CHARS_MAX + 1), f"this is longer than {KEY_CHARS_MAX} characters"),
    ],
)
def test_what_is_odd_is_said_in_words_that_do_not_hold_the_key(provider: str, key: str, said: str) -> None:
    assert key_warning(provider, key) == said
    assert TAIL not in said


def test_a_local_model_takes_any_word_as_a_key() -> None:
    assert key_warning("local", "key") is None


WORDS = (
    "your-key-here YOUR_API_KEY yourkeyhere <key> ${KEY} {{key}} xxxx XXXXXXXX ... … *** --- sk-... sk-xxxx gsk_xxxxxxxx"
    " AIza... hf_your_token changeme change-me replace_me none null key insert-key-here api_key API-KEY token"
    " TODO sk-or-your-key replace-with-your-key"
)


@pytest.mark.parametrize("text", ["", " ", "paste your key here", *WORDS.split()])
def test_what_a_template_left_is_no_key(text: str) -> None:
    assert is_placeholder(text)
    assert unusable(text) == "holds a placeholder, not a key"


@pytest.mark.parametrize(
    "text", ["gsk_test-not-a-key-1", "sk-proj-abc", "hereby123", "keykeykey1", "abc.def", "xx1", "mysterious"]
)
def test_a_key_is_no_placeholder(text: str) -> None:
    assert unusable(text) is None
