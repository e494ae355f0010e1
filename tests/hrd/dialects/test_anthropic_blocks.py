"""Blocks as they are sent."""

import msgspec

from hrd.dialects.anthropic_blocks import (
    Block,
    ImageBlock,
    Message,
    RedactedBlock,
    ResultBlock,
    TextBlock,
    ThinkingBlock,
    UrlSource,
    UseBlock,
    lacks_thinking,
    spare_marks,
)

MARK = msgspec.Raw(b'{"type":"ephemeral"}')
CALL = UseBlock("1", "f", msgspec.Raw(b"{}"))


def test_what_is_not_said_is_not_sent() -> None:
    said: list[Block] = [TextBlock("a"), ResultBlock("1"), ResultBlock("2", [TextBlock("b", MARK)], is_error=True)]
    assert msgspec.json.decode(msgspec.json.encode(Message("user", said))) == {
        "role": "user",
        "content": [
            {"type": "text", "text": "a"},
            {"type": "tool_result", "tool_use_id": "1"},
            {
                "type": "tool_result",
                "tool_use_id": "2",
                "content": [{"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}}],
                "is_error": True,
            },
        ],
    }


def test_of_more_marks_than_are_allowed_the_last_stay() -> None:
    own = {"type": "search_result", "cache_control": {"type": "ephemeral"}}
    thought = ThinkingBlock("hm", "EqQB")
    picture = ImageBlock(UrlSource("https://example.test/a"), MARK)
    blocks: list[Block] = [own, thought, picture, RedactedBlock("blob"), *[TextBlock(str(n), MARK) for n in range(4)]]
    notes: dict[str, None] = {}
    spare_marks(blocks, notes)
    assert blocks == [
        {"type": "search_result"},
        thought,
        ImageBlock(UrlSource("https://example.test/a")),
        RedactedBlock("blob"),
        *[TextBlock(str(n), MARK) for n in range(4)],
    ]
    assert list(notes) == ["cache_control beyond 4 left out"]


def test_when_a_loop_lacks_thinking() -> None:
    hi, result = Message("user", [TextBlock("hi")]), Message("user", [ResultBlock("1")])
    assert lacks_thinking([hi, Message("assistant", [CALL]), result])
    assert not lacks_thinking([hi, Message("assistant", [ThinkingBlock("hm", "EqQB"), CALL]), result])
    assert not lacks_thinking([hi, Message("assistant", [TextBlock("x")]), hi])
    assert not lacks_thinking([])
