"""OpenAI Responses as providers take and give them, for clients of another dialect.

Nothing is kept at the provider (`store: false`): what it must know again, its sealed reasoning, travels with the conversation.
Reference: https://platform.openai.com/docs/api-reference/responses
"""

from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec

from hrd.core.conversation import ABSENT, Conversation, ProviderTool, Role, Text, ToolChoice, Turn
from hrd.core.failures import REPLAYED_REASONING
from hrd.core.history import repair
from hrd.core.providers import Provider, Quirks
from hrd.core.reasoning_effort import effort_for, is_untold
from hrd.core.reply_events import ReplyEvent
from hrd.dialects import responses_reader
from hrd.dialects.contract import Encoded
from hrd.dialects.responses_input import InputWriter, Takes
from hrd.dialects.responses_items import DIALECT
from hrd.dialects.responses_reader import ResponsesReader
from hrd.dialects.responses_tools import write_choice, write_format, write_tool
from hrd.dialects.tool_names import names_back

PATH: Final = "/responses"
STREAMS_ONLY: Final = False
IS_TYPED: Final = True
OUTPUT_TOKENS_MIN: Final = 16
"""https://platform.openai.com/docs/api-reference/responses/create (`max_output_tokens`)"""
SEALED: Final = "reasoning.encrypted_content"
_LOGPROBS: Final = "message.output_text.logprobs"
_TIERS: Final = frozenset({"auto", "default", "flex", "priority", "scale"})
_WEB_SEARCH: Final[dict[str, object]] = {"type": "web_search"}
_TAKES: Final = Takes()
_V = TypeVar("_V")


def encode(conversation: Conversation, provider: Provider, model: str, *, drop: frozenset[str], stream: bool) -> Encoded:
    """*conversation* as *provider* takes it, for *model*."""
    takes = _TAKES if REPLAYED_REASONING not in drop else msgspec.structs.replace(_TAKES, reasoning=False)
    turns, notes = repair(conversation.turns)
    writer = InputWriter(takes)
    instructions, rest = opening(turns, (Role.SYSTEM,))
    members: dict[str, object] = {"model": model}
    if instructions:
        members["instructions"] = instructions
    members["input"] = writer.items(rest)
    members["store"] = False
    if stream:
        members["stream"] = True
    members |= told(conversation, provider, model, writer)
    members |= _limits(conversation, writer)
    include = [SEALED] * _thinks(provider, model) + [_LOGPROBS] * conversation.sampling.logprobs
    if include:
        members["include"] = include
    left_out = leave_out(members, provider.quirks, model, drop)
    body = msgspec.json.encode(members)
    return Encoded(body, (*notes, *writer.notes, *left_out), names_back(conversation.tools, takes_custom=True))


def read_whole(body: bytes, encoded: Encoded, quirks: Quirks) -> Sequence[ReplyEvent] | str:  # noqa: ARG001 (every target is called alike)
    """A whole reply as events."""
    return responses_reader.read_whole(body, ResponsesReader(encoded.names))


def event_reader(encoded: Encoded, quirks: Quirks) -> ResponsesReader:  # noqa: ARG001
    """A reader for one attempt's stream."""
    return ResponsesReader(encoded.names)


# what this format's targets have in common --------------------------------------------------------------------------------


def opening(turns: Sequence[Turn], roles: tuple[Role, ...]) -> tuple[str, Sequence[Turn]]:
    """The instructions that *turns* begin with, if somebody of *roles* says them in words alone, and the turns after them."""
    if len(turns) < 2 or turns[0].role not in roles or not all(isinstance(part, Text) for part in turns[0].parts):
        return "", turns
    return "\n\n".join(part.text for part in turns[0].parts if isinstance(part, Text)), turns[1:]


def told(conversation: Conversation, provider: Provider, model: str, writer: InputWriter) -> dict[str, object]:
    """The members that every such target takes: tools, reasoning, the form of the output, the name of the conversation."""
    members: dict[str, object] = {}
    own: dict[tuple[str, str], object] = {}
    for each in conversation.tools:
        own.setdefault((each.name, each.namespace), write_tool(each))  # a name that stands twice is refused
    tools = [*own.values()]
    tools += [tool for theirs in conversation.provider_tools if (tool := _provider_tool(theirs, writer))]
    if tools:
        members["tools"] = tools
        if conversation.tool_choice is not None:
            _choose(members, conversation, conversation.tool_choice, tools, writer)
        if conversation.parallel_calls is not None:
            members["parallel_tool_calls"] = conversation.parallel_calls
    reasoning = _reasoning(conversation, provider, model)
    if reasoning:
        members["reasoning"] = reasoning
    if is_untold(conversation.reasoning, provider, model):
        writer.notes["reasoning effort left out"] = None
    text: dict[str, object] = {}
    if conversation.format is not None:
        text["format"] = write_format(conversation.format)
    if conversation.verbosity:
        text["verbosity"] = conversation.verbosity
    if text:
        members["text"] = text
    if conversation.prompt_cache_key:
        members["prompt_cache_key"] = conversation.prompt_cache_key
    return members


