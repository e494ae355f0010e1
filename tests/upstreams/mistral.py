"""Mistral's chat completions as a wire: no field that its schema does not know, call ids of nine characters, roles in order.

docs.mistral.ai/api, and the validators of mistral-common, which say what the service says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import Any

from tests.upstreams.asked import Asked
from tests.upstreams.behaviours import Answer, Events, Status, Trouble
from tests.upstreams.chat_replies import chat_reply, models
from tests.upstreams.shape import (
    Check,
    Fault,
    Place,
    Problem,
    Problems,
    an_object,
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
)

_TOOL_NAME = pattern("[a-zA-Z0-9_-]{1,64}")
_TYPE: dict[str, Check] = {"type": text}
_IMAGE_URL = either(url_or_data, fields({"url": url_or_data}, {"detail": or_null(text)}))
_TEXT_PART = fields({**_TYPE, "text": text})
_PARTS: dict[str, Check] = {
    "text": _TEXT_PART,
    "image_url": fields({**_TYPE, "image_url": _IMAGE_URL}),
    "document_url": fields({**_TYPE, "document_url": url_or_data}, {"document_name": or_null(text)}),
    "input_audio": fields({**_TYPE, "input_audio": either(text, an_object)}),
    "file": fields({**_TYPE, "file_id": name}),
    "reference": fields({**_TYPE, "reference_ids": list_of(whole(0))}),
    "thinking": fields({**_TYPE, "thinking": list_of(by_type({"text": _TEXT_PART}))}, {"closed": flag}),
}
_CONTENT = either(text, list_of(by_type(_PARTS)))
_CALL = fields(
    {"id": text, "function": fields({"name": text, "arguments": either(text, an_object)})},
    {"type": one_of("function"), "index": whole(0)},
)
_MESSAGES: dict[str, Check] = {
    "system": fields({"role": text, "content": _CONTENT}),
    "user": fields({"role": text, "content": or_null(_CONTENT)}),
    "assistant": fields({"role": text}, {"content": or_null(_CONTENT), "tool_calls": or_null(list_of(_CALL)), "prefix": flag}),
    "tool": fields({"role": text, "content": or_null(_CONTENT)}, {"tool_call_id": or_null(text), "name": or_null(text)}),
}


def _message(value: Any, place: Place) -> Problems:
    role = value.get("role") if isinstance(value, dict) else None
    if role not in _MESSAGES:
        yield Problem(place, Fault.WRONG, f"Input tag '{role}' found using 'role' does not match any of the expected tags")
    else:
        yield from _MESSAGES[role](value, (*place, role))


_FUNCTION = fields({"name": _TOOL_NAME, "parameters": an_object}, {"description": text, "strict": flag})
_TOOL = by_type(
    {
        "function": fields({"function": _FUNCTION}, _TYPE),
        **dict.fromkeys(("web_search", "web_search_premium", "code_interpreter", "image_generation"), fields(_TYPE)),
    },
    default="function",
)
_FORMAT = fields(
    {"type": one_of("text", "json_object", "json_schema")},
    {"json_schema": or_null(fields({"name": text, "schema": an_object}, {"strict": flag, "description": or_null(text)}))},
)
_CHAT = fields(
    {"model": name, "messages": list_of(_message, least=1)},
    {
        "stream": flag,
        "stream_options": or_null(fields({}, {"include_usage": flag})),
        "max_tokens": or_null(whole(1)),
        "temperature": or_null(number(0, 1.5)),
        "top_p": number(0, 1),
        "n": or_null(whole(1)),
        "stop": either(text, list_of(text)),
        "random_seed": or_null(whole(0)),
        "tools": or_null(list_of(_TOOL, least=1)),
        "tool_choice": either(
            one_of("auto", "none", "any", "required"),
            fields({"function": fields({"name": name})}, {"type": one_of("function")}),
        ),
        "parallel_tool_calls": flag,
        "response_format": _FORMAT,
        "presence_penalty": number(-2, 2),
        "frequency_penalty": number(-2, 2),
        "safe_prompt": flag,
        "prediction": an_object,
        "prompt_mode": or_null(one_of("reasoning")),
        "metadata": or_null(an_object),
    },
)
_EMBEDDINGS = fields(
    {"model": name, "input": either(text, list_of(text, least=1))},
    {
        "output_dimension": or_null(whole(1)),
        "output_dtype": text,
        "encoding_format": one_of("float", "base64"),
        "metadata": or_null(an_object),
    },
)
_AFTER = {
    "": {"system", "user", "assistant"},
    "system": {"system", "user", "assistant"},
    "user": {"system", "user", "assistant"},
    "assistant": {"assistant", "user", "tool"},
    "tool": {"assistant", "tool"},
}
"""Which roles may follow which."""
_TROUBLES = {
    Trouble.OVERLOADED: (429, "Service tier capacity exceeded for this model.", "service_tier_capacity_exceeded", "3505"),
    Trouble.RATE_LIMITED: (429, "Requests rate limit exceeded", "rate_limited", "1300"),
    Trouble.SERVER_ERROR: (500, "Internal server error", "internal_server_error", "1000"),
}
_CALL_ID = pattern("[a-zA-Z0-9]{9}")
_FAULTS = {Fault.EXTRA: "extra_forbidden", Fault.MISSING: "missing", Fault.WRONG: "value_error"}


@dataclass(frozen=True)
class Mistral:
    keys: Collection[str] | None = None
    """The good keys; None takes any."""

    def refusal(self, asked: Asked) -> Status | None:
        return next(islice(self._refusals(asked), 1), None)

    def reply(self, answer: Answer, asked: Asked) -> Status | Events:
        """Calls have ids of nine characters here. Reasoning stands in front, as a part of the content."""
        calls = [replace(call, id=nine_characters(call.id)) for call in answer.tool_calls]
        given = replace(answer, tool_calls=calls, reasoning="")
        reply = chat_reply(given, asked)
        return _with_thinking(reply, answer.reasoning) if answer.reasoning else reply

    def models(self, names: Sequence[str], path: str) -> Status:
        return models(names, path)

    def trouble(self, trouble: Trouble) -> Status:
        return _error(*_TROUBLES[trouble])

    def trouble_event(self, trouble: Trouble) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.trouble(trouble).body)
        return said

    def _refusals(self, asked: Asked) -> Iterator[Status]:
        if not asked.key or (self.keys is not None and asked.key not in self.keys):
            yield Status.json(401, {"detail": "Unauthorized"})
        path = asked.path.partition("?")[0]
        if path.endswith("/models") or "/models/" in path:
            return
        if asked.method != "POST" or not path.endswith(("/chat/completions", "/embeddings")):
            yield Status.json(404, {"message": "no Route matched with those values"})
        check = _EMBEDDINGS if asked.is_embedding else _CHAT
        problems = list(check(asked.json, ("body",)))
        if problems:
            yield _unprocessable(problems[0])
        elif not asked.is_embedding:
            yield from turn_refusals(asked.json)


def turn_refusals(body: dict[str, Any]) -> Iterator[Status]:
    """What is wrong with the order of the turns, and with calls and their results."""
    messages = body["messages"]
    for before, role in pairwise(["", *(message["role"] for message in messages)]):
        if role not in _AFTER[before]:
            yield _order(f"Unexpected role '{role}' after role '{before}'")
    for message in messages:
        for call in message.get("tool_calls") or ():
            if any(_CALL_ID(call["id"], ())):
                words = f"Tool call id was {call['id']} but must be a-z, A-Z, 0-9, with a length of 9."
                yield _error(400, words, "invalid_function_call", "3280")
            if any(_TOOL_NAME(call["function"]["name"], ())):
                words = (
                    f"Function name was {call['function']['name']} but must be a-z, A-Z, 0-9, or contain underscores and dashes"
                )
                yield _error(400, words, "invalid_function_call", "3280")
        if message["role"] == "assistant" and not message.get("content") and not message.get("tool_calls"):
            yield _order("Assistant message must have either content or tool_calls, but not none.")
    yield from _result_refusals(messages)
    last = messages[-1]
    if last["role"] not in ("user", "tool") and not last.get("prefix"):
        yield _order(f"Expected last role User or Tool (or Assistant with prefix True) for serving but got {last['role']}")


def _result_refusals(messages: list[dict[str, Any]]) -> Iterator[Status]:
    """Each call is answered once, by the tool messages right behind it."""
    called: list[str] = []
    answered: list[str] = []
    for message in [*messages, {"role": "end"}]:
        if message["role"] == "tool":
            answered.append(message.get("tool_call_id") or "")
            if answered[-1] not in called:
                yield _order(f"Unexpected tool call id {answered[-1]} in tool results")
            continue
        if len(called) != len(answered):
            yield _order("Not the same number of function calls and responses")
        called, answered = [call["id"] for call in message.get("tool_calls") or ()], []


def nine_characters(call_id: str) -> str:
    """The id that Mistral itself gives the call which a test calls *call_id*."""
    return hashlib.sha256(call_id.encode()).hexdigest()[:9]


def _with_thinking(reply: Status | Events, thoughts: str) -> Status | Events:
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": thoughts}]}]
    if isinstance(reply, Status):
        completion = json.loads(reply.body)
        message = completion["choices"][0]["message"]
        message["content"] = [*thinking, {"type": "text", "text": message["content"] or ""}]
        return replace(reply, body=json.dumps(completion).encode())
    at, first = next((at, item) for at, item in enumerate(reply.items) if isinstance(item, dict))
    choice = {"index": 0, "delta": {"content": thinking}, "logprobs": None, "finish_reason": None}
    return replace(reply, items=[*reply.items[: at + 1], {**first, "choices": [choice]}, *reply.items[at + 1 :]])


def _unprocessable(problem: Problem) -> Status:
    detail = [{"type": _FAULTS[problem.fault], "loc": list(problem.place), "msg": problem.words}]
    said = {"object": "error", "message": {"detail": detail}, "type": "invalid_request_error", "param": None, "code": None}
    return Status.json(422, said)


def _order(words: str) -> Status:
    return _error(400, words, "invalid_request_message_order", "3230")


def _error(status: int, words: str, kind: str, code: str) -> Status:
    return Status.json(status, {"object": "error", "message": words, "type": kind, "param": None, "code": code})
