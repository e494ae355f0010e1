"""JSON with something odd in it: at any place a value that nobody expects there, or nothing at all."""

from collections.abc import Iterator
from typing import Any, Final

from hypothesis import strategies as st

Path = tuple[str | int, ...]
GONE: Final = object()
"""In place of a value: the member, or the element, is not there."""
ODD: Final[tuple[Any, ...]] = (
    *(GONE, None, True, 5, -1, 1.5, 2**31, 10**19, 10**40, 1e300),
    *("", "x", "text", "error", "message", "thinking", "tool_use", "function_call", "custom_tool_call", "grammar", "length"),
    *("{", '{"a":', '"x"', "\ud83d", "\ude00 b", "data:text/plain;base64,!!", "data:text/plain,%ff", "http://"),
    *([], [[]], [5], [None], ["a"], {}, {"a": 1}, {"a": 10**40}, {"type": 5}, {"type": "text"}, {"type": "object"}),
)


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in *value*, the whole of it first."""
    yield path
    if isinstance(value, dict):
        for name, each in value.items():
            yield from paths(each, (*path, name))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from paths(each, (*path, place))


def replaced(value: Any, path: Path, odd: Any) -> Any:
    """*value* with *odd* at *path*."""
    if not path:
        return odd
    first, rest = path[0], path[1:]
    copy: Any = value.copy()
    if odd is GONE and not rest:
        del copy[first]
    else:
        copy[first] = replaced(value[first], rest, odd)
    return copy


def with_something_odd(value: Any, *, whole: bool = True) -> st.SearchStrategy[Any]:
    """*value* with one odd thing in it, or with two. Not *whole*: it remains what it is as a whole."""

    @st.composite
    def drawn(draw: st.DrawFn) -> Any:
        made = value
        for _ in range(draw(st.integers(1, 2))):
            where = [path for path in paths(made) if path or whole]
            if not where:
                break
            path = draw(st.sampled_from(where))
            odd = draw(st.sampled_from([each for each in ODD if path or each is not GONE]))
            made = replaced(made, path, odd)
        return made

    return drawn()
