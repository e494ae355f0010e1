"""What a chat request is estimated at: text as text, pictures and sound not as text."""

import base64
import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.estimate import estimate_tokens
from hrd.dialects.prompt import IMAGE_TOKENS, measure_file, measure_items, measure_prompt

PICTURE = "data:image/png;base64," + base64.b64encode(bytes(range(256)) * 400).decode()


def measure(*messages: dict[str, object], tools: bytes = b"", images: int = 0, has_blobs: bool = False) -> int:
    return measure_prompt(json.dumps(messages).encode(), len(messages), images, tools, has_blobs=has_blobs)


def picture(url: str = PICTURE) -> dict[str, object]:
    return {"type": "image_url", "image_url": {"url": url}}


def test_a_short_conversation_counts_its_text_and_a_few_marks_a_message() -> None:
    text = "Say hello to the world, in one sentence please."
    tokens = measure({"role": "user", "content": text})
    assert tokens == 18
    assert 0 < tokens - estimate_tokens(text.encode()) < 10


def test_tools_count() -> None:
    tools = b'[{"type":"function","function":{"name":"look","parameters":{"type":"object"}}}]'
    message: dict[str, object] = {"role": "user", "content": "hi"}
    assert measure(message, tools=tools) - measure(message) == estimate_tokens(tools) == 33


def test_a_picture_counts_as_a_picture_and_not_as_its_base64() -> None:
    asked = {"type": "text", "text": "What is this?"}
    bare = measure({"role": "user", "content": [asked]})
    tokens = measure({"role": "user", "content": [asked, picture(), picture()]}, images=2, has_blobs=True)
    assert 0 < tokens - bare - 2 * IMAGE_TOKENS < 60


def test_sound_does_not_count_as_its_base64() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "A" * 100_000, "format": "wav"}}
    assert measure({"role": "user", "content": [sound]}, has_blobs=True) < 60


def test_a_text_that_speaks_of_base64_counts_on_behind_it() -> None:
    said = ({"role": "user", "content": "see ;base64, there"}, {"role": "user", "content": "word " * 1000})
    assert measure(*said, has_blobs=True) > 900


@given(st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": st.text(max_size=80)}), min_size=1, max_size=5))
def test_any_text_has_a_positive_estimate(messages: list[dict[str, object]]) -> None:
    assert measure(*messages) >= 1


def test_files_count_by_their_text_or_their_pages() -> None:
    def raw(value: object) -> msgspec.Raw:
        return msgspec.Raw(msgspec.json.encode(value))

    assert measure_file(raw("data:text/plain;base64," + "A" * 1600)) == 304
    assert measure_file(raw("data:application/pdf;base64," + "A" * 3000)) == IMAGE_TOKENS
    assert measure_file(raw("data:application/pdf;base64," + "A" * 90_000)) == 3 * IMAGE_TOKENS
    assert measure_file(raw("https://example.org/a.pdf")) == measure_file(raw(None)) == 0


def test_items_count_by_what_they_say() -> None:
    image = {"type": "input_image", "image_url": PICTURE}
    text = "Say hello to the world, in one sentence please."
    said = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    sealed = {"type": "reasoning", "summary": [], "encrypted_content": "gAAAA" * 10_000}
    plain = measure_items(json.dumps([said]).encode(), 2, 0, b"", has_blobs=False, has_seals=False)
    full = measure_items(json.dumps([said, image, sealed]).encode(), 4, 1, b"", has_blobs=True, has_seals=True)
    assert 0 < plain - estimate_tokens(text.encode()) < 20
    assert 0 <= full - plain - IMAGE_TOKENS < 30
    tools = b'[{"type":"function","name":"f"}]'
    assert measure_items(b'"hi"', 0, 0, tools, has_blobs=False, has_seals=False) > measure_items(
        b'"hi"', 0, 0, b"", has_blobs=False, has_seals=False
    )
