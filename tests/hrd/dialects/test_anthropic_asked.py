"""Shapes of requests: what the API allows to be left out may be, and blocks that are not known may have any shape."""

from typing import Any

import msgspec
import pytest

from hrd.dialects.anthropic_asked import (
    NOTHING,
    Base64Asked,
    BlockAsked,
    Body,
    ImageAsked,
    OtherBlock,
    ResultAsked,
    TextAsked,
    UseAsked,
    read_content,
    read_messages,
)

PIXEL = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def other(block: dict[str, Any]) -> OtherBlock:
    return OtherBlock(block["type"], raw(block))


def test_all_but_the_messages_may_be_left_out() -> None:
    body = msgspec.json.decode(b'{"messages":[{"role":"user"}],"unknown":1}', type=Body)
    assert (body.messages[0].content, body.system, body.tools, body.thinking) == (None, None, None, None)


def test_members_that_are_not_known_are_read_over() -> None:
    assert read_content(raw([{"type": "text", "text": "hi", "unknown": []}, {"type": "tool_use"}])) == [
        TextAsked("hi"),
        UseAsked(input=NOTHING),
    ]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "of_some_day", "source": {"type": 7}, "text": [1]},
        {"type": ""},
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "document", "source": {"type": "content", "content": [PIXEL]}},
        {"type": "search_result", "source": "u", "content": [PIXEL]},
    ],
)
def test_what_only_this_api_knows_keeps_its_spelling_wherever_it_stands(block: dict[str, Any]) -> None:
    text: BlockAsked = TextAsked("hi")
    seen = ImageAsked(Base64Asked("AAAA", "image/png"))
    result = {"type": "tool_result", "tool_use_id": "1", "content": [PIXEL, block]}
    [first, second] = read_messages(
        raw([{"role": "user", "content": [{"type": "text", "text": "hi"}, block]}, {"role": "user"}])
    )
    assert (first.content, second.content) == ([text, other(block)], None)
    assert read_content(raw([result])) == [ResultAsked("1", [seen, other(block)])]


@pytest.mark.parametrize("content", [7, [7], [{"text": "x"}], [{"type": "text", "text": 7}], [{"type": "of_some_day"}, 7]])
def test_what_is_wrong_is_said_with_its_place(content: Any) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"\$\[0\].content"):
        read_messages(raw([{"role": "user", "content": content}]))
