"""Messages requests, decoded for routing."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.ask import Kind
from hrd.core.refusals import Refusal, RefusalKind
from hrd.dialects.anthropic_hub import conversation
from hrd.dialects.anthropic_messages import count_tokens, decode
from hrd.dialects.contract import Request
from tests.hrd.dialects.anthropic import FUNCTION, HI, body, request


def test_the_facts_of_a_request() -> None:
    picture = {"type": "image", "source": {"type": "url", "url": "https://example.test/a.png"}}
    asked = request(
        {"role": "user", "content": [picture]}, stream=True, tools=[FUNCTION], metadata={"user_id": "user_1_session_2"}
    ).ask
    assert (asked.kind, asked.model, asked.stream, asked.tools, asked.images) == (Kind.CHAT, "claude-x", True, True, True)
    assert (asked.max_tokens, asked.affinity) == (100, "user_1_session_2")
    assert asked.input_tokens > 800


def test_members_keep_their_spelling() -> None:
    spelled = b'{"model":"claude-x","messages":[{"role":"user","content":"h\\u00ef"}],"some_day":1.50}'
    decoded = decode(spelled)
    assert isinstance(decoded, Request)
    assert decoded.fields["some_day"] == msgspec.Raw(b"1.50")
    assert (decoded.ask.body_bytes, decoded.ask.max_tokens) == (len(spelled), None)


@pytest.mark.parametrize(
    ("model", "name"),
    [("claude-opus-5[1m]", "claude-opus-5"), ("claude-x", "claude-x"), ("a[b]c", "a[b]c"), ("m[]", "m[]"), ("", "")],
)
def test_marks_of_the_context_are_no_part_of_a_models_name(model: str, name: str) -> None:
    assert request(model=model).ask.model == name


@pytest.mark.parametrize("tools", [None, []])
def test_no_tools_are_no_tools(tools: Any) -> None:
    assert not request(tools=tools).ask.tools


@pytest.mark.parametrize("metadata", [None, {}, {"user_id": None}, {"user_id": 7}, 7])
def test_a_conversation_that_nobody_names_is_known_by_how_it_begins(metadata: Any) -> None:
    answer = {"role": "assistant", "content": "ok"}
    assert request(HI, metadata=metadata).ask.affinity == request(HI, answer, HI).ask.affinity != ""


@pytest.mark.parametrize(
    ("spelled", "param", "message"),
    [
        (b"{", None, "not valid JSON"),
        (b"[]", None, "not an object"),
        (b'{"messages":[{"role":"user"}],"model":7}', "model", "model is not as it must be"),
        (b'{"messages":[{"role":"user"}],"stream":"yes"}', "stream", "stream is not as it must be"),
        (b"{}", "messages", "messages is missing."),
        (b'{"messages":[]}', "messages", "messages is empty."),
        (b'{"messages":[{}]}', "messages[0]", "missing required field `role`"),
        (b'{"messages":7}', "messages", "messages is not as it must be"),
    ],
)
def test_what_is_no_request_is_refused_by_name(spelled: bytes, param: str | None, message: str) -> None:
    for refusal in (decode(spelled), count_tokens(spelled)):
        if isinstance(refusal, Refusal):
            assert (refusal.kind, refusal.param) == (RefusalKind.BAD_REQUEST, param)
            assert message in refusal.message
    assert isinstance(decode(spelled), Refusal)


def test_tokens_are_counted_without_a_limit_or_a_model() -> None:
    spelled = msgspec.json.encode({"messages": [HI | {"content": "word " * 100}]})
    counted = count_tokens(spelled)
    assert isinstance(counted, dict)
    assert 90 <= counted["input_tokens"] <= 150
    assert counted == count_tokens(spelled)
    asked = decode(spelled)
    assert isinstance(asked, Request)
    assert counted == {"input_tokens": asked.ask.input_tokens}
    assert isinstance(count_tokens(b"{}"), Refusal)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "source", "input", "id", "thinking"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
MEMBERS = st.dictionaries(
    st.sampled_from(["model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "metadata", "stream"]),
    JSON,
)


@given(MEMBERS)
def test_whatever_comes_is_a_request_or_refused(members: dict[str, Any]) -> None:
    spelled = msgspec.json.encode(members)
    decoded = decode(spelled)
    assert isinstance(decoded, Request | Refusal)
    assert isinstance(count_tokens(spelled), dict | Refusal)
    if isinstance(decoded, Request):
        conversation(decoded)


def test_a_body_that_claude_code_sends_is_taken() -> None:
    decoded = decode(
        body(
            {"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]},
            {"role": "system", "content": "Be brief."},
            system=[{"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.197;"}],
            tools=[FUNCTION] * 24,
            metadata={"user_id": "user_1"},
            max_tokens=32000,
            thinking={"type": "adaptive"},
            context_management={"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
            output_config={"effort": "high"},
            stream=True,
        )
    )
    assert isinstance(decoded, Request)
