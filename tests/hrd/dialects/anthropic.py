"""Messages requests for the tests of its modules."""

from typing import Any

import msgspec

from hrd.core.conversation import Conversation, Role, Text, Turn
from hrd.core.providers import ModelFacts, Provider
from hrd.dialects.anthropic_hub import conversation
from hrd.dialects.anthropic_messages import decode
from hrd.dialects.contract import Request

ANTHROPIC = Provider(
    name="anthropic",
    dialect="anthropic_messages",
    base_url="https://anthropic.test/v1",
    models_facts={"claude-haiku-4-5": ModelFacts(max_output=64000)},
)
HI = {"role": "user", "content": "hi"}
CACHED = {"type": "ephemeral"}
FUNCTION = {"name": "f", "description": "d", "input_schema": {"type": "object", "properties": {"a": {"type": "number"}}}}


def body(*messages: dict[str, Any], **members: Any) -> bytes:
    return msgspec.json.encode({"model": "claude-x", "max_tokens": 100, "messages": messages or (HI,)} | members)


def request(*messages: dict[str, Any], **members: Any) -> Request:
    decoded = decode(body(*messages, **members))
    assert isinstance(decoded, Request), decoded
    return decoded


def conversed(*messages: dict[str, Any], **members: Any) -> Conversation:
    read = conversation(request(*messages, **members))
    assert isinstance(read, Conversation), read
    return read


def user(text: str = "hi") -> Turn:
    return Turn(Role.USER, (Text(text),))
