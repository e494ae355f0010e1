"""Turns as messages."""

import base64
from typing import Any

import msgspec
import pytest

from hrd.core.conversation import (
    Audio,
    CallKind,
    Document,
    Foreign,
    Image,
    Part,
    Refused,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Turn,
    Vendor,
)
from hrd.dialects.anthropic_blocks import Message, TextBlock
from hrd.dialects.anthropic_turns import Messages
from tests.hrd.dialects.anthropic import user

MARK = msgspec.Raw(b'{"type":"ephemeral"}')


def sent(*turns: Turn) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = msgspec.json.decode(msgspec.json.encode(Messages(turns).done))
    return messages


def block(part: Part, role: Role = Role.USER) -> tuple[object, list[str]]:
    before = () if role is Role.USER else (user(),)
    messages = Messages((*before, Turn(role, (part,))))
    [only] = msgspec.json.decode(msgspec.json.encode(messages.done[-1].content))
    return only, list(messages.notes)


def test_results_and_what_the_user_then_says_are_one_message() -> None:
    call = ToolCall(id="1", name="f", arguments='{"a": 1}', cache_control=MARK)
    result = ToolResult(call_id="1", content=(Text("7"),), is_error=True, cache_control=MARK)
    assert sent(user(), Turn(Role.ASSISTANT, (Text("So"), call)), Turn(Role.TOOL, (result,)), user("and?")) == [
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "So"},
                {"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1}, "cache_control": {"type": "ephemeral"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "1",
                    "content": "7",
                    "is_error": True,
                    "cache_control": {"type": "ephemeral"},
                },
                {"type": "text", "text": "and?"},
            ],
        },
    ]


def test_neighbours_of_one_role_are_one_message() -> None:
    assert sent(user("a"), user("b")) == [
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}
    ]


def test_the_user_is_first() -> None:
    messages = Messages([Turn(Role.ASSISTANT, (Text("Hello"),))])
    assert [message.role for message in messages.done] == ["user", "assistant"]
    assert list(messages.notes) == ["a first message of the user put before the assistant's"]


def test_ids_that_come_again_are_made_unique_and_results_follow_them() -> None:
    call = Turn(Role.ASSISTANT, (ToolCall(id="f.x:0", name="f", arguments="{}"),))
    result = Turn(Role.TOOL, (ToolResult(call_id="f.x:0"),))
    messages = sent(user(), call, result, call, result)
    uses = [message["content"][0]["id"] for message in messages if message["role"] == "assistant"]
    answers = [message["content"][0]["tool_use_id"] for message in messages[1:] if message["role"] == "user"]
    assert uses == answers == ["f_x_0_c926db789928", "f_x_0_c926db789928_1"]


def test_results_answer_calls_of_one_id_in_their_order() -> None:
    call = ToolCall(id="1", name="f", arguments="{}")
    results = [ToolResult(call_id="1", content=(Text(text),)) for text in "ab"]
    [_, asked, answered] = sent(user(), Turn(Role.ASSISTANT, (call, call)), Turn(Role.TOOL, tuple(results)))
    assert [block["id"] for block in asked["content"]] == ["1", "1_1"]
    assert [(block["tool_use_id"], block["content"]) for block in answered["content"]] == [("1", "a"), ("1_1", "b")]


