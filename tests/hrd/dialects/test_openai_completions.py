"""Old completions in: their facts, or what is wrong with them."""

import json

import pytest
from hypothesis import given

from hrd.core.needs import Need
from hrd.core.refusals import Refusal
from hrd.dialects.contract import Request
from hrd.dialects.openai_completions import decode
from tests.hrd.dialects.chat import JSON


def request(**members: object) -> Request:
    decoded = decode(json.dumps({"model": "x", "prompt": "def f(", **members}).encode())
    assert isinstance(decoded, Request), decoded
    return decoded


def test_the_facts_of_one() -> None:
    ask = request(stream=True, stream_options={"include_usage": True}, max_tokens=9, stop=["\n"], suffix=")").ask
    assert (ask.model, ask.stream, ask.max_tokens, ask.needs) == ("x", True, 9, {Need.STOP})
    assert 0 < ask.input_tokens < 100
    assert request(stream=True, stream_options={"include_usage": True}).usage_to_client
    assert not request(stream_options={"include_usage": True}).usage_to_client
    assert request().ask.affinity == request(max_tokens=3).ask.affinity != request(prompt="other").ask.affinity


@pytest.mark.parametrize(
    "members", [{"n": 1, "best_of": 1, "echo": False, "logprobs": None}, {"prompt": ["one"]}, {"model": None}]
)
def test_what_is_usual_is_taken(members: dict[str, object]) -> None:
    request(**members)


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"prompt": None}, "prompt"),
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"prompt": [1, 2, 3]}, "prompt"),
        ({"prompt": [[1]]}, "prompt"),
        ({"n": 2}, "n"),
        ({"echo": True}, "echo"),
        ({"logprobs": 3}, "logprobs"),
        ({"stream": "yes"}, "the request.stream"),
    ],
)
def test_what_is_refused_names_its_parameter(members: dict[str, object], param: str) -> None:
    refusal = decode(json.dumps({"model": "x", "prompt": "a", **members}).encode())
    assert isinstance(refusal, Refusal)
    assert (refusal.http_status, refusal.param) == (400, param)


@given(JSON)
def test_any_json_is_a_request_or_a_refusal(value: object) -> None:
    assert isinstance(decode(json.dumps(value).encode()), Request | Refusal)
