"""The shapes of auth.json's parts. A part that is missing or null is empty; one of another shape is named, not shown."""

from typing import Any, Final

WHOLE_MAX: Final = 10**15


class MisshapenError(Exception):
    """A part of the document is not what it should be. Raised and caught while one document is read."""

    def __init__(self, where: str, wanted: str) -> None:
        super().__init__(f"{where} must be {wanted}")


def as_object(value: object, where: str) -> dict[str, Any]:
    if value is None and where != "the file":
        return {}
    if not isinstance(value, dict):
        raise MisshapenError(where, "a JSON object")
    return value


def as_list(value: object, where: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise MisshapenError(where, "a list")
    return value


def as_text(value: object, where: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MisshapenError(where, "text")
    return value


def as_whole(value: object, where: str) -> int:
    number = as_number(value, where)
    if number != int(number):
        raise MisshapenError(where, "a whole number, not negative")
    return int(number)


def as_number(value: object, where: str) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= WHOLE_MAX:
        raise MisshapenError(where, "a number, not negative")
    return float(value)
