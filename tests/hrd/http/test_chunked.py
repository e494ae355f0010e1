"""The chunked coding, at every cut. What it refuses is mostly in nasty_requests.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.http.chunked import ChunkedBroken, ChunkedDecoder
from hrd.http.limits import HttpLimits
from tests.hrd.http.reading import in_single_bytes

BODY = b'5\r\nhello\r\n0000A;a="b"\r\n, world!!\n\r\n00\r\nExpires: never\r\nX:\r\n\r\nGET /'


def decode(pieces: list[bytes], limits: HttpLimits | None = None) -> tuple[bytes, bool, bytes]:
    decoder = ChunkedDecoder(limits or HttpLimits())
    out = b""
    rest = b""
    for piece in pieces:
        if decoder.is_complete:
            rest += piece
        else:
            out += decoder.decode(piece)
    return out, decoder.is_complete, decoder.rest + rest


def test_body_is_the_same_at_every_cut() -> None:
    expected = (b"hello, world!!\n", True, b"GET /")
    assert decode([BODY]) == expected
    assert decode(in_single_bytes(BODY)) == expected
    for cut in range(1, len(BODY)):
        assert decode([BODY[:cut], BODY[cut:]]) == expected


def test_body_cut_short_is_never_complete() -> None:
    for cut in range(len(BODY) - len(b"GET /")):
        out, complete, _ = decode([BODY[:cut]])
        assert not complete
        assert b"hello, world!!\n".startswith(out)


def test_open_chunk_says_what_is_missing() -> None:
    decoder = ChunkedDecoder(HttpLimits())
    assert decoder.decode(b"ff\r\nabc") == b"abc"
    assert (decoder.remaining, decoder.is_complete) == (252, False)


@pytest.mark.parametrize(
    "body",
    [
        b"\r\n",
        b"g\r\n",
        b"5\n",
        b"5 \r\n",
        b"5;a\nb\r\n",
        b"1\r\nab",
        b"1\r\na\rb",
        b"0\r\na\r\n\r\n",
        b"0\r\n\nx",
        b"0\r\na: b\n",
    ],
)
def test_malformed_body_is_broken_however_it_arrives(body: bytes) -> None:
    with pytest.raises(ChunkedBroken):
        decode([body])
    with pytest.raises(ChunkedBroken):
        decode(in_single_bytes(body))


@pytest.mark.parametrize(
    ("fits", "breaks"),
    [
        (b"5;" + b"a" * 26 + b"\r\n", b"5;" + b"a" * 27 + b"\r\n"),
        (
            b"1;" + b"a" * 19 + b"\r\nx\r\n" + b"1;" + b"a" * 19 + b"\r\n",
            b"1;" + b"a" * 19 + b"\r\nx\r\n1;" + b"a" * 20 + b"\r\n",
        ),
        (b"0\r\na: " + b"b" * 13 + b"\r\n\r\n", b"0\r\na: " + b"b" * 14 + b"\r\n\r\n"),
        (b"5;" + b"a" * 28, b"5;" + b"a" * 29),
        (b"0\r\n" + b"a" * 20, b"0\r\n" + b"a" * 21),
    ],
)
def test_limits_are_exact(fits: bytes, breaks: bytes) -> None:
    limits = HttpLimits(chunk_line_bytes=30, chunk_extensions_bytes=40, trailer_bytes=20)
    decode([fits], limits)
    for pieces in ([breaks], in_single_bytes(breaks)):
        with pytest.raises(ChunkedBroken):
            decode(pieces, limits)


@given(st.lists(st.binary(min_size=1, max_size=300)), st.lists(st.integers(1, 400), max_size=20))
def test_what_is_chunked_comes_back(parts: list[bytes], sizes: list[int]) -> None:
    data = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\nrest"
    pieces = []
    at = 0
    for size in [*sizes, len(data)]:
        pieces.append(data[at : at + size])
        at += size
    assert decode([piece for piece in pieces if piece]) == (b"".join(parts), True, b"rest")


@given(st.binary(max_size=60), st.integers(0, 60))
def test_garbage_is_broken_or_unfinished_alike_in_one_piece_and_in_two(data: bytes, cut: int) -> None:
    one, two = (outcome(pieces) for pieces in ([data], [data[:cut], data[cut:]]))
    if one is None or two is None:
        assert not any(ended and ended[1] for ended in (one, two)), "broken in one way, complete in the other"
    else:
        assert one == two


def outcome(pieces: list[bytes]) -> tuple[bytes, bool, bytes] | None:
    try:
        return decode([piece for piece in pieces if piece])
    except ChunkedBroken:
        return None
