"""Every kind of input for embeddings."""

import base64
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.ask import Ask, Kind
from hrd.core.providers import Provider, Quirks
from hrd.core.refusals import Refusal
from hrd.dialects.contract import Request
from hrd.dialects.embeddings import decode

ALPHA = Provider(name="alpha", base_url="http://alpha.test/v1", quirks=Quirks(drop=("user",)))
VECTOR = [0.5, -1.0, 0.25]
PACKED = base64.b64encode(struct.pack("<3f", *VECTOR)).decode()


def request(members: str) -> Request:
    decoded = decode(f'{{"model":"e-1",{members}}}'.encode())
    assert isinstance(decoded, Request), decoded
    return decoded


@pytest.mark.parametrize(
    ("given_input", "inputs", "tokens", "token_ids"),
    [
        ('"a few words"', 1, 4, False),
        ('["a few words", "and more"]', 2, 9, False),
        ("[1, 2, 3]", 1, 3, True),
        ("[[1, 2, 3], [4]]", 2, 4, True),
        ('""', 1, 2, False),
    ],
)
def test_every_kind_of_input(given_input: str, inputs: int, tokens: int, token_ids: bool) -> None:
    decoded = request(f'"input":{given_input}')
    assert decoded.inputs == inputs
    length = len(f'{{"model":"e-1","input":{given_input}}}')
    assert decoded.ask == Ask(kind=Kind.EMBEDDINGS, model="e-1", token_ids=token_ids, input_tokens=tokens, body_bytes=length)


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ('"x":1', "input"),
        ('"input":null', "input"),
        ('"input":[]', "input"),
        ('"input":5', "input"),
        ('"input":{"text":"a"}', "input"),
        ('"input":["a",5]', "input"),
        ('"input":[1,[2]]', "input"),
        ('"input":[1.5]', "input[0]"),
        ('"input":[true]', "input[0]"),
        ('"input":"a","encoding_format":"hex"', "encoding_format"),
        ('"input":"a","encoding_format":5', "encoding_format"),
        ('"input":"a","model":5', "model"),
    ],
)
def test_what_is_refused_names_its_parameter(members: str, param: str) -> None:
    refusal = decode(f'{{"model":"e-1",{members}}}'.encode())
    assert isinstance(refusal, Refusal)
    assert (refusal.http_status, refusal.param) == (400, param)


@given(
    st.binary(max_size=100)
    | st.dictionaries(
        st.sampled_from(["input", "model", "encoding_format"]),
        st.none()
        | st.integers()
        | st.text(max_size=3)
        | st.lists(st.integers() | st.text(max_size=2) | st.lists(st.integers(), max_size=2), max_size=3),
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_body_is_a_request_or_a_refusal(body: bytes) -> None:
    assert isinstance(decode(body), Request | Refusal)
