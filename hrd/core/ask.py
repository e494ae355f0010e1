"""What a request asks for, as far as routing must know: the facts, without the content."""

import enum

import msgspec

from hrd.core.needs import NONE, Need

FINISHED_WITH_TOOLS = frozenset({"tool_calls", "tool_use"})
"""Finish reasons that prove a model's tools work."""


class Kind(enum.Enum):
    CHAT = "chat"
    EMBEDDINGS = "embeddings"


class Priority(enum.IntEnum):
    """Whose turn it is when many wait, and how much a request is worth."""

    LOW = 0
    NORMAL = 1
    HIGH = 2


PRIORITIES = {priority.name.lower(): priority for priority in Priority}
"""By the words for them."""


class Ask(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The routing facts of one decoded request."""

    kind: Kind
    model: str
    """As the client wrote it; empty means the router's own name."""
    stream: bool = False
    tools: bool = False
    images: bool = False
    token_ids: bool = False
    """Embeddings input given as arrays of token ids."""
    input_tokens: int = 0
    """Estimated (see `core.estimate`)."""
    max_tokens: int | None = None
    body_bytes: int = 0
    priority: Priority = Priority.NORMAL
    """LOW never spends subscription or paid."""
    local_only: bool = False
    """It must not leave this machine."""
    affinity: str = ""
    """Names the conversation that it belongs to, so that it stays where its prompt is cached."""
    needs: frozenset[Need] = NONE
    """What not everybody can be told (see `core.needs`)."""
    session: str = ""
    """The client's label for what it belongs to; for people."""
