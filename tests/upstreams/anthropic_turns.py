"""What the members of a Messages request must be to each other: turns, calls and results, thinking, and what excludes what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tests.upstreams.seals import Seal

Problems = Iterator[str]
Block = dict[str, Any]

CACHE_BREAKPOINTS_MAX = 4
_OLDER_MODEL = re.compile(r"claude-(3|haiku-4|sonnet-4-5|sonnet-4-20|opus-4-(1|20))")
"""They think by a budget, know no effort, and take a prefilled answer."""


def turn_problems(body: dict[str, Any], seal: Seal) -> Problems:
    """What is wrong with *body*, of which every member is fine by itself."""
    turns = merged(body["messages"])
    yield from _empty(body)
    if turns[0][0] != "user":
        yield 'messages: first message must use the "user" role'
    yield from _calls(turns)
    yield from _signatures(body["messages"], seal)
    yield from _prefill(body, turns)
    yield from _thinking(body, turns)
    yield from _tools(body)
    yield from _sampling(body)
    marks = sum(_marks(body[name]) for name in ("tools", "system", "messages") if name in body)
    if marks > CACHE_BREAKPOINTS_MAX:
        yield f"A maximum of {CACHE_BREAKPOINTS_MAX} blocks with cache_control may be provided. Found {marks}."


def merged(messages: list[dict[str, Any]]) -> list[tuple[str, list[Block]]]:
    """Turns as the model sees them: text as blocks, neighbours of one role as one turn, system messages left out."""
    turns: list[tuple[str, list[Block]]] = []
    for message in messages:
        role, content = message["role"], message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if role == "system":
            continue
        if turns and turns[-1][0] == role:
            turns[-1][1].extend(blocks)
        else:
            turns.append((role, list(blocks)))
    return turns


def _empty(body: dict[str, Any]) -> Problems:
    for at, message in enumerate(body["messages"]):
        if not message["content"] and not (at == len(body["messages"]) - 1 and message["role"] == "assistant"):
            yield f"messages.{at}: all messages must have non-empty content except for the optional final assistant message"
    for name in ("system", "messages"):
        for text in _texts(body.get(name, "")):
            if not text:
                yield f"{name}: text content blocks must be non-empty"
            elif not text.strip():
                yield f"{name}: text content blocks must contain non-whitespace text"


def _texts(value: Any) -> Iterator[str]:
    """The text of every text block in *value*, however deep; the text of a message that has no blocks is not one."""
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        if value.get("type") == "text" and isinstance(value.get("text"), str):
            yield value["text"]
        elif isinstance(value.get("content"), list):
            yield from _texts(value["content"])


def _calls(turns: list[tuple[str, list[Block]]]) -> Problems:
    ids = [block["id"] for role, blocks in turns for block in blocks if block["type"] == "tool_use"]
    if len(ids) != len(set(ids)):
        yield "messages: `tool_use` ids must be unique"
    for at, ((_, blocks), (_, following)) in enumerate(pairwise([*turns, ("", [])])):
        called = [block["id"] for block in blocks if block["type"] == "tool_use"]
        results = _leading_results(following)
        missing = [each for each in called if each not in results]
        if missing:
            yield (
                f"messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after: "
                f"{', '.join(missing)}. "
                "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
            )
    for at, ((_, before), (_, blocks)) in enumerate(pairwise([("", []), *turns])):
        called = [block["id"] for block in before if block["type"] == "tool_use"]
        answered = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        for each in answered:
            if each not in called:
                yield (
                    f"messages.{at}.content.0: unexpected `tool_use_id` found in `tool_result` blocks: {each}. "
                    "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
                )
        if len(answered) != len(set(answered)):
            yield f"messages.{at}.content: each tool_use must have a single result. Found multiple `tool_result` blocks"


def _leading_results(blocks: list[Block]) -> list[str]:
    """The results at the front: behind other blocks they are not looked for."""
    ids: list[str] = []
    for block in blocks:
        if block["type"] != "tool_result":
            break
        ids.append(block["tool_use_id"])
    return ids


def _signatures(messages: list[dict[str, Any]], seal: Seal) -> Problems:
    for at, message in enumerate(messages):
        for place, block in enumerate(message["content"] if isinstance(message["content"], list) else ()):
            if block["type"] == "thinking" and seal.open(block["signature"]) != block["thinking"]:
                yield f"messages.{at}.content.{place}: Invalid `signature` in `thinking` block"
            elif block["type"] == "redacted_thinking" and seal.open(block["data"]) is None:
                yield f"messages.{at}.content.{place}: Invalid `data` in `redacted_thinking` block"


def _prefill(body: dict[str, Any], turns: list[tuple[str, list[Block]]]) -> Problems:
    role, blocks = turns[-1]
    if role != "assistant":
        return
    if not _OLDER_MODEL.match(body["model"]):
        yield "This model does not support assistant message prefill. The conversation must end with a user message."
    if blocks and blocks[-1]["type"] == "text" and blocks[-1]["text"] != blocks[-1]["text"].rstrip():
        yield "messages: final assistant content cannot end with trailing whitespace"
    if blocks and blocks[-1]["type"] in ("thinking", "redacted_thinking"):
        yield "messages: The final block in an assistant message cannot be `thinking`."


def _thinking(body: dict[str, Any], turns: list[tuple[str, list[Block]]]) -> Problems:
    thinking = body.get("thinking", {"type": "disabled"})
    older = _OLDER_MODEL.match(body["model"])
    if older and thinking["type"] == "adaptive":
        yield "adaptive thinking is not supported on this model"
    if older and body.get("output_config", {}).get("effort") is not None:
        yield "This model does not support the effort parameter."
    if thinking["type"] == "disabled":
        return
    if thinking["type"] == "enabled" and thinking["budget_tokens"] >= body["max_tokens"]:
        yield "`max_tokens` must be greater than `thinking.budget_tokens`."
    if body.get("temperature", 1) != 1:
        yield "`temperature` may only be set to 1 when thinking is enabled or in adaptive mode."
    if "top_k" in body:
        yield "`top_k` must be unset when thinking is enabled or in adaptive mode."
    if body.get("tool_choice", {"type": "auto"})["type"] not in ("auto", "none"):
        yield "Thinking may not be enabled when tool_choice forces tool use."
    if turns[-1][0] == "assistant":
        yield "When `thinking` is enabled, the conversation must not end with an assistant message."
    if thinking["type"] == "enabled":
        yield from _loop_without_thinking(turns)


def _loop_without_thinking(turns: list[tuple[str, list[Block]]]) -> Problems:
    """A model that thinks by a budget wants to have thought before the calls whose results it gets now."""
    if len(turns) < 2 or not _leading_results(turns[-1][1]):
        return
    first = turns[-2][1][0]["type"]
    if first not in ("thinking", "redacted_thinking"):
        yield (
            f"messages.{len(turns) - 2}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{first}`. When "
            "`thinking` is enabled, a final `assistant` message must start with a thinking block."
        )


def _tools(body: dict[str, Any]) -> Problems:
    names = [tool["name"] for tool in body.get("tools", ())]
    if len(names) != len(set(names)):
        yield "tools: Tool names must be unique."
    choice = body.get("tool_choice")
    if choice is None:
        return
    if not names:
        yield "tool_choice: tool_choice may only be specified while providing tools"
    elif choice["type"] == "tool" and choice["name"] not in names:
        yield f"tool_choice: Tool '{choice['name']}' not found in provided tools"


def _sampling(body: dict[str, Any]) -> Problems:
    if "temperature" in body and "top_p" in body:
        yield "`temperature` and `top_p` cannot both be specified for this model. Please use only one."


def _marks(value: Any) -> int:
    if isinstance(value, list):
        return sum(_marks(item) for item in value)
    if isinstance(value, dict):
        own = isinstance(value.get("cache_control"), dict)
        return own + sum(_marks(item) for name, item in value.items() if name == "content")
    return 0
