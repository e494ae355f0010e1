"""Turns written as the input of a Responses request."""

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
from hrd.dialects.responses_input import InputWriter, Takes, short_id

SEARCH = Foreign(dialect="openai_responses", type="web_search_call", raw=msgspec.Raw(b'{"type":"web_search_call"}'))
BLOCK = Foreign(dialect="anthropic_messages", type="server_tool_use", raw=msgspec.Raw(b"{}"))
LITTLE = Takes(system=False, reasoning=False, file_urls=False, audio=False, items=frozenset())


def written(*turns: Turn, takes: Takes | None = None) -> tuple[list[object], list[str]]:
    writer = InputWriter(takes or Takes())
    items = writer.items(turns)
    return msgspec.json.decode(msgspec.json.encode(items)), list(writer.notes)


def parts(*content: Part, takes: Takes | None = None) -> tuple[object, list[str]]:
    """How *content* stands in a message of the user."""
    (item,), notes = written(Turn(Role.USER, content), takes=takes)
    assert isinstance(item, dict)
    return item["content"], notes


def test_messages_of_every_role_in_their_places() -> None:
    turns = [Turn(role, (Text(role.value),)) for role in (Role.SYSTEM, Role.DEVELOPER, Role.USER)]
    items, notes = written(*turns)
    assert [item["role"] for item in items] == ["system", "developer", "user"]  # type: ignore[index]
    assert notes == []
    items, notes = written(*turns, takes=LITTLE)
    assert [item["role"] for item in items] == ["developer", "developer", "user"]  # type: ignore[index]
    assert notes == ["system messages sent as developer messages"]


def test_who_speaks_under_a_name_is_told_without_it() -> None:
    items, notes = written(Turn(Role.USER, (Text("hi"),), "ann"))
    assert items == [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}]
    assert notes == ["names of who speaks left out"]


def test_what_the_assistant_said_in_its_order() -> None:
    thinking = Thinking(text="hm", signature="gAAAA", vendor=Vendor.OPENAI)
    call = ToolCall(id="c1", name="f", arguments='{"a":1}')
    items, notes = written(Turn(Role.ASSISTANT, (thinking, Text("a"), Refused("b"), SEARCH, call, Text("c"))))
    assert items == [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "gAAAA"},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "b"}],
        },
        {"type": "web_search_call"},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a":1}'},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "c"}]},
    ]
    assert notes == []


def test_reasoning_that_led_to_nothing_is_left_out() -> None:
    thinking = Thinking(signature="gAAAA", vendor=Vendor.OPENAI)
    items, notes = written(Turn(Role.ASSISTANT, (Text("a"), thinking)))
    assert [item["type"] for item in items] == ["message"]  # type: ignore[index]
    assert notes == ["reasoning of earlier turns left out"]


def test_ids_that_come_again_are_told_apart() -> None:
    turn = Turn(Role.ASSISTANT, tuple(ToolCall(id="call_0", name="f", arguments="{}") for _ in range(2)))
    results = Turn(Role.TOOL, tuple(ToolResult(call_id="call_0", content=(Text(text),)) for text in ("a", "b")))
    items, _ = written(turn, results, turn, results)
    assert [item["call_id"] for item in items] == [  # type: ignore[index]
        *("call_0", "call_0_2", "call_0", "call_0_2"),
        *("call_0_3", "call_0_4", "call_0_3", "call_0_4"),
    ]


@pytest.mark.parametrize(
    "thinking",
    [
        Thinking(text="hm"),
        Thinking(text="hm", signature="Erde", vendor=Vendor.ANTHROPIC),
        Thinking(text="hm", vendor=Vendor.OPENAI),
    ],
)
def test_reasoning_that_openai_cannot_open_is_left_out(thinking: Thinking) -> None:
    assert written(Turn(Role.ASSISTANT, (thinking,))) == ([], ["reasoning of earlier turns left out"])


def test_sealed_reasoning_is_left_out_where_it_is_not_taken() -> None:
    thinking = Thinking(signature="gAAAA", vendor=Vendor.OPENAI)
    assert written(Turn(Role.ASSISTANT, (thinking, SEARCH, BLOCK)), takes=LITTLE) == (
        [],
        ["reasoning of earlier turns left out", "web_search_call left out", "server_tool_use left out"],
    )
    assert written(Turn(Role.ASSISTANT, (thinking, Text("a"))))[0][0] == {
        "type": "reasoning",
        "summary": [],
        "encrypted_content": "gAAAA",
    }


