"""What every member of a Responses request must look like, as the API's own schema has it.

https://platform.openai.com/docs/api-reference/responses/create, and the parameter types of openai-python.
"""

from __future__ import annotations

from typing import Any

from tests.upstreams.shape import (
    Check,
    Place,
    Problems,
    an_object,
    anything,
    by_type,
    either,
    fields,
    flag,
    list_of,
    name,
    number,
    one_of,
    or_null,
    pattern,
    text,
    url_or_data,
    whole,
    wrong,
)

TOOL_NAME = pattern("[a-zA-Z0-9_-]{1,64}")
_CALL_ID = pattern("[^\\s].{0,63}")
_TYPE: dict[str, Check] = {"type": text}
_STATUS: dict[str, Check] = {"status": or_null(one_of("in_progress", "completed", "incomplete"))}


def _id(*begins: str) -> dict[str, Check]:
    def check(value: Any, place: Place) -> Problems:
        if not isinstance(value, str) or not value.startswith(begins):
            yield wrong(place, f"Expected an ID that begins with '{begins[0].removesuffix('_')}'.", value)

    return {"id": or_null(check)}


# messages ------------------------------------------------------------------------------------------------------------

_INPUT_PARTS: dict[str, Check] = {
    "input_text": fields({**_TYPE, "text": text}),
    "input_image": fields(
        _TYPE,
        {
            "image_url": or_null(url_or_data),
            "file_id": or_null(name),
            "detail": or_null(one_of("low", "high", "auto", "original")),
        },
    ),
    "input_file": fields(
        _TYPE,
        {
            "file_data": url_or_data,
            "file_id": or_null(name),
            "file_url": url_or_data,
            "filename": name,
        },
    ),
}
_OUTPUT_PARTS: dict[str, Check] = {
    "output_text": fields(
        {**_TYPE, "text": text}, {"annotations": list_of(an_object), "logprobs": or_null(list_of(an_object))}
    ),
    "refusal": fields({**_TYPE, "refusal": text}),
}
_ROLES = ("user", "assistant", "system", "developer")


def _message(value: Any, place: Place) -> Problems:
    role = value.get("role") if isinstance(value, dict) else None
    parts = by_type(_OUTPUT_PARTS if role == "assistant" else _INPUT_PARTS)
    yield from fields(
        {"role": one_of(*_ROLES), "content": either(text, list_of(parts))},
        {"type": one_of("message"), **_id("msg_"), **_STATUS, "phase": or_null(one_of("commentary", "final_answer"))},
    )(value, place)


# other items ---------------------------------------------------------------------------------------------------------

_OUTPUT = either(text, list_of(by_type(_INPUT_PARTS)))
_SUMMARY = fields({"type": one_of("summary_text"), "text": text})
_NAMESPACE: dict[str, Check] = {"namespace": or_null(name)}
ITEMS: dict[str, Check] = {
    "message": _message,
    "function_call": fields(
        {**_TYPE, "call_id": _CALL_ID, "name": TOOL_NAME, "arguments": text}, {**_id("fc_"), **_STATUS, **_NAMESPACE}
    ),
    "function_call_output": fields({**_TYPE, "call_id": _CALL_ID, "output": _OUTPUT}, {**_id("fc_", "fco_"), **_STATUS}),
    "custom_tool_call": fields(
        {**_TYPE, "call_id": _CALL_ID, "name": TOOL_NAME, "input": text}, {**_id("ctc_"), **_STATUS, **_NAMESPACE}
    ),
    "custom_tool_call_output": fields({**_TYPE, "call_id": _CALL_ID, "output": _OUTPUT}, {**_id("ctc_", "ctco_"), **_STATUS}),
    "reasoning": fields(
        {**_TYPE, "summary": list_of(_SUMMARY)},
        {
            **_id("rs_"),
            **_STATUS,
            "encrypted_content": or_null(text),
            "content": or_null(list_of(fields({"type": one_of("reasoning_text"), "text": text}))),
        },
    ),
    "web_search_call": fields({**_TYPE}, {**_id("ws_"), "status": text, "action": an_object}),
    "image_generation_call": fields({**_TYPE}, {**_id("ig_"), "status": text, "result": or_null(text)}),
    "local_shell_call": fields({**_TYPE, "call_id": _CALL_ID, "action": an_object}, {**_id("lsh_"), **_STATUS}),
    "local_shell_call_output": fields({**_TYPE, "id": text, "output": text}, _STATUS),
}


# tools ---------------------------------------------------------------------------------------------------------------


def _function(value: Any, place: Place) -> Problems:
    yield from fields(
        {**_TYPE, "name": TOOL_NAME},
        {
            "description": or_null(text),
            "parameters": or_null(an_object),
            "strict": or_null(flag),
            "defer_loading": flag,
            "output_schema": or_null(an_object),
        },
    )(value, place)
    if isinstance(value, dict) and value.get("strict") is True:
        yield from strict_schema(value.get("parameters"), (*place, "parameters"))


