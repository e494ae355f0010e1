"""Characters beyond 16 bits, which JSON may escape as two halves, and halves that stand alone.

The grammar of JSON allows a half alone, and programs that cut texts by 16 bits write it; who decodes it as UTF-8 cannot.
Reference: https://www.rfc-editor.org/rfc/rfc8259#section-8.2
"""

import re
from collections.abc import Iterator
from typing import Final

_ESCAPE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\.", re.DOTALL
)
"""A whole character, half of one, or any other escape."""
_HALF_CHARS: Final = 6
_REPLACED: Final = rb"\ufffd"


def first_half(spelled: bytes) -> re.Match[bytes] | None:
    """The first half of a character that stands alone in *spelled*."""
    return next(_halves(spelled), None)


def without_halves(spelled: bytes) -> bytes:
    """*spelled* with the mark of what cannot be shown in place of halves; itself if there are none."""
    if first_half(spelled) is None:
        return spelled
    return _ESCAPE.sub(lambda escape: _REPLACED if _is_half(escape) else escape[0], spelled)


def _halves(spelled: bytes) -> Iterator[re.Match[bytes]]:
    return filter(_is_half, _ESCAPE.finditer(spelled))


def _is_half(escape: re.Match[bytes]) -> bool:
    return len(escape[0]) == _HALF_CHARS
