"""How deep a decoded document goes: what is deeper than anybody means would exhaust the stack of whoever walks it."""

from collections.abc import Iterable
from typing import Final

LEVELS_MAX: Final = 50


def is_too_deep(tree: object, levels: int = LEVELS_MAX) -> bool:
    """Whether lists and objects are nested in *tree* more than *levels* deep."""
    layer: list[object] = [tree]
    for _ in range(levels + 1):
        layer = [inner for outer in layer for inner in _within(outer)]
        if not layer:
            return False
    return True


def _within(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