def strict_schema(schema: Any, place: Place) -> Problems:
    """With `strict` every object must be closed, and all of its properties required."""
    if not isinstance(schema, dict):
        return
    properties = schema.get("properties", {})
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            yield wrong(place, "In context=(), 'additionalProperties' is required to be supplied and to be false.")
        if sorted(schema.get("required", [])) != sorted(properties):
            yield wrong(place, "'required' is required to be supplied and to be an array including every key in properties.")
    for inner, property_ in properties.items():
        yield from strict_schema(property_, (*place, inner))
    yield from strict_schema(schema.get("items"), (*place, "items"))


_FORMAT = by_type(
    {
        "text": fields(_TYPE),
        "grammar": fields({**_TYPE, "syntax": one_of("lark", "regex"), "definition": text}),
    }
)
_CUSTOM = fields({**_TYPE, "name": TOOL_NAME}, {"description": text, "format": _FORMAT, "defer_loading": flag})
_OWN_TOOL = by_type({"function": _function, "custom": _CUSTOM})
TOOLS: dict[str, Check] = {
    "function": _function,
    "custom": _CUSTOM,
    "namespace": fields({**_TYPE, "name": TOOL_NAME, "tools": list_of(_OWN_TOOL)}, {"description": text}),
    **dict.fromkeys(
        ("web_search", "file_search", "image_generation", "code_interpreter", "mcp", "local_shell", "tool_search"), anything
    ),
}
TOOL_CHOICE = either(
    one_of("auto", "none", "required"),
    by_type(
        {
            "function": fields({**_TYPE, "name": TOOL_NAME}),
            "custom": fields({**_TYPE, "name": TOOL_NAME}),
            "allowed_tools": fields({**_TYPE, "mode": one_of("auto", "required"), "tools": list_of(an_object, least=1)}),
            "web_search": fields(_TYPE),
        }
    ),
)


# the request ---------------------------------------------------------------------------------------------------------


def _json_schema(value: Any, place: Place) -> Problems:
    yield from fields({**_TYPE, "name": TOOL_NAME, "schema": an_object}, {"strict": or_null(flag), "description": text})(
        value, place
    )
    if isinstance(value, dict) and value.get("strict") is True:
        yield from strict_schema(value.get("schema"), (*place, "schema"))


TEXT = fields(
    {},
    {
        "format": by_type({"text": fields(_TYPE), "json_object": fields(_TYPE), "json_schema": _json_schema}),
        "verbosity": or_null(one_of("low", "medium", "high")),
    },
)
INCLUDE = list_of(
    one_of(
        "file_search_call.results",
        "web_search_call.results",
        "web_search_call.action.sources",
        "message.input_image.image_url",
        "computer_call_output.output.image_url",
        "code_interpreter_call.outputs",
        "reasoning.encrypted_content",
        "message.output_text.logprobs",
    )
)
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
REASONING = fields(
    {},
    {
        "effort": or_null(one_of(*EFFORTS)),
        "summary": or_null(one_of("auto", "concise", "detailed")),
        "generate_summary": or_null(one_of("auto", "concise", "detailed")),
    },
)
_ADDITIONAL_TOOLS = fields({**_TYPE, "tools": list_of(by_type(TOOLS))}, {"id": or_null(text), "role": one_of("developer")})
"""As the types of openai-python have it since 3.57, and without the role, as the Codex desktop program sends it."""
ITEM = by_type({**ITEMS, "additional_tools": _ADDITIONAL_TOOLS}, default="message")
REQUEST: dict[str, Check] = {
    "background": or_null(flag),
    "context_management": or_null(list_of(an_object)),
    "conversation": or_null(either(text, an_object)),
    "include": or_null(INCLUDE),
    "instructions": or_null(text),
    "max_output_tokens": or_null(whole(16)),
    "max_tool_calls": or_null(whole(1)),
    "metadata": or_null(an_object),
    "moderation": or_null(an_object),
    "parallel_tool_calls": or_null(flag),
    "previous_response_id": or_null(text),
    "prompt": or_null(an_object),
    "prompt_cache_key": text,
    "prompt_cache_options": or_null(an_object),
    "prompt_cache_retention": or_null(one_of("in_memory", "24h")),
    "reasoning": or_null(REASONING),
    "safety_identifier": text,
    "service_tier": or_null(one_of("auto", "default", "flex", "scale", "priority", "fast")),
    "store": or_null(flag),
    "stream": or_null(flag),
    "stream_options": or_null(fields({}, {"include_obfuscation": flag})),
    "temperature": or_null(number(0, 2)),
    "text": TEXT,
    "tool_choice": TOOL_CHOICE,
    "tools": list_of(by_type(TOOLS)),
    "top_logprobs": or_null(whole(0, 20)),
    "top_p": or_null(number(0, 1)),
    "truncation": or_null(one_of("auto", "disabled")),
    "user": text,
}


def request_problems(body: dict[str, Any]) -> Problems:
    """Everything that is wrong with the members of *body*, each by itself."""
    yield from fields({"model": name, "input": either(list_of(ITEM), text)}, REQUEST)(body, ())
