"""The ChatGPT subscription's backend ("codex") for clients of any dialect but its own: Responses, with rules of its own.

It takes an allow-list of members and answers any other with a 400, always streams, keeps nothing, refuses role `system`, and
leaves the output limit to itself. Its replies may lack their content type, `output` and `[DONE]`. It is documented nowhere;
what is known stands in the Codex CLI's source (https://github.com/openai/codex, codex-rs/core and codex-rs/codex-api).
"""

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from hrd.core.conversation import Conversation, Role, Turn
from hrd.core.failures import REPLAYED_REASONING
from hrd.core.history import repair
from hrd.core.providers import Provider, Quirks
from hrd.core.reply_events import ReplyEvent
from hrd.dialects import responses_target
from hrd.dialects.contract import Encoded, Fields
from hrd.dialects.responses_input import InputWriter, Takes
from hrd.dialects.responses_reader import ResponsesReader
from hrd.dialects.responses_target import SEALED, leave_out, note_unknown, opening, told
from hrd.dialects.tool_names import names_back

PATH: Final = "/responses"
STREAMS_ONLY: Final = True
IS_TYPED: Final = False
ALLOWED: Final = frozenset(
    {"model", "instructions", "input", "store", "stream", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "include"}
    | {"prompt_cache_key", "text", "service_tier", "client_metadata"}
)
"""All the members that it takes."""
INSTRUCTIONS: Final = "You are a helpful assistant."
"""It demands some."""
ITEMS: Final = frozenset({"web_search_call", "image_generation_call", "local_shell_call", "local_shell_call_output"})
"""Items of its own tools that it takes back."""
_CLIS_OWN: Final = "client_metadata"
_TAKES: Final = Takes(system=False, file_urls=False, audio=False, items=ITEMS)


def is_cli(fields: Fields) -> bool:
    """Whether the members of a request are the Codex CLI's: nobody else sends `client_metadata`."""
    return _CLIS_OWN in fields


def encode(
    conversation: Conversation,
    provider: Provider,
    model: str,
    *,
    drop: frozenset[str],
    stream: bool,  # noqa: ARG001 (it always streams)
) -> Encoded:
    """*conversation* as the backend takes it, for *model*."""
    takes = _TAKES if REPLAYED_REASONING not in drop else msgspec.structs.replace(_TAKES, reasoning=False)
    turns, notes = repair(conversation.turns)
    writer = InputWriter(takes)
    instructions, rest = opening(turns, (Role.SYSTEM, Role.DEVELOPER))
    members: dict[str, object] = {
        "model": model,
        "instructions": instructions or INSTRUCTIONS,
        "input": writer.items(rest),
        "store": False,
        "stream": True,
    }
    members |= told(conversation, provider, model, writer)
    reasoning = members.get("reasoning")
    if isinstance(reasoning, dict) and reasoning.get("effort") != "none":
        reasoning.setdefault("summary", "auto")  # as its own client: nothing else is seen of what it thinks
    members["include"] = [SEALED]
    members.setdefault("prompt_cache_key", _name_of(instructions, rest))
    if conversation.service_tier == "priority":
        members["service_tier"] = conversation.service_tier
    _note_limits(conversation, writer)
    left_out = leave_out(members, provider.quirks, model, drop)
    body = msgspec.json.encode(members)
    return Encoded(
        body, (*notes, *writer.notes, *left_out), names_back(conversation.tools, takes_custom=True), is_limited=False
    )


def read_whole(body: bytes, encoded: Encoded, quirks: Quirks) -> Sequence[ReplyEvent] | str:
    """A reply that was streamed, read to its end, as events; also an error that came as an object."""
    return responses_target.read_whole(body, encoded, quirks)


def event_reader(encoded: Encoded, quirks: Quirks) -> ResponsesReader:
    """A reader for one attempt's stream."""
    return responses_target.event_reader(encoded, quirks)


def _note_limits(conversation: Conversation, writer: InputWriter) -> None:
    sampling = conversation.sampling
    has = {
        "max_tokens": conversation.max_tokens is not None,
        "temperature": sampling.temperature is not None,
        "top_p": sampling.top_p is not None,
        "logprobs": sampling.logprobs,
        "service_tier": conversation.service_tier not in ("", "priority"),
    }
    writer.notes |= {f"{name} left out": None for name, is_said in has.items() if is_said}
    note_unknown(conversation, writer)


def _name_of(instructions: str, turns: Sequence[Turn]) -> str:
    """A name for the conversation, which stays the same as it goes on: it is cached under that."""
    first = next((turn for turn in turns if turn.role is Role.USER), None)
    begun = msgspec.json.encode([instructions, first])
    digest = hashlib.sha256(begun).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
