"""Requests as real clients were seen to send them: heads and every member of the bodies, with contents made up.

Codex CLI 0.169.0, Claude Code 2.1.197, hermes-agent 0.19.0, and what libraries make of an answer when they give it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Body = dict[str, Any]

_OBJECT = {"type": "object", "properties": {}, "additionalProperties": False}


# Codex CLI ---------------------------------------------------------------------------------------------------------------

CODEX_HEAD = {
    "accept": "text/event-stream",
    "user-agent": "codex_exec/0.169.0 (Debian 13; x86_64) unknown",
    "originator": "codex_exec",
    "session-id": "0199a213-test",
    "thread-id": "0199a213-test",
    "x-client-request-id": "0199a213-test",
    "x-codex-beta-features": "test",
    "x-codex-window-id": "0199a213-test:0",
    "x-codex-turn-metadata": '{"turn_id":"test"}',
}
_EXEC = {
    "type": "object",
    "properties": {"cmd": {"type": "string"}, "yield_time_ms": {"type": "number"}},
    "required": ["cmd"],
    "additionalProperties": False,
}
_CODEX_FUNCTIONS = ("write_stdin", "update_plan", "view_image", "request_user_input", "list_mcp_resources", "read_mcp_resource")
_AGENT_FUNCTIONS = ("spawn_agent", "send_input", "wait_agent", "resume_agent", "close_agent")


def _codex_function(name: str, parameters: Mapping[str, Any] = _OBJECT) -> Body:
    return {"type": "function", "name": name, "description": f"What {name} does.", "strict": False, "parameters": parameters}


def _codex_message(role: str, text: str, number: int) -> Body:
    part = {"type": "input_text", "text": text}
    return {"type": "message", "role": role, "id": f"msg_test{number}", "content": [part]}


def codex_turn(model: str, later: list[Body] | None = None) -> Body:
    """A request of `codex exec`; *later*: what has come since, as it stands in the input of a later turn."""
    return {
        "model": model,
        "stream": True,
        "store": False,
        "input": [
            _codex_message("developer", "You are a coding agent.", 1),
            _codex_message("developer", "<permissions instructions>", 2),
            _codex_message("user", "<environment_context><cwd>/tmp</cwd></environment_context>", 3),
            _codex_message("user", "say what is in this folder", 4),
            *(later or []),
        ],
        "tools": [
            _codex_function("exec_command", _EXEC),
            *(_codex_function(name) for name in _CODEX_FUNCTIONS),
            {
                "type": "namespace",
                "name": "multi_agent_v1",
                "description": "Tools for agents.",
                "tools": [_codex_function(name) for name in _AGENT_FUNCTIONS],
            },
            {"type": "web_search"},
        ],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "reasoning": {"summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "0199a213-test",
        "client_metadata": {"x-codex-installation-id": "test"},
    }


def with_freeform(body: Body) -> Body:
    """*body* with the tool of some models that takes a text of a grammar."""
    grammar = {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"}
    return {**body, "tools": [*body["tools"], {"type": "custom", "name": "apply_patch", "description": "x", "format": grammar}]}


def codex_gives_back(items: list[Body], outputs: Mapping[str, str]) -> list[Body]:
    """The items of a reply as Codex gives them back, and the outputs of its calls by their ids."""
    kept: list[Body] = []
    for item in items:
        match item["type"]:
            case "reasoning":
                names = ("type", "id", "encrypted_content", "summary")
                kept.append({name: item[name] for name in names if name in item} | {"content": None})
            case "function_call":
                names = ("type", "id", "arguments", "call_id", "name", "status", "namespace")
                kept.append({name: item[name] for name in names if name in item})
            case _:
                kept.append(item)
    results = [
        {"type": "function_call_output", "call_id": call_id, "id": f"fco_test{at}", "output": output}
        for at, (call_id, output) in enumerate(outputs.items())
    ]
    return [*kept, *results]


# Claude Code -------------------------------------------------------------------------------------------------------------

CLAUDE_HEAD = {
    "anthropic-version": "2023-06-01",
    "anthropic-beta": (
        "claude-code-20250219,interleaved-thinking-2025-05-14,thinking-token-count-2026-05-13,context-management-2025-06-27,"
        "prompt-caching-scope-2026-01-05,mid-conversation-system-2026-04-07,effort-2025-11-24"
    ),
    "anthropic-dangerous-direct-browser-access": "true",
    "x-app": "cli",
    "x-claude-code-session-id": "0199a213-test",
    "x-stainless-lang": "js",
    "user-agent": "claude-cli/2.1.197 (external, sdk-cli)",
}
_EPHEMERAL = {"type": "ephemeral"}
_BASH = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {"command": {"type": "string"}, "timeout": {"type": "number"}},
    "required": ["command"],
    "additionalProperties": False,
}


def _block(text: str, **more: Any) -> Body:
    return {"type": "text", "text": text, **more}


def claude_turn(model: str, later: list[Body] | None = None, **changes: Any) -> Body:
    """A request of `claude -p`; *later*: what has come since."""
    tools = [{"name": "Bash", "description": "Runs a command.", "input_schema": _BASH}]
    tools += [{"name": f"Tool{number}", "description": "x", "input_schema": _OBJECT} for number in range(2, 25)]
    body = {
        "model": model,
        "messages": [
            {
                "role": "user",
                "content": [_block("<system-reminder>"), _block("what is in this folder?", cache_control=_EPHEMERAL)],
            },
            {"role": "system", "content": [_block("Today is a test.")]},
            *(later or []),
        ],
        "system": [
            _block("x-anthropic-billing-header: cc_version=2.1.197; cc_entrypoint=sdk-cli;"),
            _block("You are a coding agent.", cache_control=_EPHEMERAL),
            _block("Be brief.", cache_control={"type": "ephemeral", "ttl": "1h"}),
        ],
        "tools": tools,
        "metadata": {"user_id": '{"device_id":"test","account_uuid":"","session_id":"0199a213-test"}'},
        "max_tokens": 32000,
        "thinking": {"type": "adaptive"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "output_config": {"effort": "high"},
        "stream": True,
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def claude_gives_back(content: list[Body], results: Mapping[str, str]) -> list[Body]:
    """A reply's blocks as Claude Code gives them back, and the results of its calls by their ids."""
    marked = [
        {"type": "tool_result", "tool_use_id": id_, "content": text, "is_error": at == 1}
        for at, (id_, text) in enumerate(results.items())
    ]
    marked[-1]["cache_control"] = _EPHEMERAL
    return [{"role": "assistant", "content": content}, {"role": "user", "content": marked}]


