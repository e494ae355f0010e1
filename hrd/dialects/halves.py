"""Characters beyond 16 bits, which JSON may escape as two halves, and halves that stand alone.

The grammar of JSON allows a half alone, and programs that cut texts by 16 bits write it; who decodes it as UTF-8 cannot.
Reference: https://www.rfc-editor.org/rfc/rfc8259#section-8.2
"""

import re
from collections.abc import Hashable, Iterable, Iterator
from typing import Final

import msgspec

_ESCAPE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\.", re.DOTALL
)
"""A whole character, half of one, or any other escape."""
_HALF_CHARS: Final = 6
_REPLACED: Final = rb"\ufffd"
_LOST: Final = "\ufffd"
HELD_MAX: Final = 128
"""How many texts at once may wait for a half: no reply has so many calls."""
_FIRST_HIGH, _FIRST_LOW, _AFTER_LOW = 0xD800, 0xDC00, 0xE000
_MARKS_AT: Final = 0xF0000
"""Characters for private use, which stand for halves while a text is joined: JSON cannot be read with the halves in it."""


def first_half(spelled: bytes) -> re.Match[bytes] | None:
    """The first half of a character that stands alone in *spelled*."""
    return next(_halves(spelled), None)


def without_halves(spelled: bytes) -> bytes:
    """*spelled* with the mark of what cannot be shown in place of halves; itself if there are none."""
    if first_half(spelled) is None:
        return spelled
    return _ESCAPE.sub(lambda escape: _REPLACED if _is_half(escape) else escape[0], spelled)


def marked_halves(spelled: bytes) -> bytes:
    """*spelled* with each half that stands alone as a mark that says which it is: one character, as in `without_halves`."""
    return _ESCAPE.sub(lambda escape: _mark(int(escape[0][-4:], 16)) if _is_half(escape) else escape[0], spelled)


class Halves:
    """Joins the halves of a character that came in two pieces of one text. What never gets its other half is marked as lost,
    and left out at the very end of a text."""

    def __init__(self) -> None:
        self.held: dict[Hashable, int] = {}
        """Text → the first half that waits for the second."""

    def join(self, text: Hashable, piece: str, marked: str) -> str:
        """The next piece of *text* as it is to be told. *marked*: the same as `marked_halves` spelled it; *piece* itself, if
        there are none in it."""
        if not piece:
            return piece
        told, held = piece, self.held.pop(text, None)
        last = _half_at(-1, piece, marked)
        if last is not None and last < _FIRST_LOW and len(self.held) < HELD_MAX:
            self.held[text] = last
            told = piece[:-1]
        if held is None:
            return told
        first = _half_at(0, piece, marked)
        if first is None or first < _FIRST_LOW:
            return _LOST + told
        return chr(0x10000 + ((held - _FIRST_HIGH) << 10) + first - _FIRST_LOW) + told[1:]

    def join_members(self, text: Hashable, names: Iterable[str], said: msgspec.Struct, marked: msgspec.Struct) -> None:
        """The same with those members of *said* that are strings, each a piece of a text of its own."""
        for name in names:
            piece = getattr(said, name)
            if isinstance(piece, str):
                setattr(said, name, self.join((text, name), piece, getattr(marked, name)))


def _half_at(place: int, piece: str, marked: str) -> int | None:
    """The half that stands there, if one does."""
    half = ord(marked[place]) - _MARKS_AT + _FIRST_HIGH
    return half if piece[place] == _LOST and _FIRST_HIGH <= half < _AFTER_LOW else None


def _mark(half: int) -> bytes:
    return chr(_MARKS_AT + half - _FIRST_HIGH).encode()


def _halves(spelled: bytes) -> Iterator[re.Match[bytes]]:
    return filter(_is_half, _ESCAPE.finditer(spelled))


def _is_half(escape: re.Match[bytes]) -> bool:
    return len(escape[0]) == _HALF_CHARS
