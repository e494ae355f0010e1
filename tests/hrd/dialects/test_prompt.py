"""What a chat request is estimated at: text as text, pictures and sound not as text."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.estimate import estimate_tokens
from hrd.dialects.prompt import IMAGE_TOKENS, measure_items, measure_prompt

PICTURE = "data:image/png;base64," + base64.b64encode(bytes(range(256)) * 400).decode()


def measure(*messages: dict[str, object], tools: bytes = b"") -> tuple[int, int]:
    return measure_prompt(json.dumps(messages).encode(), len(messages), tools)


def picture(url: str = PICTURE) -> dict[str, object]:
    return {"type": "image_url", "image_url": {"url": url}}


def test_a_short_conversation_counts_its_text_and_a_few_marks_a_message() -> None:
    text = "Say hello to the world, in one sentence please."
    tokens, images = measure({"role": "user", "content": text})
    assert (tokens, images) == (18, 0)
    assert 0 < tokens - estimate_tokens(text.encode()) < 10


def test_tools_count() -> None:
    tools = b'[{"type":"function","function":{"name":"look","parameters":{"type":"object"}}}]'
    message: dict[str, object] = {"role": "user", "content": "hi"}
    assert measure(message, tools=tools)[0] - measure(message)[0] == estimate_tokens(tools) == 33


def test_a_picture_counts_as_a_picture_and_not_as_its_base64() -> None:
    bare, _ = measure({"role": "user", "content": [{"type": "text", "text": "What is this?"}]})
    tokens, images = measure({"role": "user", "content": [{"type": "text", "text": "What is this?"}, picture(), picture()]})
    assert images == 2
    assert 0 < tokens - bare - 2 * IMAGE_TOKENS < 60


def test_a_picture_behind_a_link_counts_too() -> None:
    assert measure({"role": "user", "content": [picture("https://example.org/cat.png")]})[1] == 1


def test_sound_does_not_count_as_its_base64() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "A" * 100_000, "format": "wav"}}
    tokens, images = measure({"role": "user", "content": [sound]})
    assert (tokens < 60, images) == (True, 0)


@pytest.mark.parametrize(
    "content",
    [
        "image_url",
        'I wrote {"type": "image_url"} by hand',
        [{"type": "text", "text": "image_url"}],
        [{"type": 5, "image_url": 1}],
        {"image_url": 1},
        ["image_url"],
    ],
)
def test_the_word_alone_is_no_picture(content: object) -> None:
    assert measure({"role": "user", "content": content})[1] == 0


def test_a_text_that_speaks_of_base64_counts_on_behind_it() -> None:
    tokens, _ = measure({"role": "user", "content": "see ;base64, there"}, {"role": "user", "content": "word " * 1000})
    assert tokens > 900


@given(st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": st.text(max_size=80)}), min_size=1, max_size=5))
def test_any_text_has_a_positive_estimate(messages: list[dict[str, object]]) -> None:
    assert measure(*messages)[0] >= 1


def test_items_count_by_what_they_say() -> None:
    image = {"type": "input_image", "image_url": PICTURE}
    text = "Say hello to the world, in one sentence please."
    said = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    sealed = {"type": "reasoning", "summary": [], "encrypted_content": "gAAAA" * 10_000}
    (plain, none), (full, one) = (measure_items(json.dumps(items).encode(), b"") for items in ([said], [said, image, sealed]))
    assert (none, one) == (0, 1)
    assert 0 < plain - estimate_tokens(text.encode()) < 20
    assert 0 <= full - plain - IMAGE_TOKENS < 30
    assert measure_items(b'"hi"', b'[{"type":"function","name":"f"}]')[0] > measure_items(b'"hi"', b"")[0]