def test_names_freeform_inputs_and_bad_arguments_of_calls() -> None:
    custom = ToolCall(id="1", name="patch", arguments="*** Begin", kind=CallKind.CUSTOM, namespace="ns")
    assert block(custom, Role.ASSISTANT)[0] == {
        "type": "tool_use",
        "id": "1",
        "name": "ns__patch",
        "input": {"input": "*** Begin"},
    }
    slip = ToolCall(id="1", name="f", arguments='{"a": 1,}')
    assert block(slip, Role.ASSISTANT) == ({"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1}}, [])
    nonsense = ToolCall(id="1", name="f", arguments="rm -rf")
    assert block(nonsense, Role.ASSISTANT) == (
        {"type": "tool_use", "id": "1", "name": "f", "input": {}},
        ["arguments of a call that are not JSON left out"],
    )


@pytest.mark.parametrize(
    ("image", "source"),
    [
        (Image(url="https://example.test/a"), {"type": "url", "url": "https://example.test/a"}),
        (Image(media_type="image/PNG", data="AAAA"), {"type": "base64", "media_type": "image/png", "data": "AAAA"}),
        (Image(media_type="image/jpg", data="AAAA"), {"type": "base64", "media_type": "image/jpeg", "data": "AAAA"}),
    ],
)
def test_pictures(image: Image, source: dict[str, str]) -> None:
    assert block(image) == ({"type": "image", "source": source}, [])


def test_a_marked_picture_keeps_its_mark() -> None:
    marked, _ = block(Image(url="https://example.test/a", cache_control=MARK))
    assert isinstance(marked, dict)
    assert marked["cache_control"] == {"type": "ephemeral"}


@pytest.mark.parametrize(
    ("document", "source"),
    [
        (Document(url="https://example.test/a"), {"type": "url", "url": "https://example.test/a"}),
        (
            Document(media_type="application/pdf", data="JVBE"),
            {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
        ),
        (Document(text="so"), {"type": "text", "media_type": "text/plain", "data": "so"}),
        (
            Document(media_type="text/csv", data=base64.b64encode(b"a,b").decode()),
            {"type": "text", "media_type": "text/plain", "data": "a,b"},
        ),
    ],
)
def test_documents(document: Document, source: dict[str, str]) -> None:
    assert block(msgspec.structs.replace(document, title="a")) == ({"type": "document", "source": source, "title": "a"}, [])


@pytest.mark.parametrize(
    ("part", "what"),
    [
        (Image(media_type="image/tiff", data="AAAA"), "a picture (image/tiff)"),
        (Image(file_id="file_1"), "a picture (a file id of another vendor)"),
        (Document(media_type="application/zip", data="UEs="), "a file (application/zip)"),
        (Document(media_type="text/csv", data="/w=="), "a file (text/csv)"),
        (Document(media_type="text/csv", data="?"), "a file (text/csv)"),
        (Document(file_id="file_1"), "a file (a file id of another vendor)"),
        (Audio(data="AAAA", format="wav"), "sound"),
    ],
)
def test_what_is_not_taken_leaves_a_line_and_a_note(part: Part, what: str) -> None:
    assert block(part) == ({"type": "text", "text": f"[{what} was left out here]"}, [f"{what} left out"])


def test_thinking_of_anthropics_own_goes_back_and_no_other() -> None:
    own = Thinking(text="hm", signature="EqQB", vendor=Vendor.ANTHROPIC)
    assert block(own, Role.ASSISTANT)[0] == {"type": "thinking", "thinking": "hm", "signature": "EqQB"}
    redacted = Thinking(signature="blob", vendor=Vendor.ANTHROPIC, is_redacted=True)
    assert block(redacted, Role.ASSISTANT)[0] == {"type": "redacted_thinking", "data": "blob"}
    for other in (Thinking(text="hm"), Thinking(text="hm", signature="gAAAA", vendor=Vendor.OPENAI)):
        messages = Messages([user(), Turn(Role.ASSISTANT, (other,))])
        assert (len(messages.done), list(messages.notes)) == (1, ["reasoning of another vendor left out"])


def test_no_thinking_goes_back_where_it_could_not_be_opened() -> None:
    own = Thinking(text="hm", signature="EqQB", vendor=Vendor.ANTHROPIC)
    messages = Messages([user(), Turn(Role.ASSISTANT, (own, Text("x")))], with_thinking=False)
    assert messages.done[1] == Message("assistant", [TextBlock("x")])
    assert list(messages.notes) == ["reasoning of earlier turns left out"]


def test_refusals_are_text_and_blocks_of_this_api_are_its_own() -> None:
    assert block(Refused("No."), Role.ASSISTANT)[0] == {"type": "text", "text": "No."}
    own = Foreign(dialect="anthropic_messages", type="search_result", raw=msgspec.Raw(b'{"type":"search_result"}'))
    assert block(own)[0] == {"type": "search_result"}
    other = Foreign(dialect="openai_responses", type="computer_call", raw=msgspec.Raw(b"{}"))
    messages = Messages([user(), Turn(Role.ASSISTANT, (other,))])
    assert (len(messages.done), list(messages.notes)) == (1, ["computer_call left out"])


def test_an_empty_result_has_no_content() -> None:
    call = Turn(Role.ASSISTANT, (ToolCall(id="1", name="f", arguments="{}"),))
    result = Turn(Role.TOOL, (ToolResult(call_id="1", content=(Text(" "),)),))
    assert sent(user(), call, result)[-1]["content"] == [{"type": "tool_result", "tool_use_id": "1"}]


def test_who_speaks_under_a_name_is_told_without_it() -> None:
    messages = Messages([Turn(Role.USER, (Text("hi"),), "ann"), Turn(Role.ASSISTANT, (Text("ho"),))])
    assert messages.done[0] == Message("user", [TextBlock("hi")])
    assert list(messages.notes) == ["names of who speaks left out"]
