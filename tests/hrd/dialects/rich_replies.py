"""Replies of each provider dialect with all in them that is read, whole and as streams, so that something odd can be put at any
place."""

from typing import Any, Final

_LOGPROBS: Final = [{"token": "hi", "logprob": -0.1, "bytes": [104], "top_logprobs": []}]
_ERROR: Final = {
    "type": "server_error",
    "message": "m",
    "code": "c",
    "param": None,
    "status": 429,
    "resets_at": 5,
    "metadata": {"headers": {"X": "1"}, "raw": "r", "provider_name": "p"},
    "details": [{"@type": "x", "retryDelay": "5s"}],
}

# chat completions ------------------------------------------------------------------------------------------------------------

_CHAT_USAGE: Final = {
    "prompt_tokens": 7,
    "completion_tokens": 3,
    "total_tokens": 10,
    "prompt_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 1},
    "completion_tokens_details": {"reasoning_tokens": 1},
    "cost": 0.1,
}
_SIGNED: Final = {"google": {"thought_signature": "s"}}
_DETAILS: Final = [{"type": "reasoning.text", "text": "x", "signature": "s", "format": "anthropic-claude-v1", "index": 0}]
_CITED: Final = [{"type": "url_citation", "url_citation": {"url": "http://u", "title": "t", "start_index": 0, "end_index": 2}}]
_CHAT: Final[dict[str, Any]] = {
    "id": "c1",
    "object": "chat.completion",
    "created": 5,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "hi",
                "refusal": "no",
                "reasoning_content": "th",
                "reasoning": "th2",
                "reasoning_details": _DETAILS,
                "tool_calls": [
                    {
                        "index": 0,
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "f", "arguments": '{"a":1}'},
                        "extra_content": _SIGNED,
                    }
                ],
                "function_call": {"name": "g", "arguments": "{}"},
                "annotations": _CITED,
                "audio": {"id": "a", "data": "AA"},
                "images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}],
            },
            "logprobs": {"content": _LOGPROBS, "refusal": None},
            "finish_reason": "tool_calls",
            "error": None,
        }
    ],
    "usage": _CHAT_USAGE,
    "x_groq": {"id": "r", "usage": _CHAT_USAGE, "error": None},
    "error": None,
}
_IN_PARTS: Final = [
    {"type": "thinking", "thinking": [{"type": "text", "text": "t"}]},
    {"type": "text", "text": "a"},
    "b",
]


def _chunk(delta: dict[str, Any], finish: str | None = None, logprobs: Any = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": logprobs}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 5, "model": "m", "choices": [choice]}


def _call(arguments: str, index: int = 0, **more: Any) -> dict[str, Any]:
    return {"index": index, **more, "function": {**({"name": "f"} if more else {}), "arguments": arguments}}


_CHAT_STREAM: Final[list[dict[str, Any]]] = [
    _chunk({"role": "assistant", "content": ""}),
    _chunk({"reasoning_content": "th"}),
    _chunk({"reasoning_details": _DETAILS}),
    _chunk({"content": "hi", "annotations": _CITED}, logprobs={"content": _LOGPROBS, "refusal": None}),
    _chunk({"content": _IN_PARTS}),
    _chunk({"refusal": "no"}),
    _chunk({"tool_calls": [_call("", id="call_1", type="function", extra_content=_SIGNED)]}),
    _chunk({"tool_calls": [_call('{"a"'), _call("{}", 1, id="call_2", type="function")]}),
    _chunk({"tool_calls": [_call(":1}")]}),
    _chunk({}, "tool_calls"),
    {**_chunk({}), "choices": [], "usage": _CHAT_USAGE, "x_groq": {"usage": _CHAT_USAGE}},
]

# Messages --------------------------------------------------------------------------------------------------------------------

_MESSAGES_USAGE: Final = {
    "input_tokens": 3,
    "cache_creation_input_tokens": 1,
    "cache_read_input_tokens": 2,
    "output_tokens": 4,
    "output_tokens_details": {"thinking_tokens": 1},
}
_SOURCE: Final = {"type": "web_search_result_location", "url": "http://u", "title": "t", "cited_text": "q"}
_MESSAGE: Final[dict[str, Any]] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [
        {"type": "thinking", "thinking": "th", "signature": "sig"},
        {"type": "redacted_thinking", "data": "dd"},
        {"type": "text", "text": "a", "citations": [_SOURCE]},
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "stop_details": {"type": "refusal", "explanation": "e"},
    "usage": _MESSAGES_USAGE,
}


def _block(index: int, begun: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": begun},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


_MESSAGES_STREAM: Final[list[dict[str, Any]]] = [
    {"type": "message_start", "message": {**_MESSAGE, "content": [], "stop_reason": None}},
    {"type": "ping"},
    *_block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "th"},
        {"type": "signature_delta", "signature": "sig"},
    ),
    *_block(1, {"type": "redacted_thinking", "data": "d"}),
    *_block(
        2,
        {"type": "text", "text": "", "citations": []},
        {"type": "text_delta", "text": "hi"},
        {"type": "citations_delta", "citation": _SOURCE},
    ),
    *_block(
        3,
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}},
        {"type": "input_json_delta", "partial_json": '{"a"'},
        {"type": "input_json_delta", "partial_json": ":1}"},
    ),
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None, "stop_details": {"explanation": "e"}},
        "usage": _MESSAGES_USAGE,
    },
    {"type": "message_stop"},
]

# Responses -------------------------------------------------------------------------------------------------------------------

