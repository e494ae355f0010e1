"""One request of each dialect with all in it that is read, so that something odd can be put at any place."""

from typing import Any, Final

_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "a": {"type": "string"},
        "b": {
            "anyOf": [
                {"type": "null"},
                {"type": "array", "items": {"type": "object", "properties": {}, "additionalProperties": False}},
            ]
        },
    },
    "required": ["a", "b"],
    "additionalProperties": False,
    "$defs": {"A": {"type": "string"}},
}
_MARK: Final = {"type": "ephemeral"}
_PIXEL: Final = "data:image/png;base64,AAAA"
_TEXT_FILE: Final = "data:text/plain;base64,aGk="

CHAT: Final[dict[str, Any]] = {
    "model": "hermes-router",
    "temperature": 0.5,
    "max_tokens": 50,
    "stop": ["x"],
    "user": "u",
    "metadata": {"user_id": "u"},
    "reasoning_effort": "low",
    "logprobs": True,
    "top_logprobs": 2,
    "parallel_tool_calls": True,
    "stream": True,
    "stream_options": {"include_usage": True},
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": _SCHEMA, "strict": True}},
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "tools": [
        {
            "type": "function",
            "function": {"name": "f", "description": "d", "parameters": _SCHEMA, "strict": True},
            "cache_control": _MARK,
        },
        {
            "type": "custom",
            "custom": {
                "name": "c",
                "description": "d",
                "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "x"}},
            },
        },
    ],
    "functions": [{"name": "o", "parameters": _SCHEMA}],
    "messages": [
        {"role": "system", "content": "s"},
        {"role": "developer", "content": [{"type": "text", "text": "d", "cache_control": _MARK}]},
        {
            "role": "user",
            "name": "bob",
            "content": [
                {"type": "text", "text": "t"},
                {"type": "image_url", "image_url": {"url": _PIXEL, "detail": "low"}},
                {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
                {"type": "file", "file": {"filename": "a.txt", "file_data": _TEXT_FILE}},
                "bare",
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "refusal": None,
            "annotations": [],
            "audio": {"id": "a"},
            "reasoning_content": "th",
            "reasoning_details": [{"type": "reasoning.text", "text": "x"}],
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "f", "arguments": '{"a":1}'},
                    "extra_content": {"google": {"thought_signature": "s"}},
                },
                {"id": "call_2", "type": "custom", "custom": {"name": "c", "input": "i"}},
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "r"}]},
        {"role": "tool", "tool_call_id": "call_2", "content": "r2"},
        {
            "role": "assistant",
            "content": [{"type": "refusal", "refusal": "no"}],
            "function_call": {"name": "o", "arguments": "{}"},
        },
        {"role": "function", "name": "o", "content": "x"},
        {"role": "user", "content": "end"},
    ],
}

_IMAGE: Final = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}

MESSAGES: Final[dict[str, Any]] = {
    "model": "claude-x",
    "max_tokens": 500,
    "temperature": 0.2,
    "top_k": 3,
    "top_p": 0.9,
    "stop_sequences": ["x"],
    "stream": True,
    "metadata": {"user_id": "u"},
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": _SCHEMA}},
    "output_format": {"type": "json_schema", "schema": _SCHEMA},
    "system": [{"type": "text", "text": "s", "cache_control": _MARK}],
    "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
    "tools": [
        {
            "name": "f",
            "description": "d",
            "input_schema": _SCHEMA,
            "strict": True,
            "input_examples": [{"a": 1}],
            "cache_control": _MARK,
        },
        {"type": "web_search_20250305", "name": "web_search"},
    ],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "t", "cache_control": _MARK},
                _IMAGE,
                {"type": "image", "source": {"type": "url", "url": "http://x/y"}},
                {
                    "type": "document",
                    "title": "T",
                    "context": "c",
                    "citations": {"enabled": True},
                    "source": {"type": "text", "media_type": "text/plain", "data": "txt"},
                },
                {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "q"}]}},
                {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}},
                {"type": "search_result", "source": "s", "title": "t", "content": [{"type": "text", "text": "z"}]},
                {"type": "container_upload", "file_id": "f"},
            ],
        },
        {"role": "system", "content": "mid"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "th", "signature": "sig"},
                {"type": "redacted_thinking", "data": "dd"},
                {"type": "text", "text": "a"},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
                {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_1",
                    "is_error": True,
                    "content": [{"type": "text", "text": "r"}, _IMAGE, {"type": "tool_reference", "tool_name": "x"}],
                }
            ],
        },
    ],
}

RESPONSES: Final[dict[str, Any]] = {
    "model": "hermes-router",
    "instructions": "i",
    "stream": True,
    "temperature": 0.3,
    "max_output_tokens": 99,
    "parallel_tool_calls": True,
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "reasoning": {"effort": "low", "summary": "auto"},
    "text": {"verbosity": "low", "format": {"type": "json_schema", "name": "n", "schema": _SCHEMA, "strict": True}},
    "prompt_cache_key": "k",
    "metadata": {"user_id": "x"},
    "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
    "tools": [
        {"type": "function", "name": "f", "description": "d", "parameters": _SCHEMA, "strict": True},
        {"type": "custom", "name": "c", "format": {"type": "grammar", "syntax": "lark", "definition": "x"}},
        {
            "type": "namespace",
            "name": "ns",
            "description": "d",
            "tools": [{"type": "function", "name": "g", "parameters": _SCHEMA}],
        },
        {"type": "web_search"},
    ],
    "input": [
        {"role": "developer", "content": "d"},
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": "t"},
                {"type": "input_image", "image_url": _PIXEL, "detail": "low"},
                {"type": "input_file", "filename": "a.txt", "file_data": _TEXT_FILE},
                {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
            ],
        },
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "s"}],
            "encrypted_content": "enc",
        },
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "a", "annotations": []}, {"type": "refusal", "refusal": "no"}],
        },
        {"type": "function_call", "call_id": "c1", "name": "f", "namespace": "ns", "arguments": "{}"},
        {"type": "custom_tool_call", "call_id": "c2", "name": "c", "input": "i"},
        {
            "type": "function_call_output",
            "call_id": "c1",
            "output": [{"type": "input_text", "text": "r"}, {"type": "input_image", "image_url": "http://x/y"}],
        },
        {"type": "custom_tool_call_output", "call_id": "c2", "output": "o"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
        {"role": "user", "content": "end"},
    ],
}
