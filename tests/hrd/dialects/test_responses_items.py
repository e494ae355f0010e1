"""Items of a Responses request as turns."""

from typing import Any

import msgspec
import pytest

from hrd.core.conversation import (
    Audio,
    CallKind,
    Document,
    Foreign,
    Image,
    Refused,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Turn,
    Vendor,
)
from hrd.core.refusals import Refusal
from hrd.dialects.responses_items import read_items, turns_of, unknown_reference
from tests.hrd.dialects.responses import message


def turns(*items: object) -> list[Turn]:
    read = refused_or_turns(*items)
    assert isinstance(read, list), read
    return read


def refused_or_turns(*items: object) -> list[Turn] | Refusal:
    spelled = msgspec.Raw(msgspec.json.encode(items))
    read = read_items(spelled)
    return read if isinstance(read, Refusal) else turns_of(read, spelled)


def call(name: str, **members: str) -> dict[str, str]:
    return {"type": "function_call", "call_id": name, "name": "f", "arguments": "{}", **members}


def output(name: str, text: object = "42") -> dict[str, object]:
    return {"type": "function_call_output", "call_id": name, "output": text}


def called(name: str) -> ToolCall:
    return ToolCall(id=name, name="f", arguments="{}")


def result(name: str, *content: Text | Image) -> Turn:
    return Turn(Role.TOOL, (ToolResult(call_id=name, content=content or (Text("42"),)),))


def user(text: str) -> Turn:
    return Turn(Role.USER, (Text(text),))


def test_a_text_is_a_message_of_the_user() -> None:
    spelled = msgspec.Raw(b'"hi"')
    items = read_items(spelled)
    assert isinstance(items, list)
    assert turns_of(items, spelled) == [user("hi")]


def test_messages_keep_their_roles_and_places_with_a_type_or_without() -> None:
    assert turns(
        message("a", "system"), {"role": "user", "content": "b"}, message("c", "developer"), message("d", "assistant")
    ) == [
        *(Turn(Role.SYSTEM, (Text("a"),)), user("b"), Turn(Role.DEVELOPER, (Text("c"),))),
        Turn(Role.ASSISTANT, (Text("d"),)),
    ]


def test_the_parts_of_a_message() -> None:
    parts = [
        {"type": "input_text", "text": "look"},
        {"type": "input_image", "image_url": "data:image/png;base64,QQ==", "detail": "low"},
        {"type": "input_image", "image_url": "https://e.org/a.png", "detail": None},
        {"type": "input_image", "image_url": {"url": "https://e.org/b.png"}},
        {"type": "input_image", "file_id": "file_1"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,QQ=="},
        {"type": "input_file", "file_data": "QQ=="},
        {"type": "input_file", "file_url": "https://e.org/a.pdf"},
        {"type": "input_file", "file_id": "file_2"},
        {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}},
        {"type": "refusal", "refusal": "no"},
        {"type": "input_text", "text": ""},
    ]
    (turn,) = turns({"type": "message", "role": "user", "content": parts})
    assert turn.parts == (
        Text("look"),
        Image(media_type="image/png", data="QQ==", detail="low"),
        *(Image(url="https://e.org/a.png"), Image(url="https://e.org/b.png"), Image(file_id="file_1")),
        Document(media_type="application/pdf", data="QQ==", title="a.pdf"),
        *(Document(data="QQ=="), Document(url="https://e.org/a.pdf"), Document(file_id="file_2")),
        *(Audio(data="QQ==", format="wav"), Refused("no")),
    )


def test_a_part_that_only_responses_knows_is_carried_as_it_is_spelled() -> None:
    odd = {"type": "input_hologram", "data": 1}
    (turn,) = turns({"role": "user", "content": [{"type": "input_text", "text": "a"}, odd]})
    assert turn.parts[1] == Foreign(
        dialect="openai_responses",
        type="input_hologram",
        raw=msgspec.Raw(b'{"type":"input_hologram","data":1}'),
    )


def test_what_was_said_in_one_go_is_one_turn() -> None:
    reasoning = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "gAAAA"}
    assert turns(message("go"), reasoning, message("ok", "assistant"), call("c1"), call("c2"), output("c1"), output("c2")) == [
        user("go"),
        Turn(
            Role.ASSISTANT,
            (Thinking(text="hm", signature="gAAAA", vendor=Vendor.OPENAI), Text("ok"), called("c1"), called("c2")),
        ),
        *(result("c1"), result("c2")),
    ]


def test_two_messages_in_a_row_are_two_turns_unless_a_call_is_between() -> None:
    assert turns(message("a", "assistant"), message("b", "assistant")) == [
        *(Turn(Role.ASSISTANT, (Text("a"),)), Turn(Role.ASSISTANT, (Text("b"),)))
    ]
    assert turns(message("a", "assistant"), call("c1"), message("b", "assistant"), output("c1")) == [
        *(Turn(Role.ASSISTANT, (Text("a"), called("c1"), Text("b"))), result("c1"))
    ]