_SUMMARY: Final = {"type": "summary_text", "text": "s"}
_ANNOTATION: Final = {"type": "url_citation", "url": "http://u", "title": "t", "start_index": 0, "end_index": 1}
_OUTPUT_TEXT: Final = {"type": "output_text", "text": "hi", "annotations": [_ANNOTATION], "logprobs": _LOGPROBS}
_REASONING: Final = {
    "id": "rs_1",
    "type": "reasoning",
    "summary": [_SUMMARY],
    "content": [{"type": "reasoning_text", "text": "r"}],
    "encrypted_content": "enc",
}
_SAID: Final = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [_OUTPUT_TEXT, {"type": "refusal", "refusal": "no"}],
}
_CALLED: Final = {
    "id": "fc_1",
    "type": "function_call",
    "call_id": "c1",
    "name": "f",
    "arguments": '{"a":1}',
    "status": "completed",
    "namespace": "ns",
}
_CUSTOM: Final = {
    "id": "ctc_1",
    "type": "custom_tool_call",
    "call_id": "c2",
    "name": "c",
    "input": "i",
    "status": "completed",
}
_SEARCHED: Final = {"id": "ws_1", "type": "web_search_call", "status": "completed"}
_RESPONSE: Final[dict[str, Any]] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 5,
    "model": "m",
    "status": "completed",
    "error": None,
    "incomplete_details": {"reason": "max_output_tokens"},
    "output": [_REASONING, _SAID, _CALLED, _CUSTOM, _SEARCHED],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "usage": {
        "input_tokens": 7,
        "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 1},
        "output_tokens": 3,
        "output_tokens_details": {"reasoning_tokens": 1},
        "total_tokens": 10,
    },
    "detail": None,
}
_BEGUN: Final = {**_RESPONSE, "status": "in_progress", "output": [], "usage": None}


def _of(item: dict[str, Any], place: int, begun: dict[str, Any], *events: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of one item, each of which says whose it is."""
    return [
        {"type": "response.output_item.added", "output_index": place, "item": {**item, **begun}},
        *({"item_id": item["id"], "output_index": place, **event} for event in events),
        {"type": "response.output_item.done", "output_index": place, "item": item},
    ]


_EVENTS: Final[list[dict[str, Any]]] = [
    {"type": "response.created", "response": _BEGUN},
    {"type": "response.in_progress", "response": _BEGUN},
    {
        "type": "codex.rate_limits",
        "plan_type": "plus",
        "rate_limits": {"primary": {"used_percent": 5, "window_minutes": 300, "reset_at": 99}},
    },
    *_of(
        _REASONING,
        0,
        {"summary": []},
        {"type": "response.reasoning_summary_part.added", "summary_index": 0, "part": {**_SUMMARY, "text": ""}},
        {"type": "response.reasoning_summary_text.delta", "summary_index": 0, "delta": "s"},
        {"type": "response.reasoning_text.delta", "content_index": 0, "delta": "r"},
    ),
    *_of(
        _SAID,
        1,
        {"content": []},
        {"type": "response.content_part.added", "content_index": 0, "part": {"type": "output_text", "text": ""}},
        {"type": "response.output_text.delta", "content_index": 0, "delta": "hi", "logprobs": _LOGPROBS},
        {"type": "response.output_text.annotation.added", "content_index": 0, "annotation_index": 0, "annotation": _ANNOTATION},
        {"type": "response.refusal.delta", "content_index": 1, "delta": "no"},
    ),
    *_of(
        _CALLED,
        2,
        {"arguments": ""},
        {"type": "response.function_call_arguments.delta", "delta": '{"a":1}'},
        {"type": "response.function_call_arguments.done", "arguments": '{"a":1}'},
    ),
    *_of(_CUSTOM, 3, {"input": ""}, {"type": "response.custom_tool_call_input.delta", "delta": "i"}),
    *_of(_SEARCHED, 4, {}),
    {"type": "response.completed", "response": _RESPONSE},
]
_RESPONSES_STREAM: Final = [{**event, "sequence_number": number} for number, event in enumerate(_EVENTS)]
_FAILED: Final = {"type": "response.failed", "response": {**_BEGUN, "status": "failed", "error": _ERROR}, "sequence_number": 2}

# all of them -----------------------------------------------------------------------------------------------------------------

WHOLE: Final[dict[str, list[Any]]] = {
    "openai_chat": [
        _CHAT,
        {**_CHAT, "choices": [{"index": 0, "message": {"role": "assistant", "content": _IN_PARTS}, "finish_reason": "stop"}]},
        {"error": _ERROR},
        [{"error": _ERROR}],
    ],
    "anthropic_messages": [_MESSAGE, {"type": "error", "error": _ERROR}],
    "openai_responses": [_RESPONSE, {"error": _ERROR}, {"detail": [{"loc": ["a"], "msg": "x"}]}],
}
"""By provider dialect: replies and errors that come with a 200."""
STREAMS: Final[dict[str, list[list[dict[str, Any]]]]] = {
    "openai_chat": [_CHAT_STREAM, [_CHAT_STREAM[0], _CHAT_STREAM[3], {"error": _ERROR}], [{"error": _ERROR}]],
    "anthropic_messages": [
        _MESSAGES_STREAM,
        [*_MESSAGES_STREAM[:5], {"type": "error", "error": _ERROR}],
        [{"type": "error", "error": _ERROR}],
    ],
    "openai_responses": [
        _RESPONSES_STREAM,
        [*_RESPONSES_STREAM[:2], _FAILED],
        [*_RESPONSES_STREAM[:6], {"type": "error", "error": _ERROR, "status": 400, "sequence_number": 6}],
    ],
    "codex": [_RESPONSES_STREAM],
}
"""The same as the events of streams."""
