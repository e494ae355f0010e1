"""Is this request one that a strict OpenAI-shaped provider takes? If not, the refusal it would send.

Strict on purpose: what a lenient provider lets through today breaks with the next one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from tests.upstreams.asked import Asked
from tests.upstreams.behaviours import Status

ROLES = {"system", "developer", "user", "assistant", "tool", "function"}
PART_TYPES = {"text", "image_url", "input_audio", "file", "refusal"}
_CHAT_WORDS = """
    model messages stream stream_options max_tokens max_completion_tokens temperature top_p n stop seed tools tool_choice
    parallel_tool_calls response_format presence_penalty frequency_penalty logit_bias logprobs top_logprobs user
    reasoning_effort metadata store service_tier modalities audio prediction functions function_call verbosity
    web_search_options prompt_cache_key safety_identifier
"""
CHAT_FIELDS = frozenset(_CHAT_WORDS.split())
EMBEDDING_FIELDS = frozenset({"model", "input", "encoding_format", "dimensions", "user"})


@dataclass(frozen=True)
class Rules:
    """What one provider insists on."""

    keys: Collection[str] | None = None
    """The good keys; None takes any, an empty collection asks for none."""
    extra_fields: Collection[str] = ()
    """Further top-level fields that this provider takes."""


def refusal_for(asked: Asked, rules: Rules) -> Status | None:
    """None if the request is fine; else 401, 404, 405 or 400 as OpenAI words them."""
    keys = rules.keys
    if keys is None or keys:
        if asked.key is None:
            return _error(401, "You didn't provide an API key.", None, "invalid_api_key")
        if keys is not None and asked.key not in keys:
            return _error(401, "Incorrect API key provided.", None, "invalid_api_key")
    path = asked.path.partition("?")[0]
    if path.endswith("/models") or "/models/" in path:
        return None if asked.method == "GET" else _error(405, "Not allowed to " + asked.method, None, None)
    if not path.endswith(("/chat/completions", "/embeddings")):
        return _error(404, f"Unknown request URL: {asked.method} {path}.", None, "unknown_url")
    if asked.method != "POST":
        return _error(405, "Not allowed to " + asked.method, None, "method_not_supported")
    return _body_refusal(asked, rules)


def _body_refusal(asked: Asked, rules: Rules) -> Status | None:
    if (asked.header("content-type") or "").partition(";")[0].strip().lower() != "application/json":
        return _error(400, "The content type must be application/json.", None, None)
    body = asked.json
    if not isinstance(body, dict) or not body:
        return _error(400, "We could not parse the JSON body of your request.", None, None)
    known = EMBEDDING_FIELDS if asked.is_embedding else CHAT_FIELDS
    shape = _embedding_problems(body) if asked.is_embedding else _chat_problems(body)
    problems = chain(_field_problems(body, known.union(rules.extra_fields)), shape)
    for param, message in problems:
        return _error(400, message, param, "invalid_value")
    return None


def _chat_problems(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        yield "messages", "'messages' must be a list of at least one."
        return
    for at, message in enumerate(messages):
        yield from ((f"messages[{at}].{param}", words) for param, words in _message_problems(message))
    yield from _option_problems(body)
    yield from _tool_problems(body)


def _field_problems(body: dict[str, Any], known: frozenset[str]) -> Iterator[tuple[str, str]]:
    if not isinstance(body.get("model"), str) or not body["model"]:
        yield "model", "you must provide a model parameter"
    for name in body:
        if name not in known:
            yield name, f"Unrecognized request argument supplied: {name}"


def _message_problems(message: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(message, dict):
        yield "", "a message must be an object"
        return
    role, content = message.get("role"), message.get("content")
    if role not in ROLES:
        yield "role", f"unknown role {role!r}"
    if isinstance(content, list):
        if not content or not all(isinstance(part, dict) and part.get("type") in PART_TYPES for part in content):
            yield "content", "content must be parts of known types, at least one"
    elif content is None:
        if role != "assistant":
            yield "content", "content is missing"
    elif not isinstance(content, str):
        yield "content", "content must be text or parts"
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        yield "tool_call_id", "a tool message needs the id of its call"
    if "tool_calls" in message:
        yield from _call_problems(message["tool_calls"])


def _call_problems(calls: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(calls, list) or not calls:
        yield "tool_calls", "tool_calls must be a list of at least one"
        return
    for at, call in enumerate(calls):
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or call.get("type") != "function" or not call.get("id"):
            yield f"tool_calls[{at}]", "a call needs id, type and function"
        elif not isinstance(function.get("name"), str) or not isinstance(function.get("arguments"), str):
            yield f"tool_calls[{at}].function", "name and arguments must be text"


def _option_problems(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if not isinstance(body.get("stream", False), bool | None):
        yield "stream", "stream must be true or false"
    if body.get("stream_options") is not None and not body.get("stream"):
        yield "stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled."
    for name in ("max_tokens", "max_completion_tokens", "n"):
        value = body.get(name)
        if value is not None and (type(value) is not int or value < 1):
            yield name, f"{name} must be a whole number of at least 1"
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        yield "max_tokens", "max_tokens and max_completion_tokens are not to be set both"
    for name, low, high in (("temperature", 0, 2), ("top_p", 0, 1), ("presence_penalty", -2, 2), ("frequency_penalty", -2, 2)):
        value = body.get(name)
        if value is not None and (type(value) not in (int, float) or not low <= value <= high):
            yield name, f"{name} must be between {low} and {high}"


def _tool_problems(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    tools = body.get("tools")
    if tools is None:
        for name in ("tool_choice", "parallel_tool_calls"):
            if body.get(name) is not None:
                yield name, f"{name} is only allowed when 'tools' are specified."
        return
    if not isinstance(tools, list) or not tools:
        yield "tools", "tools must be a list of at least one"
        return
    for at, tool in enumerate(tools):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or tool.get("type") != "function" or not function.get("name"):
            yield f"tools[{at}]", "a tool needs type function and a name"


def _embedding_problems(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    text = body.get("input")
    items = text if isinstance(text, list) else [text]
    tokens = all(type(item) is int for item in items)
    lists = all(isinstance(item, list) and item and all(type(token) is int for token in item) for item in items)
    if not items or not (tokens or lists or all(isinstance(item, str) and item for item in items)):
        yield "input", "'$.input' is invalid."
    if body.get("encoding_format", "float") not in ("float", "base64"):
        yield "encoding_format", "encoding_format must be float or base64"
    dimensions = body.get("dimensions", 1)
    if type(dimensions) is not int or dimensions < 1:
        yield "dimensions", "dimensions must be a whole number of at least 1"


def _error(status: int, message: str, param: str | None, code: str | None) -> Status:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return Status.json(status, {"error": error})
