"""Probabilities of a text's words, as chat completions and Responses both spell them; what is spelled otherwise is none.

Reference: https://platform.openai.com/docs/api-reference/chat/object
"""

from typing import Any, Final

import msgspec

from hrd.core.reply_events import LogProbs


class _Token(msgspec.Struct, gc=False):
    token: str
    logprob: float
    bytes: list[int] | None = None


class _Word(_Token, gc=False):
    top_logprobs: list[_Token] | None = None


_WORDS: Final = msgspec.json.Decoder(list[_Word])


def read_logprobs(content: Any) -> LogProbs | None:
    """Those that *content* lists, if it lists any. Members that clients rely on are there, even if the provider has none."""
    if not isinstance(content, list) or not content:
        return None
    try:
        return _complete(msgspec.convert(content, list[_Word]))
    except ValueError:
        return None


def decode_logprobs(spelled: msgspec.Raw) -> LogProbs | None:
    """The same of JSON."""
    try:
        words = _WORDS.decode(spelled)
    except (ValueError, RecursionError):
        return None
    return _complete(words) if words else None


def _complete(words: list[_Word]) -> LogProbs:
    for word in words:
        word.top_logprobs = word.top_logprobs or []
        for each in (word, *word.top_logprobs):
            if each.bytes is None:
                each.bytes = list(each.token.encode())
    return LogProbs(msgspec.Raw(msgspec.json.encode(words)))
