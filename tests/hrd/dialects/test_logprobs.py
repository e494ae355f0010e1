"""Probabilities of words, whatever a provider calls them."""

import json
from typing import Any

import msgspec
import pytest
from openai.types.chat.chat_completion_token_logprob import ChatCompletionTokenLogprob
from openai.types.responses.response_output_text import Logprob

from hrd.dialects.logprobs import decode_logprobs, read_logprobs

HI: dict[str, Any] = {"token": "hi", "logprob": -0.5, "bytes": [104, 105], "top_logprobs": []}
HO = {"token": "hö", "logprob": -2.0, "bytes": None}


def test_they_are_told_as_they_are() -> None:
    for read in (read_logprobs([HI]), decode_logprobs(msgspec.Raw(json.dumps([HI]).encode()))):
        assert read is not None
        assert json.loads(bytes(read.content)) == [HI]


def test_members_that_clients_rely_on_are_there() -> None:
    read = read_logprobs([{"token": "hi", "logprob": -1, "top_logprobs": [HO], "entropy": 3}])
    assert read is not None
    (word,) = json.loads(bytes(read.content))
    assert word == {**HI, "logprob": -1, "top_logprobs": [{**HO, "bytes": [104, 195, 182]}]}
    ChatCompletionTokenLogprob.model_validate(word)
    Logprob.model_validate(word)


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        5,
        "high",
        [[]],
        [None],
        [{"token": "hi"}],
        [{**HI, "logprob": "low"}],
        [{**HI, "top_logprobs": 5}],
        [HI, 5],
    ],
)
def test_what_is_spelled_otherwise_is_none(content: object) -> None:
    assert read_logprobs(content) is None
    assert decode_logprobs(msgspec.Raw(json.dumps(content).encode())) is None


@pytest.mark.parametrize("spelled", [b"", b"nonsense", b"[" * 10_000])
def test_nor_is_what_is_no_json(spelled: bytes) -> None:
    assert decode_logprobs(msgspec.Raw(spelled)) is None
