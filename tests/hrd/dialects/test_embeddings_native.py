"""Vectors, in the form that the client asked for."""

import base64
import json
import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.journal import Usage, UsageSource
from hrd.core.providers import Provider, Quirks
from hrd.dialects.contract import Encoded, Request, WholeReply
from hrd.dialects.embeddings import decode
from hrd.dialects.embeddings_native import encode, read_whole, reply_stream
from tests.hrd.dialects.replies import BOUNDS

ALPHA = Provider(name="alpha", base_url="http://alpha.test/v1", quirks=Quirks(drop=("user",)))
VECTOR = [0.5, -1.0, 0.25]
PACKED = base64.b64encode(struct.pack("<3f", *VECTOR)).decode()


def request(members: str) -> Request:
    decoded = decode(f'{{"model":"e-1",{members}}}'.encode())
    assert isinstance(decoded, Request), decoded
    return decoded


def test_the_format_is_not_sent_and_the_rest_keeps_its_spelling() -> None:
    decoded = request('"input":["a",  "b"],"encoding_format":"base64","dimensions":256,"user":"ann","x":1.50')
    sent = encode(decoded, ALPHA, "e-2", drop=frozenset(), max_tokens=None, ask_usage=True)
    assert sent == Encoded(b'{"model":"e-2","input":["a",  "b"],"dimensions":256,"x":1.50}', ("user left out",))
    learned = encode(decoded, ALPHA, "e-2", drop=frozenset({"dimensions"}), max_tokens=None, ask_usage=True)
    assert learned.body == b'{"model":"e-2","input":["a",  "b"],"x":1.50}'


def reply(*vectors: object, usage: object = None) -> bytes:
    rows = [{"object": "embedding", "index": place, "embedding": vector} for place, vector in enumerate(vectors)]
    return json.dumps({"object": "list", "data": rows, "model": "e-2", "usage": usage}).encode()


def read(body: bytes, members: str = '"input":"a"') -> WholeReply:
    return read_whole(request(members), body, Quirks())


def vectors(reply: WholeReply) -> list[object]:
    return [row["embedding"] for row in json.loads(reply.body)["data"]]


def test_numbers_for_a_client_that_takes_numbers_pass_as_the_same_bytes() -> None:
    body = reply(VECTOR, usage={"prompt_tokens": 4, "total_tokens": 4})
    result = read(body)
    assert result.body is body
    assert result.usage == Usage(input_tokens=4, source=UsageSource.KNOWN)
    assert (result.empty, result.broken, result.error) == (False, "", None)


def test_base64_for_a_client_that_asked_for_it_passes_as_the_same_bytes() -> None:
    body = reply(PACKED)
    assert read(body, '"input":"a","encoding_format":"base64"').body is body


def test_numbers_become_base64_for_a_client_that_asked_for_it() -> None:
    result = read(reply(VECTOR, [1.0]), '"input":["a","b"],"encoding_format":"base64"')
    assert vectors(result) == [PACKED, "AACAPw=="]
    assert json.loads(result.body)["data"][1] == {"object": "embedding", "index": 1, "embedding": "AACAPw=="}


def test_base64_becomes_numbers_for_a_client_that_takes_numbers() -> None:
    assert vectors(read(reply(PACKED))) == [VECTOR]
    assert vectors(read(reply(PACKED), '"input":"a","encoding_format":"float"')) == [VECTOR]


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=40))
def test_there_and_back_again(vector: list[float]) -> None:
    packed = vectors(read(reply(vector), '"input":"a","encoding_format":"base64"'))[0]
    assert packed == base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    assert vectors(read(reply(packed))) == [vector]


def test_without_usage_the_input_is_estimated() -> None:
    assert read(reply(VECTOR), '"input":"a few words"').usage == Usage(input_tokens=4, source=UsageSource.ESTIMATED)


def test_an_error_inside_a_200() -> None:
    assert read(b'{"error":{"message":"no"}}').error == {"message": "no"}


@pytest.mark.parametrize(
    ("body", "broken"),
    [
        (b"<html>", "the reply is not a JSON object"),
        (b"[]", "the reply is not a JSON object"),
        (b'{"ok":true}', "the reply is not a list of vectors"),
        (b'{"data":{}}', "the reply is not a list of vectors"),
        (b'{"data":[{"index":0}]}', "the reply is not a list of vectors"),
        (reply(None), "the reply is not a list of vectors"),
        (reply([]), "the reply is not a list of vectors"),
        (reply(""), "the reply is not a list of vectors"),
        (reply("AAA"), "the reply is not a list of vectors"),
        (reply("AAAA"), "the reply is not a list of vectors"),
        (reply("not base64!"), "the reply is not a list of vectors"),
        (reply(base64.b64encode(struct.pack("<f", float("nan"))).decode()), "the reply is not a list of vectors"),
        (reply(VECTOR, VECTOR), "2 vectors came for 1 inputs"),
    ],
)
def test_what_is_no_list_of_vectors_is_broken(body: bytes, broken: str) -> None:
    assert read(body).broken == broken


@pytest.mark.parametrize("vector", [[], ["x"], [None], [[1.0]], [1e300]])
def test_what_cannot_be_packed_is_broken(vector: list[object]) -> None:
    assert read(reply(vector), '"input":"a","encoding_format":"base64"').broken == "the reply is not a list of vectors"


def test_no_vectors_at_all_is_empty() -> None:
    assert read(reply()).empty


def test_there_are_no_streams() -> None:
    assert reply_stream(request('"input":"a","stream":true'), Quirks(), BOUNDS) is None
    assert request('"input":"a","stream":true').ask.stream is False


def test_other_members_of_a_converted_reply_keep_their_spelling() -> None:
    body = b'{"model":"e", "data":[{"embedding":[1.0],"x":1.50}],"n":1e2}'
    result = read(body, '"input":"a","encoding_format":"base64"')
    assert result.body == b'{"model":"e","data":[{"embedding":"AACAPw==","x":1.50}],"n":1e2}'
    assert msgspec.json.decode(result.body)["n"] == 100
