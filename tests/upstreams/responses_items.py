"""What the items of a Responses request must be to each other, and what excludes what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.upstreams.seals import Seal
from tests.upstreams.shape import Fault, Problem, Problems, wrong

_CALLS = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}
_OUTPUTS = {output: call for call, output in _CALLS.items()}
_BEHIND_REASONING = frozenset(
    {"message", "function_call", "custom_tool_call", "reasoning", "web_search_call", "local_shell_call"}
)


class Unreadable(Problem):
    """Encrypted reasoning of somebody else."""


def item_problems(items: list[dict[str, Any]], seal: Seal) -> Problems:
    """What is wrong with *items*, of which each is fine by itself. *seal* is whose reasoning may come back."""
    kinds = [item.get("type", "message") for item in items]
    yield from (wrong(("input",), words) for words in _orphans(items, kinds))
    for at, (item, kind) in enumerate(zip(items, kinds, strict=True)):
        if kind != "reasoning":
            continue
        token = item.get("encrypted_content")
        if token and seal.open(token) is None:
            words = f"The encrypted content {token[:10]}... could not be verified."
            yield Unreadable(("input", at), Fault.WRONG, words)
        following = items[at + 1] if at + 1 < len(items) else {"type": ""}
        theirs = following.get("role") == "assistant" or following.get("type", "message") != "message"
        if following.get("type", "message") not in _BEHIND_REASONING or not theirs:
            words = f"Item '{item.get('id', 'rs')}' of type 'reasoning' was provided without its required following item."
            yield wrong(("input",), words)


def _orphans(items: list[dict[str, Any]], kinds: list[str]) -> Iterator[str]:
    """Calls and outputs that do not belong together, in the API's words."""
    open_calls: dict[str, str] = {}
    answered: set[str] = set()
    for item, kind in zip(items, kinds, strict=True):
        if kind in _CALLS:
            if item["call_id"] in open_calls or item["call_id"] in answered:
                yield f"Duplicate item found with call_id {item['call_id']}."
            open_calls[item["call_id"]] = _CALLS[kind]
        elif kind in _OUTPUTS:
            if open_calls.pop(item["call_id"], "") != kind:
                yield f"No tool call found for {_called(kind)} output with call_id {item['call_id']}."
            answered.add(item["call_id"])
    for call_id, output in open_calls.items():
        yield f"No tool output found for {_called(output)} {call_id}."


def _called(output: str) -> str:
    return "function call" if output.startswith("function") else "custom tool call"


def choice_problems(body: dict[str, Any]) -> Problems:
    """A choice among tools needs tools."""
    tools, choice = body.get("tools") or [], body.get("tool_choice", "auto")
    named = [(tool["type"], tool.get("name")) for tool in tools]
    if not tools and choice not in ("auto", "none"):
        yield wrong(("tool_choice",), "Tool choice must be specified with 'tools' parameter.")
    elif isinstance(choice, dict) and "name" in choice and (choice["type"], choice["name"]) not in named:
        yield wrong(("tool_choice",), f"Tool choice '{choice['name']}' not found in 'tools' parameter.")
    names = [tool["name"] for tool in tools if "name" in tool]
    if len(names) != len(set(names)):
        yield wrong(("tools",), "Tool names must be unique.")


def in_words(problem: Problem) -> tuple[str, str, str]:
    """*problem* as the API tells it: message, param and code."""
    param = ""
    for step in problem.place:
        param += f"[{step}]" if isinstance(step, int) else f".{step}" if param else str(step)
    if isinstance(problem, Unreadable):
        return problem.words, "", "invalid_encrypted_content"
    match problem.fault:
        case Fault.EXTRA:
            return f"Unknown parameter: '{param}'.", param, "unknown_parameter"
        case Fault.MISSING:
            return f"Missing required parameter: '{param}'.", param, "missing_required_parameter"
        case _ if problem.value is not None:
            return f"Invalid '{param}': {problem.value!r}. {problem.words}", param, "invalid_value"
        case _:
            return problem.words, param, "invalid_value"