def test_calls_and_results_of_both_kinds() -> None:
    calls = (
        ToolCall(id="c1", name="patch", arguments="*** Begin", kind=CallKind.CUSTOM),
        ToolCall(id="c2", name="a.b", arguments="{'a': 1}"),
        ToolCall(id="c3", name="f", arguments="rm -rf"),
    )
    results = (
        ToolResult(call_id="c1", content=(Text("done"),), kind=CallKind.CUSTOM),
        ToolResult(call_id="c2", content=(Text("see"), Image(url="https://e.org/a.png"))),
        ToolResult(call_id="c3"),
    )
    items, _ = written(Turn(Role.ASSISTANT, calls), Turn(Role.TOOL, results))
    assert items == [
        {"type": "custom_tool_call", "call_id": "c1", "name": "patch", "input": "*** Begin"},
        {"type": "function_call", "call_id": "c2", "name": "a_b_2e7336dc", "arguments": '{"a":1}'},
        {"type": "function_call", "call_id": "c3", "name": "f", "arguments": "{}"},
        {"type": "custom_tool_call_output", "call_id": "c1", "output": "done"},
        {
            "type": "function_call_output",
            "call_id": "c2",
            "output": [{"type": "input_text", "text": "see"}, {"type": "input_image", "image_url": "https://e.org/a.png"}],
        },
        {"type": "function_call_output", "call_id": "c3", "output": ""},
    ]


@pytest.mark.parametrize(
    ("content", "output"),
    [
        ((Text("no such file"),), "Error: no such file"),
        ((Text("Error: no such file"),), "Error: no such file"),
        ((), "Error: "),
        ((Image(url="u"),), [{"type": "input_text", "text": "Error:"}, {"type": "input_image", "image_url": "u"}]),
    ],
)
def test_a_result_that_is_an_error_says_so(content: tuple[Text | Image, ...], output: object) -> None:
    (item,), _ = written(Turn(Role.TOOL, (ToolResult(call_id="c1", content=content, is_error=True),)))
    assert item["output"] == output  # type: ignore[index]


def test_pictures_documents_and_sound() -> None:
    content, notes = parts(
        *(Text("look"), Image(media_type="image/png", data="QQ==", detail="low"), Image(data="QQ=="), Image(file_id="file_1")),
        Document(media_type="application/pdf", data="QQ==", title="a.pdf"),
        *(Document(data="QQ=="), Document(url="https://e.org/a.pdf"), Document(file_id="file_2")),
        *(Document(text="plain", title="a.txt"), Document(text="plain"), Audio(data="QQ==", format="wav")),
    )
    assert content == [
        {"type": "input_text", "text": "look"},
        {"type": "input_image", "image_url": "data:image/png;base64,QQ==", "detail": "low"},
        {"type": "input_image", "image_url": "data:image/png;base64,QQ=="},
        {"type": "input_image", "file_id": "file_1"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,QQ=="},
        {"type": "input_file", "filename": "document", "file_data": "data:application/pdf;base64,QQ=="},
        {"type": "input_file", "file_url": "https://e.org/a.pdf"},
        {"type": "input_file", "file_id": "file_2"},
        {"type": "input_text", "text": "a.txt:\nplain"},
        {"type": "input_text", "text": "plain"},
        {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}},
    ]
    assert notes == []


def test_what_is_not_taken_is_put_otherwise_or_named() -> None:
    content, notes = parts(Document(url="https://e.org/a.pdf"), Audio(data="QQ==", format="wav"), BLOCK, Text(""), takes=LITTLE)
    assert content == [{"type": "input_text", "text": "https://e.org/a.pdf"}]
    assert notes == ["a document's URL sent as text", "sound left out", "server_tool_use left out"]


def test_parts_and_items_of_its_own_are_sent_as_they_were_spelled() -> None:
    hologram = Foreign(dialect="openai_responses", type="input_hologram", raw=msgspec.Raw(b'{"type":"input_hologram"}'))
    items, notes = written(Turn(Role.USER, (Text("a"), hologram, SEARCH)))
    assert items == [
        {"type": "web_search_call"},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "a"}, {"type": "input_hologram"}]},
    ]
    assert notes == []


@pytest.mark.parametrize("call_id", ["c1", "x" * 64])
def test_ids_that_are_short_enough_stay(call_id: str) -> None:
    assert short_id(call_id) == call_id


def test_ids_that_are_too_long_become_the_same_short_one() -> None:
    assert short_id("x" * 65) == short_id("x" * 65) == "call_9537c5fdf120482f7d58d25e"
    assert short_id("") == "call_e3b0c44298fc1c149afbf4c8"
