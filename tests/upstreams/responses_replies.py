"""What the Responses API answers when all is well: a response, or the events that make one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.upstreams.asked import Asked
from tests.upstreams.behaviours import Answer, ToolCall
from tests.upstreams.chat_replies import CREATED, pieces
from tests.upstreams.seals import Seal
from tests.upstreams.wires import named_event

RESPONSE_ID = "resp_test"
Event = dict[str, Any]


def response(answer: Answer, asked: Asked, seal: Seal) -> dict[str, Any]:
    """*answer* as a whole response."""
    return {**_outline(answer, asked), **_ending(answer), "output": _output(answer, asked, seal), "usage": _usage(answer)}


def events(answer: Answer, asked: Asked, seal: Seal, *, tells_output: bool = True) -> list[str]:
    """*answer* as the events of a stream. Not *tells_output*: the last one says nothing of the items that came before."""
    told = list(_events(answer, asked, seal, tells_output))
    return [named_event({**event, "sequence_number": at}) for at, event in enumerate(told)]


def ending_of(answer: Answer) -> str:
    """The type of the event that ends *answer*."""
    return "response.incomplete" if _ending(answer)["status"] == "incomplete" else "response.completed"


def _events(answer: Answer, asked: Asked, seal: Seal, tells_output: bool) -> Iterator[Event]:
    begun = {**_outline(answer, asked), "status": "in_progress", "output": [], "usage": None}
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for index, item in enumerate(_output(answer, asked, seal)):
        for event in _item_events(item, answer.pieces):
            yield {**event, "output_index": index}
    whole = response(answer, asked, seal)
    yield {"type": ending_of(answer), "response": whole if tells_output else {**whole, "output": []}}


def _item_events(item: dict[str, Any], count: int) -> Iterator[Event]:
    match item["type"]:
        case "reasoning":
            yield {"type": "response.output_item.added", "item": {**item, "summary": [], "encrypted_content": "early"}}
            for at, part in enumerate(item["summary"]):
                yield from _parts("reasoning_summary", "summary_index", item, at, part, "text", count)
        case "message":
            yield {"type": "response.output_item.added", "item": {**item, "status": "in_progress", "content": []}}
            for at, part in enumerate(item["content"]):
                yield from _content(item, at, part, count)
        case "function_call":
            yield {"type": "response.output_item.added", "item": {**item, "status": "in_progress", "arguments": ""}}
            for piece in pieces(item["arguments"], count):
                yield {"type": "response.function_call_arguments.delta", "item_id": item["id"], "delta": piece}
            done = {"item_id": item["id"], "arguments": item["arguments"], "name": item["name"]}
            yield {"type": "response.function_call_arguments.done", **done}
        case "custom_tool_call":
            yield {"type": "response.output_item.added", "item": {**item, "status": "in_progress", "input": ""}}
            for piece in pieces(item["input"], count):
                yield {"type": "response.custom_tool_call_input.delta", "item_id": item["id"], "delta": piece}
            yield {"type": "response.custom_tool_call_input.done", "item_id": item["id"], "input": item["input"]}
    yield {"type": "response.output_item.done", "item": item}


def _parts(  # the words in which events of a part differ
    kind: str, index: str, item: dict[str, Any], at: int, part: dict[str, Any], said: str, count: int
) -> Iterator[Event]:
    place = {"item_id": item["id"], index: at}
    yield {"type": f"response.{kind}_part.added", **place, "part": {**part, said: ""}}
    for piece in pieces(part[said], count):
        yield {"type": f"response.{kind}_text.delta", **place, "delta": piece}
    yield {"type": f"response.{kind}_text.done", **place, said: part[said]}
    yield {"type": f"response.{kind}_part.done", **place, "part": part}


def _content(item: dict[str, Any], at: int, part: dict[str, Any], count: int) -> Iterator[Event]:
    place = {"item_id": item["id"], "content_index": at}
    kind, said, more = ("refusal", "refusal", {}) if part["type"] == "refusal" else ("output_text", "text", {"logprobs": []})
    yield {"type": "response.content_part.added", **place, "part": {**part, said: ""}}
    for piece in pieces(part[said], count):
        yield {"type": f"response.{kind}.delta", **place, "delta": piece, **more}
    yield {"type": f"response.{kind}.done", **place, said: part[said], **more}
    yield {"type": "response.content_part.done", **place, "part": part}


def _output(answer: Answer, asked: Asked, seal: Seal) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if answer.reasoning:
        items.append(_reasoning(answer.reasoning, asked, seal))
    parts: list[dict[str, Any]] = []
    if answer.text:
        parts.append({"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []})
    if answer.refusal:
        parts.append({"type": "refusal", "refusal": answer.refusal})
    status = _ending(answer)["status"]
    if parts:
        items.append({"id": "msg_test", "type": "message", "role": "assistant", "status": status, "content": parts})
    items += [_call(call) for call in answer.tool_calls]
    return items


def _reasoning(thoughts: str, asked: Asked, seal: Seal) -> dict[str, Any]:
    """A summary of them is told to those who asked for one, and the whole, sealed, to those who asked for that."""
    item: dict[str, Any] = {"id": "rs_test", "type": "reasoning", "summary": []}
    if (asked.json.get("reasoning") or {}).get("summary"):
        item["summary"] = [{"type": "summary_text", "text": thoughts}]
    if "reasoning.encrypted_content" in (asked.json.get("include") or []):
        item["encrypted_content"] = seal.close(thoughts)
    return item


def _call(call: ToolCall) -> dict[str, Any]:
    who = {"call_id": call.id, "name": call.name, "status": "completed"}
    if call.custom:
        return {"id": f"ctc_{call.id}", "type": "custom_tool_call", **who, "input": call.arguments, **call.extra}
    return {"id": f"fc_{call.id}", "type": "function_call", **who, "arguments": call.arguments, **call.extra}


def _outline(answer: Answer, asked: Asked) -> dict[str, Any]:
    body = asked.json
    return {
        "id": RESPONSE_ID,
        "object": "response",
        "created_at": CREATED,
        "model": answer.model or asked.model,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "metadata": {},
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "previous_response_id": None,
        "reasoning": body.get("reasoning") or {"effort": None, "summary": None},
        "store": body.get("store", True),
        "temperature": 1.0,
        "text": body.get("text") or {"format": {"type": "text"}},
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": body.get("tools") or [],
        "top_p": 1.0,
        "truncation": "disabled",
        **answer.extra,
    }


def _ending(answer: Answer) -> dict[str, Any]:
    reasons = {"length": "max_output_tokens", "content_filter": "content_filter"}
    if answer.finish_reason in reasons:
        return {"status": "incomplete", "incomplete_details": {"reason": reasons[answer.finish_reason]}}
    return {"status": "completed"}


def _usage(answer: Answer) -> dict[str, Any]:
    used = answer.usage
    return {
        "input_tokens": used.prompt,
        "input_tokens_details": {"cached_tokens": used.cached},
        "output_tokens": used.completion,
        "output_tokens_details": {"reasoning_tokens": used.reasoning},
        "total_tokens": used.prompt + used.completion,
    }