def test_what_stands_between_a_call_and_its_output_waits() -> None:
    assert turns(call("c1"), call("c2"), output("c2"), message("stop"), output("c1"), message("go")) == [
        *(Turn(Role.ASSISTANT, (called("c1"), called("c2"))), result("c2"), result("c1"), user("stop"), user("go"))
    ]


def test_a_call_that_comes_before_the_others_are_answered_is_a_turn_of_its_own() -> None:
    assert turns(call("c1"), call("c2"), output("c1"), call("c3"), output("c2"), output("c3")) == [
        *(Turn(Role.ASSISTANT, (called("c1"), called("c2"))), result("c1"), result("c2")),
        *(Turn(Role.ASSISTANT, (called("c3"),)), result("c3")),
    ]


def test_orphans_stay_where_they_are() -> None:
    assert turns(output("c0"), message("a"), call("c1")) == [result("c0"), user("a"), Turn(Role.ASSISTANT, (called("c1"),))]


def test_an_id_that_is_used_again_is_answered_again() -> None:
    assert turns(call("c1"), output("c1", "1"), call("c1"), output("c1", "2")) == [
        *(Turn(Role.ASSISTANT, (called("c1"),)), result("c1", Text("1"))),
        *(Turn(Role.ASSISTANT, (called("c1"),)), result("c1", Text("2"))),
    ]


def test_freeform_calls_and_namespaces() -> None:
    items = [
        {"type": "custom_tool_call", "call_id": "c1", "name": "patch", "input": "*** Begin", "namespace": "files"},
        {"type": "custom_tool_call_output", "call_id": "c1", "output": "done", "name": "patch"},
    ]
    assert turns(*items) == [
        Turn(
            Role.ASSISTANT,
            (ToolCall(id="c1", name="patch", arguments="*** Begin", kind=CallKind.CUSTOM, namespace="files"),),
        ),
        Turn(Role.TOOL, (ToolResult(call_id="c1", content=(Text("done"),), name="patch", kind=CallKind.CUSTOM),)),
    ]


@pytest.mark.parametrize(
    ("arguments", "spelled"),
    [({"a": 1}, '{"a":1}'), (None, "{}"), ("", ""), ("{no", "{no")],
    ids=["object", "none", "empty", "odd"],
)
def test_arguments_are_text_whatever_they_were(arguments: object, spelled: str) -> None:
    (turn,) = turns({**call("c1"), "arguments": arguments})
    assert turn.parts[0].arguments == spelled  # type: ignore[union-attr]


def test_outputs_of_parts_and_of_objects() -> None:
    image = {"type": "input_image", "image_url": "https://e.org/a.png"}
    assert turns(output("c1", [{"type": "input_text", "text": "see"}, image]))[0] == result(
        "c1", Text("see"), Image(url="https://e.org/a.png")
    )
    assert turns(output("c1", {"ok": True}))[0] == result("c1", Text('{"ok":true}'))
    assert turns(output("c1", None))[0].parts == (ToolResult(call_id="c1"),)


def test_reasoning_by_text_by_mark_and_without_anything() -> None:
    seal = {"type": "reasoning", "summary": [], "encrypted_content": "hermes:gemini:c1:c2ln"}
    text = {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]}
    nothing = {"type": "reasoning", "id": "rs_1", "summary": [], "content": None}
    assert turns(text, nothing, seal, call("c1")) == [
        Turn(Role.ASSISTANT, (Thinking(text="hm"), msgspec.structs.replace(called("c1"), signature="c2ln")))
    ]


def test_items_of_a_providers_own_tools_are_carried() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    shell = {"type": "local_shell_call_output", "call_id": "x", "output": "ok"}
    (turn,) = turns(search, shell, {"type": "additional_tools", "tools": []})
    assert [part.type for part in turn.parts] == ["web_search_call", "local_shell_call_output"]  # type: ignore[union-attr]
    assert msgspec.json.decode(turn.parts[0].raw) == search  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"type": "message", "role": "tool", "content": "x"}, "input[0].role"),
        ({"type": "message", "content": "x"}, "input[0].role"),
        ({"content": "x"}, "input[0]"),
        ({"type": "function_call", "name": "f"}, "input[0].call_id"),
        ({"type": "function_call", "call_id": "c1"}, "input[0].name"),
        ({"type": "function_call_output", "output": "x"}, "input[0].call_id"),
        ({"type": "item_reference", "id": "msg_1"}, "input[0].id"),
        ({"type": "message", "role": "user", "content": 5}, "input[0].content"),
        (5, "input[0]"),
    ],
)
def test_what_cannot_be_meant_is_named(item: Any, param: str) -> None:
    refusal = refused_or_turns(item)
    assert isinstance(refusal, Refusal)
    assert refusal.param == param
    assert refusal.message.startswith("input[0]")


def test_a_reference_to_what_is_not_kept_says_what_to_do() -> None:
    message = unknown_reference(2, "msg_1").message
    assert "input[2] refers to the item msg_1" in message
    assert "Send the item itself" in message
