"""OpenRouter's details as one word, there and back."""

import msgspec
import pytest

from hrd.core.conversation import ABSENT
from hrd.dialects.carried_details import as_word, from_word


def test_they_come_back_as_they_were_spelled() -> None:
    details = msgspec.Raw('[{"type":  "reasoning.text", "text":"é"}]'.encode())
    assert as_word(details).isascii()
    assert from_word(as_word(details)) == details


@pytest.mark.parametrize("word", ["", "%%%", "bm8ganNvbg==", as_word(msgspec.Raw(b"[" * 100_000))])
def test_a_word_that_somebody_changed_says_nothing(word: str) -> None:
    assert from_word(word) == ABSENT