def _choose(
    members: dict[str, object], conversation: Conversation, choice: ToolChoice, tools: list[object], writer: InputWriter
) -> None:
    spelled = write_choice(choice, conversation.tools)
    if spelled is None and choice.name == "web_search" and _WEB_SEARCH in tools:
        spelled = _WEB_SEARCH
    if spelled is None:
        writer.notes[f"tool_choice left out: there is no tool {choice.name}"] = None
    else:
        members["tool_choice"] = spelled


def _provider_tool(tool: ProviderTool, writer: InputWriter) -> dict[str, object] | msgspec.Raw | None:
    """A tool that the provider runs itself: searching the web is the one that others have, too."""
    is_own = tool.dialect == DIALECT
    if tool.type.startswith("web_search") and not (is_own and tool.type == "web_search"):
        return _WEB_SEARCH
    if is_own:
        return tool.raw
    writer.notes[f"tool {tool.type} left out"] = None
    return None


def _reasoning(conversation: Conversation, provider: Provider, model: str) -> dict[str, str]:
    asked = conversation.reasoning
    spelled: dict[str, str] = {}
    if not _thinks(provider, model):
        return spelled
    if effort := effort_for(asked, provider, model):
        spelled["effort"] = effort
    if asked.summary:
        spelled["summary"] = asked.summary
    elif asked.budget_tokens is not None or asked.is_adaptive:
        spelled["summary"] = "auto"  # who names a budget wants to read what it was spent on
    return spelled


def _thinks(provider: Provider, model: str) -> bool:
    """Whether it may: of most models nobody has said."""
    return provider.models_facts.get(model, provider.model_defaults).reasoning is not False


def _limits(conversation: Conversation, writer: InputWriter) -> dict[str, object]:
    """Output limit and sampling."""
    sampling = conversation.sampling
    members: dict[str, object] = {}
    if conversation.max_tokens is not None:
        members["max_output_tokens"] = max(conversation.max_tokens, OUTPUT_TOKENS_MIN)
        if conversation.max_tokens < OUTPUT_TOKENS_MIN:
            writer.notes[f"max_output_tokens raised to {OUTPUT_TOKENS_MIN}, the least that is taken"] = None
    if sampling.temperature is not None:
        members["temperature"] = sampling.temperature
    if sampling.top_p is not None:
        members["top_p"] = sampling.top_p
    if sampling.logprobs and sampling.top_logprobs is not None:
        members["top_logprobs"] = sampling.top_logprobs
    if conversation.service_tier in _TIERS:
        members["service_tier"] = conversation.service_tier
    elif conversation.service_tier:
        writer.notes[f"service_tier {conversation.service_tier} left out"] = None
    note_unknown(conversation, writer)
    return members


def note_unknown(conversation: Conversation, writer: InputWriter) -> None:
    """What Responses has no member for."""
    sampling = conversation.sampling
    has = {
        "stop": bool(conversation.stop),
        "top_k": sampling.top_k is not None,
        "seed": sampling.seed is not None,
        "frequency_penalty": bool(sampling.frequency_penalty),
        "presence_penalty": bool(sampling.presence_penalty),
        "logit_bias": sampling.logit_bias != ABSENT,
        "n": sampling.n > 1,
    }
    writer.notes |= {f"{name} left out": None for name, is_said in has.items() if is_said}


def leave_out(members: dict[str, _V], quirks: Quirks, model: str, drop: frozenset[str]) -> list[str]:
    """Take out of *members* what is not taken for *model*; in words, what that was."""
    unwanted = [
        name
        for name in members
        if name not in _NEEDED
        and (
            name in drop
            or name in quirks.drop
            or (name in quirks.drop_unless and not model.startswith(quirks.drop_unless[name]))
            or (name in quirks.drop_for and model.startswith(quirks.drop_for[name]))
        )
    ]
    for name in unwanted:
        del members[name]
    return [f"{name} left out" for name in unwanted]


_NEEDED: Final = frozenset({"model", "instructions", "input", "stream", "store"})
