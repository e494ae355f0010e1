"""Request bodies as JSON objects whose members keep their spelling, and the refusals for those that are not.

A member is read only when a decision needs its value. What is wrong is named by `param`, as OpenAI's own errors do.
"""

import codecs
import re

import msgspec

from hrd.core.refusals import Refusal, RefusalKind
from hrd.dialects.contract import Fields
from hrd.dialects.halves import without_halves


class Turn(msgspec.Struct, gc=False):
    """A message, as far as a decoder must look at it."""

    role: str


_FIELDS = msgspec.json.Decoder(Fields)
_TURNS = msgspec.json.Decoder(list[Turn])
_TEXT = msgspec.json.Decoder(str)
_FLAG = msgspec.json.Decoder(bool)
_COUNT = msgspec.json.Decoder(int)
_PATH = re.compile(r"(?: - at `\$(.*)`)?$", re.DOTALL)
NULL = b"null"
TRUE = b"true"
COUNT_MAX = 1_000_000_000
"""A larger number of tokens is a slip of the pen."""


def read_fields(body: bytes) -> Fields | Refusal:
    """The members of the object that *body* spells. A name that stands twice has its last value, and half of a
    character is sent on as the mark of what cannot be shown."""
    try:
        if not body.isascii():
            body.decode()
        return _FIELDS.decode(body)
    except UnicodeDecodeError as error:
        return refuse(f"The request body is not valid UTF-8 (byte {error.start}).")
    except RecursionError:
        return refuse("The request body is nested too deeply.")
    except msgspec.ValidationError:
        return refuse("The request body is JSON, but not an object.")
    except msgspec.DecodeError as error:
        whole = without_halves(body)
        if whole is not body:  # of an earlier reply, perhaps, that was cut there: without it the conversation would be stuck
            return read_fields(whole)
        return refuse(f"The request body is not valid JSON: {_malformed(body, error)}.")


def _malformed(body: bytes, error: msgspec.DecodeError) -> str:
    """What is wrong with it, where that can be said better than by a place."""
    if body.startswith(codecs.BOM_UTF8):
        return "it begins with a byte order mark"
    return str(error).removeprefix("JSON is malformed: ")


def refuse(message: str, param: str | None = None) -> Refusal:
    return Refusal(kind=RefusalKind.BAD_REQUEST, message=message, param=param)


def refuse_shape(name: str, error: Exception) -> Refusal:
    """The refusal for a member that has another shape than it must have. Without a *name* the error says which."""
    if isinstance(error, RecursionError):
        return refuse(f"{name or 'The request'} is nested too deeply.", name or None)
    text = str(error)
    found = _PATH.search(text)
    path = (name + (found[1] or "" if found else "")).lstrip(".")
    return refuse(f"{path or 'The request'} is not as it must be: {_PATH.sub('', text)}.", path)


def text_of(fields: Fields, name: str) -> str | Refusal:
    """A member that must be a string; absent or null is empty."""
    raw = fields.get(name)
    if raw is None or bytes(raw) == NULL:
        return ""
    try:
        return _TEXT.decode(raw)
    except ValueError as error:
        return refuse_shape(name, error)


def flag_of(fields: Fields, name: str) -> bool | Refusal:
    """A member that must be true or false; absent or null is false."""
    raw = fields.get(name)
    if raw is None or bytes(raw) == NULL:
        return False
    try:
        return _FLAG.decode(raw)
    except ValueError as error:
        return refuse_shape(name, error)


def count_of(fields: Fields, name: str) -> int | None:
    """A member as a positive whole number, if it is one: others are the provider's to refuse."""
    raw = fields.get(name)
    if raw is None:
        return None
    try:
        return as_count(_COUNT.decode(raw))
    except ValueError:
        return None


def as_count(count: int | None) -> int | None:
    """*count* as a limit that can be meant."""
    return count if count is not None and 0 < count <= COUNT_MAX else None


def count_turns(fields: Fields) -> int | Refusal:
    """How many `messages` there are, each an object with a role."""
    raw = fields.get("messages")
    if raw is None:
        return refuse("messages is missing.", "messages")
    try:
        turns = _TURNS.decode(raw)
    except (ValueError, RecursionError) as error:
        return refuse_shape("messages", error)
    return len(turns) or refuse("messages is empty.", "messages")
