"""OpenRouter's `reasoning_details` as one word, to be carried where a client keeps nothing but text."""

import base64
import binascii

import msgspec

from hrd.core.conversation import ABSENT


def as_word(details: msgspec.Raw) -> str:
    """*details* in base64."""
    return base64.b64encode(bytes(details)).decode()


def from_word(word: str) -> msgspec.Raw:
    """The details again, if they are what once was sent; else none."""
    try:
        spelled = base64.b64decode(word, validate=True)
        msgspec.json.decode(spelled, type=msgspec.Raw)
    except (binascii.Error, ValueError, RecursionError):
        return ABSENT
    return msgspec.Raw(spelled)
