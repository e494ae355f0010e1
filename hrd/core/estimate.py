"""Token counts without a tokenizer: a guess from the classes of bytes in a text, the same for everybody.

Public encodings merge letters into pieces of about four, split digits and punctuation almost one by one, and spend about
one token on a character outside ASCII. Weights by class reproduce that within -10 % and +25 % on the measured table in
tests/data/token-counts.json (cl100k_base and o200k_base), at about a nanosecond a byte. Long texts are sampled at fixed
places, so that the answer stays the same and its price bounded.
"""

import math
import re

SAMPLE_OVER_BYTES = 16384
"""Texts above this are judged by slices."""
_SLICES = 32
_SLICE_BYTES = 512

_LOWER, _UPPER, _DIGIT, _PUNCTUATION, _BLANK, _ACCENT, _SCRIPT, _THREE, _FOUR = b"ludp aszf"
_BACKSLASH = 0x5C
_WEIGHTS_WIDE = ((_ACCENT, 1.1), (_SCRIPT, 0.6), (_THREE, 0.877), (_FOUR, 2.5))
_ESCAPE = re.compile(rb"\\u[0-9a-fA-F]{4}")
_ESCAPE_LOW_WEIGHT = 0.8
_ESCAPE_HIGH_WEIGHT = 0.877
_CHARACTER_WEIGHT = 0.25
_EXTRA_BYTE_WEIGHT = 0.32


def _class_of(byte: int) -> int:
    character = chr(byte)
    if byte < 0x80:
        if character.islower():
            return _LOWER
        if character.isupper():
            return _UPPER
        if character.isdigit():
            return _DIGIT
        return _BLANK if character.isspace() else _PUNCTUATION
    if byte < 0xC0:
        return _BLANK  # continuation bytes: their lead byte counts
    if byte < 0xE0:
        return _ACCENT if byte < 0xCC else _SCRIPT  # Latin with marks; then Greek, Cyrillic, Hebrew, Arabic
    return _THREE if byte < 0xF0 else _FOUR


_CLASSES = bytes(_class_of(byte) for byte in range(256))


def estimate_tokens(text: bytes) -> int:
    """Tokens of *text* (UTF-8), rounded up."""
    sample, scale = _sample(text)
    return math.ceil(_weigh(sample) * scale)


def estimate_json_tokens(spelled: bytes) -> int:
    """Tokens of a text that is spelled as JSON: escapes count as what they stand for."""
    if not spelled:
        return 0
    sample, scale = (spelled, 1.0) if len(spelled) <= SAMPLE_OVER_BYTES else _sample(spelled)
    weight = 0.0
    if _BACKSLASH in sample:
        if b"\\u" in sample:
            low = sample.count(b"\\u0")
            sample, escapes = _ESCAPE.subn(b"", sample)
            weight = low * _ESCAPE_LOW_WEIGHT + max(0, escapes - low) * _ESCAPE_HIGH_WEIGHT
        sample = sample.replace(b'\\"', b'"').replace(b"\\n", b"\n")
    return math.ceil((weight + _weigh(sample)) * scale)


def estimate_counted(characters: int, extra_bytes: int) -> int:
    """Tokens of a text of which only its length was kept: characters, and bytes beyond one a character."""
    return math.ceil(characters * _CHARACTER_WEIGHT + extra_bytes * _EXTRA_BYTE_WEIGHT)


def _weigh(text: bytes) -> float:
    classes = text.translate(_CLASSES)
    count = classes.count
    weight = count(_LOWER) * 0.25 + count(_UPPER) * 0.45 + count(_DIGIT) * 0.6 + count(_PUNCTUATION) * 0.65
    if not text.isascii():
        for byte, each in _WEIGHTS_WIDE:
            weight += classes.count(byte) * each
    return weight


def _sample(text: bytes) -> tuple[bytes, float]:
    """The text, or evenly spaced slices of it and what one of their tokens stands for."""
    length = len(text)
    if length <= SAMPLE_OVER_BYTES:
        return text, 1.0
    step = (length - _SLICE_BYTES) / (_SLICES - 1)
    starts = [int(step * place) for place in range(_SLICES)]
    sample = b"".join([text[start : start + _SLICE_BYTES] for start in starts])
    return sample, length / len(sample)
