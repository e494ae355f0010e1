"""A model's arguments for a tool: a JSON object, or mended to be one, or nothing.

Models slip in known ways: no arguments at all, a fence of Markdown around them, the object spelled twice, quotes and constants
of Python's, a comma too many, a bracket too few, raw line breaks in strings. What can be read without guessing what was meant
is mended. A text that breaks off within a string or a name is not: half a command is not a command.
"""

import ast
import json
import re
from typing import Any

import msgspec

from hrd.core.failures import BAD_CALL_CODE
from hrd.core.reply_events import Broken

NOTHING = "{}"


class _Object(msgspec.Struct, gc=False):
    """Any JSON object, of which nothing is read."""


_OBJECT = msgspec.json.Decoder(_Object)
_FENCE = re.compile(r"\A```[a-zA-Z]*\s*(.*?)\s*```\Z", re.DOTALL)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_COMMA_TOO_MANY = re.compile(r'("(?:[^"\\]|\\.)*")|,(\s*[\]}])', re.DOTALL)
_CLOSING = {"{": "}", "[": "]"}
_HALF = re.compile("[\ud800-\udfff]")
_DECODER = json.JSONDecoder(strict=False)
MENDED_CHARS_MAX = 1_000_000
"""What is longer is taken as it stands, or not at all: mending reads a text several times."""


def mend_arguments(text: str) -> str | None:
    """*text* itself if it spells a JSON object, else the object that it can only mean; None if it means none."""
    if is_object(text):
        return text
    text = text.strip()
    if text in ("", "null", "None", '""'):
        return NOTHING
    if len(text) > MENDED_CHARS_MAX:
        return None
    fenced = _FENCE.match(text)
    if fenced:
        return mend_arguments(fenced[1])
    for read in (_read_loosely, _read_closed, _read_as_python):
        value = read(text)
        if isinstance(value, str) and value.strip().startswith("{"):
            return mend_arguments(value) if value != text else None  # spelled as a string of JSON
        if isinstance(value, dict):
            return _spell(value)
    return None


def bad_call(name: str) -> Broken:
    """The error that a call of the tool *name* is whose arguments cannot be mended, or one that names none."""
    message = (
        f"The model's arguments for the tool {name[:80]} are no JSON object." if name else "The model called no tool by name."
    )
    return Broken({"message": message, "type": "server_error", "code": BAD_CALL_CODE})


def is_object(text: str) -> bool:
    """Whether *text* spells a JSON object."""
    try:
        _OBJECT.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _spell(value: dict[str, Any]) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # half of a character beyond 16 bits: no other reader of JSON takes that
        whole = _HALF.sub("\ufffd", json.dumps(value, ensure_ascii=False))
        return msgspec.json.encode(json.loads(whole)).decode()


def _read_loosely(text: str) -> Any:
    """With line breaks in strings and commas too many; of objects in a row the one that says anything."""
    text = _COMMA_TOO_MANY.sub(lambda match: match[1] or match[2], text)
    values: list[Any] = []
    place = 0
    try:
        while place < len(text):
            value, place = _DECODER.raw_decode(text, place)
            if value not in values:
                values.append(value)
            while place < len(text) and text[place].isspace():
                place += 1
    except (ValueError, RecursionError):
        return None
    telling = [value for value in values if value != {}]
    return (telling or values)[0] if len(telling) <= 1 else None


def _read_closed(text: str) -> Any:
    """With the closing brackets that are missing at the end, if nothing else is: a number may lack digits."""
    if text[-1].isdigit():
        return None
    open_brackets: list[str] = []
    for token in _TOKEN.findall(text):
        if token in _CLOSING:
            open_brackets.append(token)
        elif token in ("]", "}") and (not open_brackets or _CLOSING[open_brackets.pop()] != token):
            return None
    return _read_loosely(text + "".join(_CLOSING[each] for each in reversed(open_brackets))) if open_brackets else None


def _read_as_python(text: str) -> Any:
    """A dict as Python spells it."""
    try:
        value = ast.literal_eval(text)
        return value if isinstance(value, dict) and is_object(json.dumps(value, allow_nan=False)) else None
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
