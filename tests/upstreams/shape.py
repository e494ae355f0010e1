"""What a JSON value must look like, told in checks that are put together; each wire says what is wrong in its own words.

person = fields({"name": name}, {"age": whole(0)})
list(person({"age": -1, "hat": True}, ("person",)))
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

Place = tuple[str | int, ...]


class Fault(Enum):
    EXTRA = "Extra inputs are not permitted"
    MISSING = "Field required"
    WRONG = "wrong"


@dataclass(frozen=True)
class Problem:
    place: Place
    fault: Fault
    words: str
    value: Any = None
    """What stands there, if it is wrong."""


Problems = Iterator[Problem]
Check = Callable[[Any, Place], Problems]


def wrong(place: Place, words: str, value: Any = None) -> Problem:
    return Problem(place, Fault.WRONG, words, value)


def missing(place: Place) -> Problem:
    return Problem(place, Fault.MISSING, Fault.MISSING.value)


def extra(place: Place) -> Problem:
    return Problem(place, Fault.EXTRA, Fault.EXTRA.value)


def anything(value: Any, place: Place) -> Problems:
    yield from ()


def text(value: Any, place: Place) -> Problems:
    if not isinstance(value, str):
        yield wrong(place, "Input should be a valid string", value)


def name(value: Any, place: Place) -> Problems:
    if not isinstance(value, str) or not value:
        yield wrong(place, "String should have at least 1 character", value)


def flag(value: Any, place: Place) -> Problems:
    if not isinstance(value, bool):
        yield wrong(place, "Input should be a valid boolean", value)


def an_object(value: Any, place: Place) -> Problems:
    if not isinstance(value, dict):
        yield wrong(place, "Input should be a valid dictionary", value)


def whole(least: int, most: int | None = None) -> Check:
    def check(value: Any, place: Place) -> Problems:
        if type(value) is not int:
            yield wrong(place, "Input should be a valid integer", value)
        elif value < least:
            yield wrong(place, f"Input should be greater than or equal to {least}", value)
        elif most is not None and value > most:
            yield wrong(place, f"Input should be less than or equal to {most}", value)

    return check


def number(least: float, most: float) -> Check:
    def check(value: Any, place: Place) -> Problems:
        if type(value) not in (int, float):
            yield wrong(place, "Input should be a valid number", value)
        elif not least <= value <= most:
            yield wrong(place, f"Input should be between {least} and {most}", value)

    return check


def one_of(*words: str) -> Check:
    def check(value: Any, place: Place) -> Problems:
        if not isinstance(value, str) or value not in words:
            yield wrong(place, f"Input should be {' or '.join(repr(word) for word in words)}", value)

    return check


def exactly(wanted: Any) -> Check:
    def check(value: Any, place: Place) -> Problems:
        if value is not wanted:
            yield wrong(place, f"Input should be {wanted}", value)

    return check


def pattern(expression: str) -> Check:
    compiled = re.compile(expression)

    def check(value: Any, place: Place) -> Problems:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            yield wrong(place, f"String should match pattern '^{expression}$'", value)

    return check


def base64_text(value: Any, place: Place) -> Problems:
    try:
        good = isinstance(value, str) and bool(base64.b64decode(value, validate=True))
    except binascii.Error:
        good = False
    if not good:
        yield wrong(place, "invalid base64 data")


def url(value: Any, place: Place) -> Problems:
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        yield wrong(place, "Only HTTP and HTTPS URLs are supported")


def url_or_data(value: Any, place: Place) -> Problems:
    """An address, or a data URL of base64."""
    if isinstance(value, str) and value.startswith("data:"):
        kind, comma, data = value.removeprefix("data:").partition(",")
        if not comma or not kind.endswith(";base64") or not kind.removesuffix(";base64"):
            yield wrong(place, "a data URL must say its media type and be base64")
        yield from base64_text(data, place)
    else:
        yield from url(value, place)


def fields(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these members and no others."""

    def check(value: Any, place: Place) -> Problems:
        if not isinstance(value, dict):
            yield wrong(place, "Input should be a valid dictionary", value)
            return
        for member, inner in required.items():
            if member not in value:
                yield missing((*place, member))
            else:
                yield from inner(value[member], (*place, member))
        for member, item in value.items():
            if member in required:
                continue
            if optional is None or member not in optional:
                yield extra((*place, member))
            else:
                yield from optional[member](item, (*place, member))

    return check


def by_type(checks: Mapping[str, Check], *, label: bool = False, default: str = "") -> Check:
    """An object whose `type` (*default*, if it has none) says which of *checks* it is held to; *label*: the place names it."""

    def check(value: Any, place: Place) -> Problems:
        kind = value.get("type", default) if isinstance(value, dict) else ""
        if not kind:
            yield missing((*place, "type"))
        elif kind not in checks:
            tags = ", ".join(f"'{tag}'" for tag in checks)
            words = f"Input tag '{kind}' found using 'type' does not match any of the expected tags: {tags}"
            yield wrong((*place, "type") if not label else place, words, kind)
        else:
            yield from checks[kind](value, (*place, kind) if label else place)

    return check


def list_of(item: Check, *, least: int = 0, most: int | None = None) -> Check:
    def check(value: Any, place: Place) -> Problems:
        if not isinstance(value, list):
            yield wrong(place, "Input should be a valid list", value)
        elif len(value) < least:
            yield wrong(place, f"List should have at least {least} item", value)
        elif most is not None and len(value) > most:
            yield wrong(place, f"List should have at most {most} items", value)
        else:
            for at, each in enumerate(value):
                yield from item(each, (*place, at))

    return check


def or_null(inner: Check) -> Check:
    def check(value: Any, place: Place) -> Problems:
        if value is not None:
            yield from inner(value, place)

    return check


def either(*checks: Check) -> Check:
    """Fine by any of *checks*; if by none, the one that came deepest says why."""

    def check(value: Any, place: Place) -> Problems:
        why: list[Problem] = []
        for each in checks:
            found = list(each(value, place))
            if not found:
                return
            if not why or len(found[0].place) >= len(why[0].place):
                why = found
        yield from why

    return check
