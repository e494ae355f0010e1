"""OpenAI's own chat completions as a wire: stricter than those who speak alike, and in its words.

https://platform.openai.com/docs/api-reference/chat/create, and the parameter types of openai-python.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tests.upstreams.asked import Asked
from tests.upstreams.behaviours import Answer, Events, Status, Trouble
from tests.upstreams.chat import Chat
from tests.upstreams.checks import Rules, refusal_for
from tests.upstreams.responses import error
from tests.upstreams.responses_items import in_words
from tests.upstreams.responses_shape import EFFORTS, TOOL_NAME, strict_schema
from tests.upstreams.shape import (
    Check,
    Place,
    Problems,
    an_object,
    base64_text,
    by_type,
    either,
    fields,
    flag,
    list_of,
    name,
    one_of,
    or_null,
    pattern,
    text,
    url_or_data,
    whole,
    wrong,
)

_TYPE: dict[str, Check] = {"type": text}
_CALL_ID = pattern(".{1,40}")
_TEXT = fields({**_TYPE, "text": text})
_PARTS: dict[str, Check] = {
    "text": _TEXT,
    "image_url": fields(
        {**_TYPE, "image_url": fields({"url": url_or_data}, {"detail": one_of("auto", "low", "high", "original")})}
    ),
    "input_audio": fields(
        {**_TYPE, "input_audio": fields({"data": base64_text, "format": one_of("wav", "mp3")})},
    ),
    "file": fields({**_TYPE, "file": fields({}, {"file_data": url_or_data, "file_id": name, "filename": text})}),
}
_TEXTS = either(text, list_of(by_type({"text": _TEXT}), least=1))
_SAID = either(text, list_of(by_type({"text": _TEXT, "refusal": fields({**_TYPE, "refusal": text})}), least=1))
_INDEX = {"index": whole(0)}
"""Calls that were put together from a stream have one; nobody minds."""
_CALL = by_type(
    {
        "function": fields({**_TYPE, "id": _CALL_ID, "function": fields({"name": TOOL_NAME, "arguments": text})}, _INDEX),
        "custom": fields({**_TYPE, "id": _CALL_ID, "custom": fields({"name": TOOL_NAME, "input": text})}, _INDEX),
    }
)
_NAME: dict[str, Check] = {"name": pattern("[^\\s<|\\\\/>]+")}
_MESSAGES: dict[str, Check] = {
    "system": fields({"role": text, "content": _TEXTS}, _NAME),
    "developer": fields({"role": text, "content": _TEXTS}, _NAME),
    "user": fields({"role": text, "content": either(text, list_of(by_type(_PARTS), least=1))}, _NAME),
    "assistant": fields(
        {"role": text},
        {
            **_NAME,
            "content": or_null(_SAID),
            "refusal": or_null(text),
            "tool_calls": list_of(_CALL, least=1),
            "audio": or_null(an_object),
            "function_call": or_null(fields({"name": TOOL_NAME, "arguments": text})),
        },
    ),
    "tool": fields({"role": text, "content": _TEXTS, "tool_call_id": text}, {"name": text}),
    "function": fields({"role": text, "content": or_null(text), "name": TOOL_NAME}),
}
"""The last is deprecated, and taken (ChatCompletionRequestFunctionMessage of the published interface), as are `functions`."""
_OWN_FUNCTION = fields({"name": TOOL_NAME}, {"description": text, "parameters": an_object, "strict": or_null(flag)})


def _function(value: Any, place: Place) -> Problems:
    yield from _OWN_FUNCTION(value, place)
    if isinstance(value, dict) and value.get("strict") is True:
        yield from strict_schema(value.get("parameters"), (*place, "parameters"))


def _format(value: Any, place: Place) -> Problems:
    yield from fields({"name": TOOL_NAME}, {"schema": an_object, "strict": or_null(flag), "description": text})(value, place)
    if isinstance(value, dict) and value.get("strict") is True:
        yield from strict_schema(value.get("schema"), (*place, "schema"))


_TOOL = by_type(
    {
        "function": fields({**_TYPE, "function": _function}),
        "custom": fields({**_TYPE, "custom": fields({"name": TOOL_NAME}, {"description": text, "format": an_object})}),
    }
)
_OPTIONS: dict[str, Check] = {
    "tools": list_of(_TOOL, least=1, most=128),
    "functions": list_of(_OWN_FUNCTION, least=1, most=128),
    "function_call": either(one_of("auto", "none"), fields({"name": TOOL_NAME})),
    "tool_choice": either(
        one_of("auto", "none", "required"),
        by_type(
            {
                "function": fields({**_TYPE, "function": fields({"name": name})}),
                "custom": fields({**_TYPE, "custom": fields({"name": name})}),
                "allowed_tools": fields({**_TYPE, "allowed_tools": an_object}),
            }
        ),
    ),
    "response_format": by_type(
        {
            "text": fields(_TYPE),
            "json_object": fields(_TYPE),
            "json_schema": fields({**_TYPE, "json_schema": _format}),
        }
    ),
    "reasoning_effort": or_null(one_of(*EFFORTS)),
    "stop": or_null(either(text, list_of(text, least=1, most=4))),
    "metadata": or_null(an_object),
    "top_logprobs": or_null(whole(0, 20)),
    "service_tier": or_null(one_of("auto", "default", "flex", "scale", "priority", "fast")),
    "verbosity": or_null(one_of("low", "medium", "high")),
}
_THINKING_MODEL = re.compile(r"(gpt-5|gpt-6|o\d)")
_NOT_WHILE_THINKING = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs")


@dataclass(frozen=True)
class OpenAI:
    keys: Collection[str] | None = None
    """The good keys; None takes any."""

    def refusal(self, asked: Asked) -> Status | None:
        return next(islice(self._refusals(asked), 1), None)

    def reply(self, answer: Answer, asked: Asked) -> Status | Events:
        return Chat().reply(answer, asked)

    def models(self, names: Sequence[str], path: str) -> Status:
        return Chat().models(names, path)

    def trouble(self, trouble: Trouble) -> Status:
        return Chat().trouble(trouble)

    def trouble_event(self, trouble: Trouble) -> dict[str, Any]:
        return Chat().trouble_event(trouble)

    def _refusals(self, asked: Asked) -> Iterator[Status]:
        plain = refusal_for(asked, Rules(self.keys))
        if plain is not None:
            yield plain
        elif asked.method == "POST" and not asked.is_embedding:
            body = asked.json
            problems = list(_shape(body))
            yield from (error(400, *in_words(problem)) for problem in problems)
            if not problems:
                yield from _order(body["messages"])
                yield from _model(body)


def _shape(body: dict[str, Any]) -> Problems:
    for at, message in enumerate(body["messages"]):
        yield from _MESSAGES.get(message["role"], _unknown_role)(message, ("messages", at))
    for option, check in _OPTIONS.items():
        if option in body:
            yield from check(body[option], (option,))


def _unknown_role(value: Any, place: Place) -> Problems:
    yield wrong(
        (*place, "role"),
        "Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.",
        value["role"],
    )


def _order(messages: list[dict[str, Any]]) -> Iterator[Status]:
    """Each call is answered by the tool messages right behind it, and they answer nothing else."""
    owed: list[str] = []
    for at, message in enumerate([*messages, {"role": ""}]):
        if message["role"] == "tool":
            if message["tool_call_id"] not in owed:
                words = (
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
                )
                yield error(400, words, f"messages.[{at}].role")
            else:
                owed.remove(message["tool_call_id"])
            continue
        if owed:
            words = (
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
                f"The following tool_call_ids did not have response messages: {', '.join(owed)}"
            )
            yield error(400, words, f"messages.[{at}].role")
        answers = ("tool_calls", "function_call", "refusal")
        is_said = any(message.get(member) for member in answers) or message.get("content") is not None
        if message["role"] == "assistant" and not is_said:
            yield error(400, "Invalid value for 'content': expected a string, got null.", f"messages.[{at}].content")
        owed = [call["id"] for call in message.get("tool_calls") or ()]


def _model(body: dict[str, Any]) -> Iterator[Status]:
    """What models that think first do not take."""
    if not _THINKING_MODEL.match(body["model"]):
        return
    if body.get("max_tokens") is not None:
        words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        yield error(400, words, "max_tokens", "unsupported_parameter")
    for option in _NOT_WHILE_THINKING if body.get("reasoning_effort") != "none" else ():
        if body.get(option) is not None:
            words = f"Unsupported parameter: '{option}' is not supported with this model."
            yield error(400, words, option, "unsupported_parameter")
