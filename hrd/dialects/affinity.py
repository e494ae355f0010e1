"""Which conversation a request's body names, in the members that clients use for it (see `core.affinity`); else how it begins:
all up to its first message of a user's, as spelled, which stays the same from turn to turn."""

import re

import msgspec

from hrd.core.affinity import KEY_CHARS_MAX, affinity_of_beginning
from hrd.dialects.contract import Fields

MEMBERS = ("session_id", "prompt_cache_key", "metadata", "safety_identifier", "user")
"""In this order; of `metadata` it is `session_id`, else `user_id`."""
_RAW = msgspec.json.Decoder(list[msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)
_USERS = re.compile(rb'"role"\s*:\s*"user"')


class _Metadata(msgspec.Struct, gc=False):
    session_id: str | None = None
    user_id: str | None = None


_METADATA = msgspec.json.Decoder(_Metadata)


def affinity_in(fields: Fields, model: str, messages: bytes) -> str:
    """The conversation's name. *messages*: a list of them, or what else the conversation begins with."""
    if not fields.keys().isdisjoint(MEMBERS):
        for name in MEMBERS:
            raw = fields.get(name)
            if raw is not None and (named := _named(name, bytes(raw))):
                return named[:KEY_CHARS_MAX]
    return affinity_of_beginning(model, beginning_of(messages))


def beginning_of(messages: bytes) -> bytes:
    """The beginning of a list of *messages*, or all of it if no user speaks."""
    found: list[bytes] = []
    try:
        for raw in _RAW.decode(messages):
            spelled = bytes(raw)
            found.append(spelled)
            if _USERS.search(spelled):
                break
    except (ValueError, RecursionError):
        return messages
    return b"".join(found)


def _named(name: str, spelled: bytes) -> str:
    try:
        if name == "metadata":
            metadata = _METADATA.decode(spelled)
            return metadata.session_id or metadata.user_id or ""
        return _TEXT.decode(spelled)
    except (ValueError, RecursionError):
        return ""
