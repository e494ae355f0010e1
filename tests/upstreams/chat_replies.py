"""What a healthy provider of chat completions, embeddings and lists of models answers. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from tests.upstreams.asked import Asked
from tests.upstreams.behaviours import DONE, JSON, Answer, Events, Quirk, Status, ToolCall, UsageIn

CREATED = 1_790_000_000


def chat_reply(answer: Answer, asked: Asked) -> Status | Events:
    """*answer* as a chat completion, whole or streamed; on /embeddings as embeddings."""
    if asked.is_embedding:
        return embeddings(answer, asked)
    if asked.wants_stream:
        return Events(list(stream_items(answer, asked)))
    body = json.dumps(whole(answer, asked), ensure_ascii=False).encode()
    return Status(200, body, content_type=JSON)


def whole(answer: Answer, asked: Asked) -> dict[str, Any]:
    """The chat completion that *answer* is, as one object."""
    message: dict[str, Any] = {"role": "assistant", "content": _content(answer, answer.text)}
    if answer.tool_calls:
        message["content"] = _content(answer, answer.text) if answer.text else None
        message["tool_calls"] = [_whole_call(call) for call in answer.tool_calls]
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if answer.refusal:
        message["refusal"] = answer.refusal
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish_reason(answer)}
    completion = {**_outline(answer, asked, "chat.completion"), "choices": [choice]}
    if answer.usage_in is not UsageIn.NOWHERE:
        completion["usage"] = answer.usage.as_json()
    return completion


def stream_items(answer: Answer, asked: Asked) -> Iterator[dict[str, Any] | str | float]:
    """The same as a script of events: comments, chunks, waits, usage, `[DONE]`."""
    yield from answer.comments
    if answer.before_first_s:
        yield answer.before_first_s
    outline = _outline(answer, asked, "chat.completion.chunk")
    for at, delta in enumerate(_deltas(answer)):
        if at and answer.between_s:
            yield answer.between_s
        yield {**outline, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}]}
    if Quirk.NO_FINISH not in answer.quirks:
        yield _last_chunk(answer, outline)
    if answer.usage_in is UsageIn.CHUNK_ALWAYS or (answer.usage_in is UsageIn.CHUNK_IF_ASKED and asked.wants_usage):
        choices: dict[str, Any] = {} if Quirk.NO_CHOICES in answer.quirks else {"choices": []}
        yield {**outline, **choices, "usage": answer.usage.as_json()}
    if Quirk.NO_DONE not in answer.quirks:
        yield DONE


def _last_chunk(answer: Answer, outline: dict[str, Any]) -> dict[str, Any]:
    chunk = {**outline, "choices": [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": _finish_reason(answer)}]}
    if answer.usage_in is UsageIn.LAST_CHOICE:
        chunk["usage"] = answer.usage.as_json()
    if answer.usage_in is UsageIn.X_GROQ:
        chunk["x_groq"] = {"id": "req_test", "usage": answer.usage.as_json()}
    return chunk


def _deltas(answer: Answer) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": _content(answer, "")}
    for piece in pieces(answer.reasoning, answer.pieces):
        yield {"reasoning_content": piece}
    for piece in pieces(answer.text, answer.pieces):
        yield {"content": _content(answer, piece)}
    if answer.refusal:
        yield {"refusal": answer.refusal}
    for index, call in enumerate(answer.tool_calls):
        place = {} if Quirk.NO_INDEX in answer.quirks else {"index": index}
        begun = {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}, **call.extra}
        yield {"tool_calls": [{**place, **begun}]}
        for piece in pieces(call.arguments, answer.pieces):
            yield {"tool_calls": [{**place, "function": {"arguments": piece}}]}


def _outline(answer: Answer, asked: Asked, kind: str) -> dict[str, Any]:
    model = answer.model or asked.model
    return {"id": "chatcmpl-test", "object": kind, "created": CREATED, "model": model, **answer.extra}


def _content(answer: Answer, text: str) -> Any:
    return [{"type": "text", "text": text}] if Quirk.LIST_CONTENT in answer.quirks else text


def _whole_call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function, **call.extra}


def _finish_reason(answer: Answer) -> str:
    return answer.finish_reason or ("tool_calls" if answer.tool_calls else "stop")


def pieces(text: str, count: int) -> Iterator[str]:
    """*text* in at most *count* parts, none of them empty."""
    size = max(1, -(-len(text) // count))
    yield from (text[start : start + size] for start in range(0, len(text), size))


# --- embeddings and models -------------------------------------------------------------------------------------------


def vector(item: object, dimensions: int) -> list[float]:
    """The embedding of *item*: the same for the same text or tokens, whole sixteenths, so that base64 loses nothing."""
    digest = hashlib.shake_256(json.dumps(item).encode()).digest(dimensions)
    return [byte / 16 - 8 for byte in digest]


def embeddings(answer: Answer, asked: Asked) -> Status:
    wanted = asked.json
    given = wanted["input"]
    items = given if isinstance(given, list) and not isinstance(given[0], int) else [given]
    if Quirk.NO_TOKEN_IDS in answer.quirks and not all(isinstance(item, str) for item in items):
        error = {"message": "input must be text", "type": "invalid_request_error", "param": "input", "code": None}
        return Status.json(400, {"error": error})
    in_base64 = wanted.get("encoding_format") == "base64" and Quirk.FLOATS_ONLY not in answer.quirks
    data = []
    for index, item in enumerate(items):
        floats = vector(item, wanted.get("dimensions") or wanted.get("output_dimension") or answer.dimensions)
        packed = base64.b64encode(struct.pack(f"<{len(floats)}f", *floats)).decode()
        data.append({"object": "embedding", "index": index, "embedding": packed if in_base64 else floats})
    usage = {"prompt_tokens": answer.usage.prompt, "total_tokens": answer.usage.prompt}
    return Status.json(200, {"object": "list", "data": data, "model": answer.model or asked.model, "usage": usage})


def models(names: Sequence[str], path: str) -> Status:
    """The list of models, or the one that *path* names."""
    listed = {name: {"id": name, "object": "model", "created": CREATED, "owned_by": "emulated"} for name in names}
    _, _, one = path.partition("/models/")
    if not one:
        return Status.json(200, {"object": "list", "data": list(listed.values())})
    if one in listed:
        return Status.json(200, listed[one])
    error = {"message": f"The model '{one}' does not exist", "type": "invalid_request_error", "code": "model_not_found"}
    return Status.json(404, {"error": error})