# hermes-agent and libraries ----------------------------------------------------------------------------------------------

HERMES_HEAD = {"user-agent": "OpenAI/Python 2.24.0", "x-stainless-lang": "python"}
HERMES_PROBES = (
    ("GET", "/api/v1/models"),
    ("GET", "/api/tags"),
    ("GET", "/v1/props"),
    ("GET", "/props"),
    ("GET", "/version"),
    ("POST", "/api/show"),
)
"""What it looks for on a server that it does not know; a 200 would make it take us for that product."""


def hermes_turn(model: str, later: list[Body] | None = None) -> Body:
    """A request of `hermes -z`."""
    tools = [_chat_tool("terminal", {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]})]
    tools += [_chat_tool(f"tool_{number}", {"type": "object", "properties": {}}) for number in range(2, 18)]
    return {
        "model": model,
        "messages": [
            {"role": "system", "content": "You are an agent."},
            {"role": "user", "content": "what is in this folder?"},
            *(later or []),
        ],
        "tools": tools,
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 65536,
    }


def hermes_gives_back(calls: list[Body], results: Mapping[str, str]) -> list[Body]:
    """A reply's calls as hermes-agent gives them back; its tool messages carry a name."""
    names = {call["id"]: call["function"]["name"] for call in calls}
    return [
        {"role": "assistant", "content": "", "tool_calls": calls},
        *({"role": "tool", "name": names[id_], "tool_call_id": id_, "content": text} for id_, text in results.items()),
    ]


def _chat_tool(name: str, parameters: Mapping[str, Any]) -> Body:
    return {"type": "function", "function": {"name": name, "description": "x", "parameters": parameters}}


def library_turn(model: str, assistant: Body, **more: Any) -> Body:
    """A chat request behind a call, *assistant* being the message that made it as some library gives it back."""
    call = {"id": "call_test00001", "type": "function", "function": {"name": "look_up", "arguments": '{"q":"x"}'}}
    return {
        "model": model,
        "messages": [
            {"role": "user", "content": "look up x"},
            {"role": "assistant", **assistant, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_test00001", "content": "found"},
        ],
        "tools": [_chat_tool("look_up", {"type": "object", "properties": {"q": {"type": "string"}}})],
        **more,
    }


CONTENT_BESIDE_CALLS: dict[str, Body] = {  # langchain, llm, the AI SDK and pydantic-ai; hermes-agent; openai-python
    "null": {"content": None},
    "empty": {"content": ""},
    "absent": {},
}
ASKED_FOR: dict[str, Body] = {  # langchain; the AI SDK; llm
    "stream false": {"stream": False},
    "no stream key": {},
    "a schema without strict": {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "output", "schema": {"type": "object", "properties": {}}},
        }
    },
}
