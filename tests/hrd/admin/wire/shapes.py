"""What a value looks like to a program that reads its JSON."""

from typing import Any

import msgspec


def shape_of(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))
