"""What every member of a Messages request must look like, as the API's own schema has it. Words as the API finds them.

https://docs.anthropic.com/en/api/messages, and the parameter types of anthropic-sdk-python.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from tests.upstreams.shape import (
    Check,
    Place,
    Problems,
    an_object,
    anything,
    base64_text,
    by_type,
    either,
    fields,
    flag,
    list_of,
    missing,
    name,
    number,
    one_of,
    or_null,
    pattern,
    text,
    url,
    whole,
    wrong,
)

_BETA_WORDS = """
    message-batches-2024-09-24 prompt-caching-2024-07-31 computer-use-2024-10-22 computer-use-2025-01-24 pdfs-2024-09-25
    token-counting-2024-11-01 token-efficient-tools-2025-02-19 output-128k-2025-02-19 output-300k-2026-03-24
    files-api-2025-04-14 mcp-client-2025-04-04 mcp-client-2025-11-20 dev-full-thinking-2025-05-14
    interleaved-thinking-2025-05-14 code-execution-2025-05-22 extended-cache-ttl-2025-04-11 context-1m-2025-08-07
    context-management-2025-06-27 model-context-window-exceeded-2025-08-26 skills-2025-10-02 fast-mode-2026-02-01
    thinking-token-count-2026-05-13 server-side-fallback-2026-06-01 server-side-fallback-2026-07-01
    agent-memory-2026-07-22 mid-conversation-tool-changes-2026-07-01 structured-outputs-2025-11-13 claude-code-20250219
    oauth-2025-04-20 fine-grained-tool-streaming-2025-05-14 prompt-caching-scope-2026-01-05
    mid-conversation-system-2026-04-07 effort-2025-11-24 structured-outputs-2025-12-15
