"""Which conversation a request's body names, in the members that clients use for it (see `core.affinity`); else how it begins:
all up to its first message of a user's, which stays the same from turn to turn."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from hrd.core.affinity import KEY_CHARS_MAX, affinity_of_beginning
from hrd.dialects.contract import Fields

MEMBERS = ("session_id", "prompt_cache_key", "metadata", "safety_identifier", "user")
"""In this order; of `metadata` it is `session_id`, else `user_id`."""
_TEXT = msgspec.json.Decoder(str)


class _Said(Protocol):
    """A message or an item, as a struct that is encoded."""

    @property
    def role(self) -> str | None: ...


class _Metadata(msgspec.Struct, gc=False):
    session_id: str | None = None
    user_id: str | None = None


_METADATA = msgspec.json.Decoder(_Metadata)


def affinity_in(fields: Fields, model: str, said: Sequence[_Said]) -> str:
    """The conversation's name. *said*: its messages or items, as far as they are read; none if they are of an odd shape."""
    if not fields.keys().isdisjoint(MEMBERS):
        for name in MEMBERS:
            raw = fields.get(name)
            if raw is not None and (named := _named(name, bytes(raw))):
                return named[:KEY_CHARS_MAX]
    return affinity_of_beginning(model, beginning_of(said)) if said else ""


def beginning_of(said: Sequence[_Said]) -> bytes:
    """The beginning of a list of messages, or all of it if no user speaks."""
    first = next((place for place, each in enumerate(said) if each.role == "user"), len(said))
    return msgspec.json.encode(said[: first + 1])


def _named(name: str, spelled: bytes) -> str:
    try:
        if name == "metadata":
            metadata = _METADATA.decode(spelled)
            return metadata.session_id or metadata.user_id or ""
        return _TEXT.decode(spelled)
    except (ValueError, RecursionError):
        return ""
