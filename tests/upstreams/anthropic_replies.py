"""What the Messages API answers when all is well: a message, or the events that make one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.upstreams.asked import Asked
from tests.upstreams.behaviours import Answer
from tests.upstreams.chat_replies import pieces
from tests.upstreams.seals import Seal
from tests.upstreams.wires import named_event

MESSAGE_ID = "msg_01test"
_STOP_REASONS = {
    "": "end_turn",
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}


def message(answer: Answer, asked: Asked, seal: Seal) -> dict[str, Any]:
    """*answer* as a whole message. Thinking is told only to those who asked for it."""
    return {
        **_outline(answer, asked),
        "content": _blocks(answer, asked, seal),
        **_ending(answer),
        "usage": _usage(answer, answer.usage.completion),
    }


def events(answer: Answer, asked: Asked, seal: Seal) -> list[str]:
    """*answer* as the events of a stream."""
    return [named_event(event) for event in _events(answer, asked, seal)]


def _events(answer: Answer, asked: Asked, seal: Seal) -> Iterator[dict[str, Any]]:
    nothing = {"content": [], "stop_reason": None, "stop_sequence": None, "usage": _usage(answer, 1)}
    yield {"type": "message_start", "message": _outline(answer, asked) | nothing}
    yield {"type": "ping"}
    for index, block in enumerate(_blocks(answer, asked, seal)):
        begun, deltas = _unrolled(block, answer.pieces)
        yield {"type": "content_block_start", "index": index, "content_block": begun}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {"type": "message_delta", "delta": _ending(answer), "usage": {"output_tokens": answer.usage.completion}}
    yield {"type": "message_stop"}


def _unrolled(block: dict[str, Any], count: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A block as it begins, and what is added to it."""
    match block["type"]:
        case "text":
            return {**block, "text": ""}, [{"type": "text_delta", "text": piece} for piece in pieces(block["text"], count)]
        case "thinking":
            told = [{"type": "thinking_delta", "thinking": piece} for piece in pieces(block["thinking"], count)]
            signed = {"type": "signature_delta", "signature": block["signature"]}
            return {**block, "thinking": "", "signature": ""}, [*told, signed]
        case "tool_use":
            said = _spelled(block["input"]) if block["input"] else ""
            parts = ["", *pieces(said, count)]
            return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": part} for part in parts]
        case _:
            return block, []


def _blocks(answer: Answer, asked: Asked, seal: Seal) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if answer.reasoning and asked.json.get("thinking", {}).get("type") in ("enabled", "adaptive"):
        blocks.append({"type": "thinking", "thinking": answer.reasoning, "signature": seal.close(answer.reasoning)})
    if answer.hidden_reasoning and asked.json.get("thinking", {}).get("type") in ("enabled", "adaptive"):
        blocks.append({"type": "redacted_thinking", "data": seal.close(answer.hidden_reasoning)})
    if answer.text or answer.refusal:
        blocks.append({"type": "text", "text": answer.text or answer.refusal})
    for call in answer.tool_calls:
        given = _given(call.arguments)
        blocks.append({"type": "tool_use", "id": f"toolu_{call.id}", "name": call.name, "input": given})
    return blocks


def _given(arguments: str) -> Any:
    """What is no JSON goes as text: the format has no other place for a model's mistake."""
    try:
        return json.loads(arguments)
    except ValueError:
        return arguments


def _spelled(given: Any) -> str:
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)


def _outline(answer: Answer, asked: Asked) -> dict[str, Any]:
    model = answer.model or asked.model
    return {"id": MESSAGE_ID, "type": "message", "role": "assistant", "model": model, **answer.extra}


def _ending(answer: Answer) -> dict[str, Any]:
    reason = "content_filter" if answer.refusal else answer.finish_reason or ("tool_calls" if answer.tool_calls else "stop")
    ending: dict[str, Any] = {"stop_reason": _STOP_REASONS.get(reason, reason), "stop_sequence": None}
    if answer.refusal:
        ending["stop_details"] = {"type": "refusal", "category": None, "explanation": answer.refusal}
    return ending


def _usage(answer: Answer, output: int) -> dict[str, Any]:
    """Cached tokens are not among `input_tokens` here."""
    return {
        "input_tokens": answer.usage.prompt - answer.usage.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": answer.usage.cached,
        "output_tokens": output,
        "service_tier": "standard",
    }
