"""Responses clients on the ChatGPT subscription's backend."""

from typing import Any

import msgspec
import pytest

from hrd.core.failures import REPLAYED_REASONING
from hrd.core.providers import Quirks
from hrd.dialects.codex_native import encode, read_whole, reply_stream
from hrd.dialects.codex_target import ALLOWED, INSTRUCTIONS
from hrd.dialects.contract import Encoded, Request
from tests.hrd.dialects.replies import BOUNDS
from tests.hrd.dialects.responses import ALPHA, events_of, message, request, spell
from tests.matrix.captured import codex_turn

CLI = {
    "model": "gpt-5.5",
    "input": [
        {**message("You are a coding agent.", "developer"), "id": "msg_1"},
        {**message("ls"), "id": "msg_2"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "content": None, "encrypted_content": "gAAAA"},
        {
            "type": "function_call",
            "id": "fc_1",
            "name": "exec_command",
            "arguments": "{}",
            "call_id": "c1",
            "status": "completed",
        },
        {"type": "function_call_output", "id": "fco_1", "call_id": "c1", "output": "a"},
    ],
    "tools": [
        {"type": "function", "name": "exec_command", "strict": False, "parameters": {}},
        {"type": "namespace", "name": "multi_agent_v1", "tools": []},
        {"type": "web_search"},
    ],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "reasoning": {"summary": "auto"},
    "store": False,
    "stream": True,
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "0199",
    "client_metadata": {"x": "y"},
}
ITEM = message("Hi", "assistant")
STREAM = spell(
    {"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1"}},
    {"type": "response.output_item.done", "sequence_number": 1, "output_index": 0, "item": ITEM},
    {"type": "response.completed", "sequence_number": 2, "response": {"id": "resp_1", "status": "completed", "output": []}},
)


def sent(asked: Request, *, drop: frozenset[str] = frozenset()) -> tuple[dict[str, Any], tuple[str, ...]]:
    encoded: Encoded = encode(asked, ALPHA, "gpt-5.5", drop=drop, max_tokens=64, ask_usage=True)
    return msgspec.json.decode(encoded.body), encoded.notes


def test_the_clis_requests_pass_byte_by_byte() -> None:
    asked = request(**codex_turn("gpt-5.5"), instructions="You are Codex.", of_some_day=[1.50])
    encoded = encode(asked, ALPHA, "gpt-5.5", drop=frozenset(), max_tokens=64, ask_usage=True)
    assert encoded.body == msgspec.json.encode(asked.fields)
    assert set(asked.fields) == {*codex_turn(""), "instructions", "of_some_day"}
    assert (encoded.notes, encoded.is_limited) == ((), False)


def test_where_the_cli_sends_no_instructions_they_are_all_that_is_added() -> None:
    asked = request(**codex_turn("gpt-5.5"))
    encoded = encode(asked, ALPHA, "gpt-5.5", drop=frozenset(), max_tokens=64, ask_usage=True)
    assert encoded.body == msgspec.json.encode(asked.fields)[:-1] + b',"instructions":"%b"}' % INSTRUCTIONS.encode()
    assert encoded.notes == ()


def test_anybody_elses_request_becomes_one_that_it_takes() -> None:
    body, notes = sent(
        request(
            input=[
                {"role": "system", "content": "Be brief.", "id": "sys-1"},
                {
                    "role": "user",
                    "content": [{"type": "input_text", "text": "hi", "prompt_cache_breakpoint": {"mode": "explicit"}}],
                },
                {**ITEM, "id": "msg_1"},
            ],
            tools=[{"type": "web_search_preview"}, {"type": "function", "name": "f"}],
            reasoning={"effort": "minimal", "summary": None},
            service_tier="auto",
            stream=False,
            temperature=0.5,
            max_output_tokens=50,
            previous_response_id="resp_0",
            user=None,
            text=None,
        )
    )
    assert body == {
        "model": "gpt-5.5",
        "input": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
            {**ITEM, "id": "msg_1"},
        ],
        "tools": [{"type": "web_search"}, {"type": "function", "name": "f"}],
        "reasoning": {"effort": "low", "summary": None},
        "stream": True,
        "store": False,
        "instructions": INSTRUCTIONS,
        "include": ["reasoning.encrypted_content"],
    }
    assert set(body) <= ALLOWED
    assert notes == (
        *("temperature left out", "max_output_tokens left out", "service_tier left out"),
        *("reasoning effort minimal sent as low", "system messages sent as developer messages"),
    )


def test_a_text_becomes_a_list_and_tools_that_are_none_go_with_what_is_said_of_them() -> None:
    body, _ = sent(request(tools=[], tool_choice="auto", parallel_tool_calls=True, service_tier="priority", instructions="Hm."))
    assert body["input"] == [message("hi")]
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & set(body)
    assert (body["service_tier"], body["instructions"]) == ("priority", "Hm.")


@pytest.mark.parametrize("odd", [5, ["x"], [{"role": "user", "content": [5], "x": "prompt_cache_breakpoint"}]])
def test_an_input_of_another_shape_is_the_backends_to_judge(odd: Any) -> None:
    asked = request()
    fields = {**asked.fields, "input": msgspec.Raw(msgspec.json.encode(odd))}
    assert sent(msgspec.structs.replace(asked, fields=fields))[0]["input"] == odd


def test_reasoning_is_left_out_once_it_could_not_be_opened_even_the_clis() -> None:
    body, notes = sent(request(**CLI), drop=frozenset({REPLAYED_REASONING}))
    assert [item["type"] for item in body["input"]] == ["message", "message", "function_call", "function_call_output"]
    assert notes == ("reasoning of earlier turns left out",)


def test_a_whole_reply_is_made_of_the_stream() -> None:
    reply = read_whole(request(), STREAM, Quirks())
    assert msgspec.json.decode(reply.body) == {"id": "resp_1", "status": "completed", "output": [ITEM]}
    assert (reply.error, reply.broken, reply.empty, reply.finish_reason) == (None, "", False, "stop")


def test_a_reply_that_came_whole_all_the_same_passes() -> None:
    body = msgspec.json.encode({"id": "resp_1", "object": "response", "status": "completed", "output": [ITEM]})
    assert read_whole(request(), body, Quirks()).body == body


@pytest.mark.parametrize(
    ("body", "error", "broken"),
    [
        (b'{"detail":"Input must be a list"}', {"message": "Input must be a list"}, ""),
        (b"{no", None, "the reply is not a JSON object"),
        (spell({"type": "error", "message": "no"}), {"message": "no"}, ""),
        (STREAM[:-20], None, "an event of the stream is not a JSON object"),
        (STREAM[: STREAM.index(b"event: response.completed")], None, "the stream ended before response.completed"),
        (b"data: 5\n\n", None, "an event of the stream is not a JSON object"),
        (b"", None, "the stream ended before response.completed"),
    ],
)
def test_what_is_no_reply(body: bytes, error: object, broken: str) -> None:
    reply = read_whole(request(), body, Quirks())
    assert (reply.error, reply.broken) == (error, broken)


def test_the_clis_streams_pass_untouched_and_others_find_their_output_where_their_library_looks() -> None:
    cli, other = (reply_stream(asked, Quirks(), BOUNDS) for asked in (request(**CLI), request(stream=True)))
    cli.feed(STREAM)
    other.feed(STREAM)
    assert cli.last == STREAM
    assert events_of(other.last)[-1]["response"]["output"] == [ITEM]
