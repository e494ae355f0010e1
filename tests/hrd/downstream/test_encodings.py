"""Compressed request bodies: unfolded up to the limit, and refused with what is wrong."""

import gzip
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.downstream.encodings import decoded
from hrd.http.messages import RequestRejected

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BODY = b'{"model":"x"}' * 100


def raw_deflate(body: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-15)
    return deflater.compress(body) + deflater.flush()


FOLDED = {
    b"gzip": gzip.compress(BODY),
    b"X-GZip ": gzip.compress(BODY),
    b"deflate": zlib.compress(BODY),
    b"Deflate": raw_deflate(BODY),
    b"zstd": zstd.compress(BODY),
}


@pytest.mark.parametrize("encoding", FOLDED)
def test_every_encoding_that_clients_use(encoding: bytes) -> None:
    assert decoded(FOLDED[encoding], encoding, len(BODY)) == BODY


@pytest.mark.parametrize("encoding", FOLDED)
def test_a_body_of_several_members_is_all_of_them(encoding: bytes) -> None:
    assert decoded(FOLDED[encoding] * 3, encoding, 3 * len(BODY)) == BODY * 3
    with pytest.raises(RequestRejected) as rejected:
        decoded(FOLDED[encoding] * 3, encoding, 3 * len(BODY) - 1)
    assert rejected.value.status == 413


@pytest.mark.parametrize("encoding", FOLDED)
def test_what_stands_behind_a_body_is_no_part_of_it(encoding: bytes) -> None:
    with pytest.raises(RequestRejected) as rejected:
        decoded(FOLDED[encoding] + b"words", encoding, 10_000)
    assert rejected.value.status == 400


@pytest.mark.parametrize("encoding", FOLDED)
def test_what_unfolds_to_more_than_the_limit_is_too_large(encoding: bytes) -> None:
    with pytest.raises(RequestRejected) as rejected:
        decoded(FOLDED[encoding], encoding, len(BODY) - 1)
    assert rejected.value.status == 413


@pytest.mark.parametrize("encoding", FOLDED)
def test_what_is_cut_short_or_something_else_is_said_to_be(encoding: bytes) -> None:
    for body in (FOLDED[encoding][:-5], b"\x78words", b""):
        with pytest.raises(RequestRejected) as rejected:
            decoded(body, encoding, 10_000)
        assert rejected.value.status == 400


def test_a_bomb_costs_no_more_than_the_limit() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    with pytest.raises(RequestRejected) as rejected:
        decoded(bomb, b"gzip", 1_000_000)
    assert rejected.value.status == 413


def test_another_encoding_is_refused_with_those_that_are_taken() -> None:
    with pytest.raises(RequestRejected) as rejected:
        decoded(BODY, b"br", 10_000)
    assert (rejected.value.status, "gzip" in rejected.value.message) == (415, True)


@given(st.binary(max_size=60), st.sampled_from([b"gzip", b"deflate", b"zstd"]))
def test_whatever_comes_is_unfolded_or_rejected(body: bytes, encoding: bytes) -> None:
    try:
        decoded(body, encoding, 1000)
    except RequestRejected:
        pass