"""
BETAS = frozenset(_BETA_WORDS.split())
_SERVER_TOOL = re.compile(
    r"(web_search|web_fetch|bash|text_editor|computer|code_execution|memory|tool_search_tool(_regex|_bm25)?)_20\d{6}"
)


def request_problems(body: dict[str, Any], betas: Collection[str]) -> Iterator[str]:
    """Everything that is wrong with the members of *body*, each by itself, as the API words it."""
    for problem in _problems(body, betas):
        yield f"{'.'.join(map(str, problem.place))}: {problem.words}"


def _problems(body: dict[str, Any], betas: Collection[str]) -> Problems:
    known = _OPTIONAL | {
        name: check for name, (beta, check) in _OF_BETAS.items() if any(sent.startswith(beta) for sent in betas)
    }
    yield from fields(_REQUIRED, known)(body, ())
    roles = ("user", "assistant", *(("system",) if "mid-conversation-system-2026-04-07" in betas else ()))
    for at, message in enumerate(body["messages"] if isinstance(body.get("messages"), list) else ()):
        role = message.get("role") if isinstance(message, dict) else None
        if role in roles:
            yield from fields({"role": text, "content": either(text, list_of(_block_of(role)))})(message, ("messages", at))
        else:
            yield from one_of(*roles)(role, ("messages", at, "role"))


# members of the request ----------------------------------------------------------------------------------------------

_CACHE_CONTROL = fields({"type": one_of("ephemeral")}, {"ttl": one_of("5m", "1h"), "scope": one_of("organization", "global")})
_TYPE: dict[str, Check] = {"type": text}
_CACHED: dict[str, Check] = {"cache_control": or_null(_CACHE_CONTROL)}
_CALL_ID = pattern("[a-zA-Z0-9_-]+")
_TOOL_NAME = pattern("[a-zA-Z0-9_-]{1,128}")
_TEXT = fields({**_TYPE, "text": text}, {**_CACHED, "citations": or_null(list_of(an_object))})
_IMAGE_TYPE = one_of("image/jpeg", "image/png", "image/gif", "image/webp")
_IMAGE_SOURCE = by_type(
    {
        "base64": fields({**_TYPE, "media_type": _IMAGE_TYPE, "data": base64_text}),
        "url": fields({**_TYPE, "url": url}),
        "file": fields({**_TYPE, "file_id": name}),
    },
    label=True,
)
_IMAGE = fields({**_TYPE, "source": _IMAGE_SOURCE}, _CACHED)
_DOCUMENT_SOURCE = by_type(
    {
        "base64": fields({**_TYPE, "media_type": one_of("application/pdf"), "data": base64_text}),
        "text": fields({**_TYPE, "media_type": one_of("text/plain"), "data": text}),
        "content": fields({**_TYPE, "content": either(text, list_of(by_type({"text": _TEXT, "image": _IMAGE})))}),
        "url": fields({**_TYPE, "url": url}),
        "file": fields({**_TYPE, "file_id": name}),
    },
    label=True,
)
_DOCUMENT = fields(
    {**_TYPE, "source": _DOCUMENT_SOURCE},
    {**_CACHED, "title": or_null(name), "context": or_null(text), "citations": or_null(an_object)},
)
_SEARCH_RESULT = fields(
    {**_TYPE, "source": text, "title": text, "content": list_of(an_object)}, {**_CACHED, "citations": an_object}
)
_RESULT_PART = by_type(
    {
        "text": _TEXT,
        "image": _IMAGE,
        "document": _DOCUMENT,
        "search_result": _SEARCH_RESULT,
        "tool_reference": fields({**_TYPE, "tool_name": name}, _CACHED),
    },
    label=True,
)
_CALL = fields({**_TYPE, "id": _CALL_ID, "name": _TOOL_NAME, "input": an_object}, {**_CACHED, "caller": an_object})
_SERVER_RESULT = fields({**_TYPE, "tool_use_id": _CALL_ID, "content": anything}, {**_CACHED, "caller": an_object})
_SERVER_RESULTS = dict.fromkeys(
    (
        "web_search_tool_result",
        "web_fetch_tool_result",
        "code_execution_tool_result",
        "bash_code_execution_tool_result",
        "text_editor_code_execution_tool_result",
        "tool_search_tool_result",
    ),
    _SERVER_RESULT,
)
_ASSISTANT_BLOCKS: dict[str, Check] = {
    "text": _TEXT,
    "thinking": fields({**_TYPE, "thinking": text, "signature": text}),
    "redacted_thinking": fields({**_TYPE, "data": text}),
    "tool_use": _CALL,
    "server_tool_use": _CALL,
    **_SERVER_RESULTS,
}
_USER_BLOCKS: dict[str, Check] = {
    "text": _TEXT,
    "image": _IMAGE,
    "document": _DOCUMENT,
    "search_result": _SEARCH_RESULT,
    "tool_result": fields(
        {**_TYPE, "tool_use_id": _CALL_ID}, {**_CACHED, "content": either(text, list_of(_RESULT_PART)), "is_error": flag}
    ),
    "container_upload": fields({**_TYPE, "file_id": name}, _CACHED),
    **_SERVER_RESULTS,
}
_BLOCKS = {
    "user": by_type(_USER_BLOCKS, label=True),
    "assistant": by_type(_ASSISTANT_BLOCKS, label=True),
    "system": by_type({"text": _TEXT}, label=True),
}


def _block_of(role: str) -> Check:
    def check(block: Any, place: Place) -> Problems:
        kind = block.get("type") if isinstance(block, dict) else None
        if role == "user" and kind in _ASSISTANT_BLOCKS and kind not in _USER_BLOCKS:
            yield wrong(place, f"`{kind}` blocks can only be in `assistant` messages")
        elif role == "assistant" and kind == "tool_result":
            yield wrong(place, "`tool_result` blocks can only be in `user` messages")
        else:
            yield from _BLOCKS[role](block, place)

    return check


def _schema(value: Any, place: Place) -> Problems:
    yield from an_object(value, place)
    if isinstance(value, dict):
        yield from (one_of("object")(value["type"], (*place, "type")) if "type" in value else [missing((*place, "type"))])


_CUSTOM_TOOL = fields(
    {"name": _TOOL_NAME, "input_schema": _schema},
    {
        **_CACHED,
        "type": one_of("custom"),
        "description": text,
        "strict": flag,
        "defer_loading": flag,
        "eager_input_streaming": flag,
        "input_examples": list_of(an_object),
        "allowed_callers": list_of(text),
    },
)


def _strict(schema: Any, place: Place) -> Problems:
    """What calls are held to is closed at every depth, and without constraints on values."""
    if isinstance(schema, list):
        yield from (problem for each in schema for problem in _strict(each, place))
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        yield wrong(place, "For 'object' type, 'additionalProperties' must be explicitly set to false")
    for word in _NOT_IN_STRICT & schema.keys():
        yield wrong(place, f"For '{schema.get('type')}' type, property '{word}' is not supported")
    for word in ("items", "anyOf"):
        yield from _strict(schema.get(word), place)
    for word in ("properties", "$defs"):
        yield from _strict([*schema.get(word, {}).values()], place)


_NOT_IN_STRICT = {"minimum", "maximum", "multipleOf", "minLength", "maxLength", "maxItems", "uniqueItems", "oneOf"}


def _tool(tool: Any, place: Place) -> Problems:
    kind = tool.get("type") if isinstance(tool, dict) else None
    if kind is None or kind == "custom":
        yield from _CUSTOM_TOOL(tool, (*place, "custom"))
        if isinstance(tool, dict) and tool.get("strict"):
            yield from _strict(tool.get("input_schema"), (*place, "custom", "input_schema"))
    elif not isinstance(kind, str) or not _SERVER_TOOL.fullmatch(kind):
        yield wrong(place, f"Input tag '{kind}' found using 'type' does not match any of the expected tags")
    elif not isinstance(tool.get("name"), str):
        yield missing((*place, kind, "name"))


def _stop(value: Any, place: Place) -> Problems:
    yield from text(value, place)
    if isinstance(value, str) and not value.strip():
        yield wrong(place[:-1], "each stop sequence must contain non-whitespace")


def _user_id(value: Any, place: Place) -> Problems:
    yield from text(value, place)
    if isinstance(value, str) and len(value) > 256:
        yield wrong(place, "String should have at most 256 characters")


_PARALLEL: dict[str, Check] = {"disable_parallel_tool_use": flag}
_DISPLAY: dict[str, Check] = {"display": one_of("summarized", "omitted")}
_REQUIRED: dict[str, Check] = {
    "model": name,
    "max_tokens": whole(1),
    "messages": list_of(an_object, least=1, most=100_000),
}
_OPTIONAL: dict[str, Check] = {
    "system": either(text, list_of(_BLOCKS["system"])),
    "stop_sequences": list_of(_stop),
    "stream": flag,
    "temperature": number(0, 1),
    "top_p": number(0, 1),
    "top_k": whole(0),
    "tools": list_of(_tool),
    "tool_choice": by_type(
        {
            "auto": fields(_TYPE, _PARALLEL),
            "any": fields(_TYPE, _PARALLEL),
            "tool": fields({**_TYPE, "name": name}, _PARALLEL),
            "none": fields(_TYPE),
        },
        label=True,
    ),
    "thinking": by_type(
        {
            "enabled": fields({**_TYPE, "budget_tokens": whole(1024)}, _DISPLAY),
            "adaptive": fields(_TYPE, _DISPLAY),
            "disabled": fields(_TYPE),
        },
        label=True,
    ),
    "output_config": fields(
        {},
        {
            "effort": or_null(one_of("low", "medium", "high", "xhigh", "max")),
            "format": or_null(fields({"type": one_of("json_schema"), "schema": an_object})),
        },
    ),
    "metadata": fields({}, {"user_id": or_null(_user_id)}),
    "service_tier": one_of("auto", "standard_only"),
    "cache_control": or_null(_CACHE_CONTROL),
    "container": or_null(either(text, an_object)),
    "inference_geo": or_null(text),
}
_OF_BETAS: dict[str, tuple[str, Check]] = {
    "context_management": ("context-management-", fields({}, {"edits": list_of(an_object)})),
    "mcp_servers": ("mcp-client-", list_of(an_object)),
    "speed": ("fast-mode-", or_null(one_of("standard", "fast"))),
}
"""Members that are taken only with a beta whose name begins so."""
