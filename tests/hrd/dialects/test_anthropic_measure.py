"""How much a Messages request says."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hrd.dialects.anthropic_asked import read_messages
from hrd.dialects.anthropic_measure import blocks_of, measure, shown_in
from hrd.dialects.prompt import IMAGE_TOKENS

ROWS = msgspec.json.decode((Path(__file__).parents[2] / "data" / "token-counts.json").read_bytes())["rows"]
BLOB = "QUJD" * 20_000


def measured(*messages: dict[str, Any], **members: Any) -> tuple[int, int]:
    fields = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in ({"messages": messages} | members).items()}
    read = read_messages(fields["messages"])
    blocks = blocks_of([message.content for message in read])
    return measure(fields, read, [*blocks, *shown_in(blocks)])


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
@pytest.mark.parametrize("shape", ["text", "blocks", "system", "cached"])
def test_texts_of_all_kinds_count_within_the_bounds(row: dict[str, Any], shape: str) -> None:
    text = row["text"]
    block = {"type": "text", "text": text}
    match shape:
        case "text":
            tokens, _ = measured(user(text))
        case "blocks":
            tokens, _ = measured(user([block]))
        case "cached":
            tokens, _ = measured(user([block | {"cache_control": {"type": "ephemeral"}}]))
        case _:
            tokens, _ = measured(user("."), system=text)
    for encoding in ("cl100k_base", "o200k_base"):
        counted = row[encoding]
        assert 0.9 * counted <= tokens <= 1.25 * counted + 8


def test_a_picture_counts_as_one_however_large_its_data() -> None:
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": BLOB}}
    tokens, images = measured(user([picture, {"type": "text", "text": "What is it?"}]))
    assert (images, IMAGE_TOKENS < tokens < IMAGE_TOKENS + 60) == (1, True)
    result = {"type": "tool_result", "tool_use_id": "1", "content": [picture, picture]}
    assert measured(user([result]))[1] == 2


def test_a_document_counts_by_its_pages() -> None:
    document = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": BLOB}}
    tokens, images = measured(user([document]))
    assert (images, 2 * IMAGE_TOKENS <= tokens < 2 * IMAGE_TOKENS + 60) == (0, True)


def test_signatures_count_nothing() -> None:
    thinking = {"type": "thinking", "thinking": "hm", "signature": BLOB}
    assert measured({"role": "assistant", "content": [thinking]})[0] < 40


def test_tools_count() -> None:
    tool = {"name": "f", "description": "Looks something up. " * 20, "input_schema": {"type": "object"}}
    assert 80 < measured(user("hi"), tools=[tool])[0] - measured(user("hi"))[0] < 140


def test_members_that_are_absent_or_null_count_nothing() -> None:
    assert measured(user("hi"), system=None, tools=None) == measured(user("hi"))
    assert measured(user(""))[0] < 10


@pytest.mark.parametrize(
    "beside", [[], [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": BLOB}}]]
)
def test_a_document_of_text_counts_as_its_text(beside: list[dict[str, Any]]) -> None:
    text = "It was a bright cold day in April. " * 1000
    document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": text}}
    more = measured(user([document, *beside]))[0] - measured(user([{"type": "text", "text": text}, *beside]))[0]
    assert -20 <= more <= 40
