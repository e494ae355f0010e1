"""Gemini's OpenAI-compatible endpoint as a wire: unknown names are refused, its thought signatures must come back, and the
calls of a stream carry no index.

https://ai.google.dev/gemini-api/docs/openai and /docs/thought-signatures.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from tests.upstreams.asked import Asked
from tests.upstreams.behaviours import Answer, Events, Quirk, Status, ToolCall, Trouble
from tests.upstreams.chat_replies import chat_reply, models
from tests.upstreams.checks import Rules, refusal_for
from tests.upstreams.seals import Seal

_WORDS = """
    model messages stream stream_options max_tokens max_completion_tokens temperature top_p n stop seed tools tool_choice
    response_format reasoning_effort extra_body
"""
FIELDS = frozenset(_WORDS.split())
_MESSAGE_FIELDS = frozenset({"role", "content", "name", "tool_calls", "tool_call_id", "extra_content"})
_CALL_FIELDS = frozenset({"id", "type", "function", "extra_content", "index"})
_PART_FIELDS = frozenset({"type", "text", "image_url", "input_audio", "file", "extra_content"})
STAND_INS = frozenset({"context_engineering_is_the_way_to_go", "skip_thought_signature_validator"})
"""What the documentation names for calls that another vendor's model made."""
OWN = Seal("gemini", "CiQB")
_OLDER_MODELS = ("gemini-1", "gemini-2")
_OWN_IDS = "function-call-"
_TROUBLES = {
    Trouble.OVERLOADED: (503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    Trouble.RATE_LIMITED: (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    Trouble.SERVER_ERROR: (500, "INTERNAL", "An internal error has occurred."),
}


@dataclass(frozen=True)
class Gemini:
    keys: Collection[str] | None = None
    """The good keys; None takes any."""
    seal: Seal = OWN

    def refusal(self, asked: Asked) -> Status | None:
        return next(islice(self._refusals(asked), 1), None)

    def reply(self, answer: Answer, asked: Asked) -> Status | Events:
        """Calls have ids of its own and a signature each; a stream tells each of them whole, and without an index."""
        calls = [self._signed(call) for call in answer.tool_calls]
        quirks = answer.quirks | {Quirk.NO_INDEX}
        reply = chat_reply(replace(answer, tool_calls=calls, quirks=quirks), asked)
        return replace(reply, items=_whole_calls(reply.items, calls)) if isinstance(reply, Events) and calls else reply

    def models(self, names: Sequence[str], path: str) -> Status:
        return models([f"models/{name}" for name in names], path)

    def trouble(self, trouble: Trouble) -> Status:
        return _error(*_TROUBLES[trouble])

    def trouble_event(self, trouble: Trouble) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.trouble(trouble).body)[0]
        return said

    def _signed(self, call: ToolCall) -> ToolCall:
        signature = self.seal.close(_what(call.name, call.arguments))
        return replace(call, id=_OWN_IDS + call.id, extra={"extra_content": {"google": {"thought_signature": signature}}})

    def _refusals(self, asked: Asked) -> Iterator[Status]:
        if not asked.key:
            yield _error(401, "UNAUTHENTICATED", "Request is missing required authentication credential.")
        if self.keys is not None and asked.key not in self.keys:
            yield _error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.")
        if asked.method == "GET" or asked.is_embedding:
            return
        body = asked.json
        for place in unknown_names(body) if isinstance(body, dict) else ():
            words = (
                f"Invalid JSON payload received. Unknown name \"{place.rpartition('.')[2]}\" at '{place}': Cannot find field."
            )
            yield _error(400, "INVALID_ARGUMENT", words)
        plain = refusal_for(asked, Rules(extra_fields={"extra_body"}))
        if plain is not None:
            yield _error(plain.status, "INVALID_ARGUMENT", json.loads(plain.body)["error"]["message"])
            return
        yield from (_error(400, "INVALID_ARGUMENT", words) for words in self._turn_problems(body["messages"], body["model"]))

    def _turn_problems(self, messages: list[dict[str, Any]], model: str) -> Iterator[str]:
        wants_all = not model.removeprefix("models/").startswith(_OLDER_MODELS)
        last_user = max((at for at, message in enumerate(messages) if message["role"] == "user"), default=0)
        called: list[str] = []
        for at, message in enumerate(messages):
            if message["role"] == "tool":
                if message["tool_call_id"] not in called:
                    yield "Please ensure that function response turn comes immediately after a function call turn."
                continue
            calls = message.get("tool_calls") or []
            called = [call["id"] for call in calls]
            for place, call in enumerate(calls):
                yield from self._call_problems(call, wanted=wants_all and at > last_user and place == 0)

    def _call_problems(self, call: dict[str, Any], wanted: bool) -> Iterator[str]:
        """Its own calls come back signed. Models since Gemini 3 want the first call of a turn that still goes on to be signed,
        foreign ones by a stand-in."""
        signature = ((call.get("extra_content") or {}).get("google") or {}).get("thought_signature")
        if signature is None:
            if call["id"].startswith(_OWN_IDS) or wanted:
                yield "Function call is missing a thought_signature in functionCall parts."
        elif signature not in STAND_INS and self.seal.open(signature) != _what(**call["function"]):
            yield "Thought signature is not valid."


def unknown_names(body: dict[str, Any]) -> Iterator[str]:
    """Where something stands that the endpoint has no field for."""
    yield from (name for name in body if name not in FIELDS)
    messages = body.get("messages")
    for at, message in enumerate(messages if isinstance(messages, list) else ()):
        if not isinstance(message, dict):
            continue
        yield from (f"messages[{at}].{name}" for name in message if name not in _MESSAGE_FIELDS)
        content = message.get("content")
        parts = content if isinstance(content, list) else ()
        yield from (f"messages[{at}].content.{name}" for part in parts for name in part if name not in _PART_FIELDS)
        calls = message.get("tool_calls") or ()
        yield from (f"messages[{at}].tool_calls.{name}" for call in calls for name in call if name not in _CALL_FIELDS)


def _what(name: str, arguments: str) -> str:
    """What a signature is put on: the call, however its arguments are spelled."""
    return json.dumps([name, json.loads(arguments)], sort_keys=True)


def _whole_calls(items: Sequence[Any], calls: Sequence[ToolCall]) -> list[Any]:
    """The same stream with each call in one delta."""
    told: list[Any] = []
    left = list(calls)
    for item in items:
        delta = item["choices"][0]["delta"] if isinstance(item, dict) and item["choices"] else {}
        if "tool_calls" not in delta:
            told.append(item)
        elif "id" in delta["tool_calls"][0]:
            call = left.pop(0)
            delta["tool_calls"][0]["function"]["arguments"] = call.arguments
            told.append(item)
    return told


def _error(status: int, kind: str, words: str) -> Status:
    """Errors of this endpoint are a list of one."""
    return Status.json(status, [{"error": {"code": status, "message": words, "status": kind}}])
