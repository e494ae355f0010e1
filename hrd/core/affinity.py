"""Which conversation a request belongs to, so that it stays where its prompt is cached.

Clients name it in a header, or in their body (which is the dialect's to read); those that do not are told apart by how their
conversation begins, which does not change as it grows.
"""

from collections.abc import Mapping
from hashlib import blake2b

HEADERS = (
    b"x-session-id",
    b"x-session-affinity",
    b"session_id",
    b"session-id",
    b"conversation_id",
    b"thread-id",
    b"x-claude-code-session-id",
)
"""In this order; what clients send was read from theirs (opencode, Codex CLI, Claude Code)."""
KEY_CHARS_MAX = 256
BEGINNING_BYTES_MAX = 16_384
"""So much of a beginning tells conversations apart."""


def affinity_of(headers: Mapping[bytes, bytes]) -> str:
    """The conversation that a request's head names; empty if it names none."""
    if headers.keys().isdisjoint(HEADERS):
        return ""
    for name in HEADERS:
        value = headers.get(name)
        if value:
            return value.decode("latin-1")[:KEY_CHARS_MAX]
    return ""


def affinity_of_beginning(model: str, beginning: bytes) -> str:
    """A name for the conversation with *model* that begins so."""
    digest = blake2b(model.encode("utf-8", "surrogatepass"), digest_size=12)
    digest.update(beginning[:BEGINNING_BYTES_MAX])
    return digest.hexdigest()
