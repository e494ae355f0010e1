"""Turns as messages of a chat completion."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.conversation import (
    Audio,
    CallKind,
    Conversation,
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
from hrd.core.history import repair
from hrd.core.providers import Quirks
from hrd.dialects.messages import adapt_messages
from hrd.dialects.openai_chat_turns import Messages
from tests.hrd.dialects.histories import histories

USER = Turn(Role.USER, (Text("hi"),))
MARK = msgspec.Raw(b'{"type":"ephemeral"}')
PNG = Image(media_type="image/png", data="QQ==")
CALL = ToolCall(id="c1", name="f", arguments='{"a":1}')


def spelled(*turns: Turn, **quirks: Any) -> tuple[list[dict[str, Any]], list[str]]:
    made = Messages(turns, Quirks(**quirks))
    return msgspec.json.decode(msgspec.json.encode(made.done)), list(made.notes)


def messages(*turns: Turn, **quirks: Any) -> list[dict[str, Any]]:
    return spelled(*turns, **quirks)[0]


def content(*parts: Part, **quirks: Any) -> Any:
    return messages(Turn(Role.USER, parts), **quirks)[0]["content"]


@pytest.mark.parametrize(
    ("part", "spelled"),
    [
        (Image(url="https://e.org/c.png", detail="low"), {"url": "https://e.org/c.png", "detail": "low"}),
        (PNG, {"url": "data:image/png;base64,QQ=="}),
    ],
)
def test_pictures(part: Image, spelled: dict[str, str]) -> None:
    assert content(Text("a"), part) == [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": spelled}]


def test_texts_alone_are_one_string_and_marks_of_caches_go_to_who_takes_them() -> None:
    marked = Text("a", MARK)
    assert content(marked, Text("b")) == "a\n\nb"
    assert content(marked, forward=("cache_control",)) == [
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}
    ]


def test_what_the_system_shows_is_shown_by_the_user() -> None:
    messages, _ = spelled(Turn(Role.DEVELOPER, (Text("a"), PNG, Text("b"))), USER)
    assert [message["role"] for message in messages] == ["system", "user", "user"]
    assert messages[0]["content"] == "a\n\nb"
    assert [part["type"] for part in messages[1]["content"]] == ["image_url"]


def test_documents_go_to_who_reads_them_and_are_missed_aloud_elsewhere() -> None:
    pdf = Document(media_type="application/pdf", data="QQ==", title="a.pdf")
    assert content(pdf, documents=True) == [
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,QQ=="}}
    ]
    assert content(pdf, document_urls=True) == [
        {"type": "document_url", "document_url": "data:application/pdf;base64,QQ==", "document_name": "a.pdf"}
    ]
    linked = Document(url="https://a.example/a.pdf")
    assert content(linked, document_urls=True) == [{"type": "document_url", "document_url": "https://a.example/a.pdf"}]
    assert content(linked, documents=True) == "[A document is missing here: https://a.example/a.pdf]"
    assert content(pdf) == "[A document is missing here: a.pdf]"
    assert content(Document(text="words", title="notes")) == "notes:\nwords"
    assert "document" in spelled(Turn(Role.USER, (pdf,)))[1][0]


def test_what_others_alone_know_is_left_out_and_told() -> None:
    foreign = Foreign(dialect="anthropic_messages", type="search_result", raw=msgspec.Raw(b"{}"))
    [message], notes = spelled(Turn(Role.USER, (Text("a"), foreign, Image(file_id="f"))))
    assert message["content"] == "a"
    assert len(notes) == 2
    assert "search_result" in notes[0]
    assert content(Audio(data="QQ==", format="wav"))[0]["type"] == "input_audio"
    said, notes = spelled(USER, Turn(Role.ASSISTANT, (foreign,)), USER)
    assert ([message["role"] for message in said], notes) == (["user", "user"], ["search_result left out"])


def test_parts_of_chat_completions_that_we_do_not_know_are_spelled_as_they_were() -> None:
    video = {"type": "video_url", "video_url": {"url": "https://a.example/a.mp4"}}
    foreign = Foreign(dialect="openai_chat", type="video_url", raw=msgspec.Raw(msgspec.json.encode(video)))
    assert content(Text("a"), foreign) == [{"type": "text", "text": "a"}, video]


def test_calls_and_results_with_pictures_behind_them() -> None:
    result = ToolResult(call_id="c1", content=(Text("42"), PNG), is_error=True)
    found = messages(USER, Turn(Role.ASSISTANT, (Text("let me see"), CALL)), Turn(Role.TOOL, (result,)))
    assert found[1] == {
        "role": "assistant",
        "content": "let me see",
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}],
    }
    assert found[2] == {"role": "tool", "tool_call_id": "c1", "content": "Error: 42"}
    assert found[3] == {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}}]}


def test_calls_alone_have_null_for_text() -> None:
    assert messages(USER, Turn(Role.ASSISTANT, (CALL,)))[1]["content"] is None


def test_a_freeform_call_is_wrapped_and_names_are_mapped() -> None:
    custom = ToolCall(id="c2", name="apply_patch", arguments="*** x", kind=CallKind.CUSTOM)
    grouped = ToolCall(id="c3", name="f", namespace="ns", arguments="{}")
    found = messages(USER, Turn(Role.ASSISTANT, (custom, grouped)))[1]["tool_calls"]
    assert [each["function"] for each in found] == [
        {"name": "apply_patch", "arguments": '{"input":"*** x"}'},
        {"name": "ns__f", "arguments": "{}"},
    ]


def test_signatures_go_to_google_alone() -> None:
    signed = Turn(Role.ASSISTANT, (msgspec.structs.replace(CALL, signature="sig"),))
    assert "extra_content" not in messages(USER, signed)[1]["tool_calls"][0]
    google = messages(USER, signed, thought_signatures=True)[1]["tool_calls"][0]
    assert google["extra_content"] == {"google": {"thought_signature": "sig"}}


def test_reasoning_goes_back_to_who_wants_it() -> None:
    thought = Turn(Role.ASSISTANT, (Thinking(text="hm", signature="s", vendor=Vendor.ANTHROPIC), Text("ok")))
    assert "reasoning_content" not in messages(USER, thought)[1]
    assert messages(USER, thought, keep_reasoning=True)[1]["reasoning_content"] == "hm"
    details = Thinking(vendor=Vendor.OPENROUTER, details=msgspec.Raw(b'[{"type":"x"}]'))
    kept = messages(USER, Turn(Role.ASSISTANT, (details, Text("ok"))), keep_reasoning=True)[1]
    assert kept["reasoning_details"] == [{"type": "x"}]
    assert len(messages(USER, Turn(Role.ASSISTANT, (Thinking(text="hm"),)))) == 1, "an answer of thoughts alone says nothing"


def test_a_refusal_was_said() -> None:
    assert messages(USER, Turn(Role.ASSISTANT, (Refused("no"),)))[1]["content"] == "no"


def test_developers_are_heard_as_the_system_where_there_are_none() -> None:
    said = Turn(Role.DEVELOPER, (Text("be brief"),), "ann")
    assert messages(said, developer_role=True) == [{"role": "developer", "content": "be brief", "name": "ann"}]
    assert spelled(said) == ([{"role": "system", "content": "be brief", "name": "ann"}], ["role developer sent as system"])


QUIRKS = st.builds(
    Quirks,
    tool_ids=st.sampled_from(["", "[A-Za-z0-9]{9}", "[a-z]+"]),
    reasoning_placeholder=st.sampled_from(["", "[none]"]),
    drop_message_fields=st.sampled_from([(), ("name",), ("name", "cache_control")]),
    forward=st.sampled_from([(), ("cache_control",)]),
    developer_role=st.booleans(),
    keep_reasoning=st.booleans(),
    thought_signatures=st.booleans(),
    bridge_tool_to_user=st.booleans(),
    system_first=st.booleans(),
    marks_prefix=st.booleans(),
)


@given(histories(), QUIRKS, st.sampled_from(["", "unsigned"]))
def test_whatever_the_quirks_nothing_is_left_to_mend(asked: Conversation, quirks: Quirks, stand_in: str) -> None:
    stand_in = stand_in if quirks.thought_signatures else ""
    made = Messages(repair(asked.turns)[0], quirks, stand_in)
    spelled = msgspec.Raw(msgspec.json.encode(made.done))
    assert adapt_messages(spelled, quirks, stand_in) == (spelled, [])


@given(histories(), QUIRKS)
def test_the_rules_are_those_of_messages_that_clients_spelled(asked: Conversation, quirks: Quirks) -> None:
    turns = repair(asked.turns)[0]
    plain = Quirks(developer_role=True, keep_reasoning=True, thought_signatures=True, forward=quirks.forward)
    mended, notes = adapt_messages(msgspec.Raw(msgspec.json.encode(Messages(turns, plain).done)), quirks)
    made = Messages(turns, quirks)
    assert msgspec.json.decode(mended) == msgspec.json.decode(msgspec.json.encode(made.done))
    assert set(notes) <= set(made.notes)
