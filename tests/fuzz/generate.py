"""Made-up HTTP messages: mostly right, often slightly wrong, sometimes mutated beyond recognition. All from one Random."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

_ODDS: Final = [0.0, 0.0, 0.05, 0.1, 0.3]
"""How likely a part is to be an odd one; drawn once a case, so that many cases have no or one oddity."""

_GOOD_METHODS: Final = ["GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]
_ODD_METHODS: Final = ["CONNECT", "FROB", "get", "G\xe9T", "", "PRI"]
_GOOD_TARGETS: Final = [
    "/",
    "/v1/chat/completions",
    "/v1/models?limit=2",
    "/a%20b",
    "/a?b?c#d",
    "//x",
    "http://a/",
    "http://A/x?y",
]
_ODD_TARGETS: Final = [
    "*",
    "http://b/",
    "https://A",
    "http://",
    "a:443",
    "x",
    "/\xe9",
    "/a b",
    '/"<>^`{|}',
    "",
    "/\x7f",
    "/\\",
    "?x",
]
_GOOD_VERSIONS: Final = [*["HTTP/1.1"] * 9, "HTTP/1.0"]
_ODD_VERSIONS: Final = ["HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "HTTP/2", "http/1.1", "HTTP/1.1 ", "HTTP/1.10", "", "HTTP/9.9"]
_GOOD_STATUSES: Final = [
    *["200 OK"] * 8,
    "204 No Content",
    "304 Not Modified",
    "404 Not Found",
    "529",
    "503 ",
    "999 \xe9",
    "600 X",
]
_ODD_STATUSES: Final = ["99 Low", "1000 High", "099 X", "OK", "200  OK", "101 Switching Protocols", "200 \x01", "", "2\xb22 X"]
_GOOD_FIELDS: Final = [
    "Accept: */*", "User-Agent: x/1 (y; z)", "Authorization: Bearer fuzz-not-a-key", "X-Empty:", "X-Blank:  \t ",
    "X-Latin: é\xa0", "X-Long: " + "y" * 300, "Cookie: a=b", "Cookie: c=d", "x!#$%&'*+-.^_`|~0: v", "X-Inner: a  b\tc",
    "X-Colon: a:b:c", "Connection: close", "Connection: keep-alive", "Connection: Keep-Alive, X", "Connection: upgrade",
    "Upgrade: h2c", "Keep-Alive: timeout=5", "Upgrade: websocket", "Expect: 100-continue", "Expect: 100-Continue, x",
    "Content-Type: application/json", "Trailer: X", "TE: trailers", "Proxy-Connection: close", "Content-Encoding: gzip",
]  # fmt: skip
_ODD_FIELDS: Final = [
    "X Y: z", "X : y", ": y", "X", " folded: x", "X: \x01", "X: a\x7fb", "X: \x0b", "X: a\x00b", "X: a\rb", "é: x", "Host: a",
    "Host: b", "Host: a b", "Host:", "Connection: foo, CLOSE", "Connection: ,close,", "Connection: closé", "Content-Length:",
    "X\t: y", "\x00", "Transfer-Encoding: chunked", "Content-Length: 0", "(x): y",
]  # fmt: skip
_ODD_LENGTHS: Final = [
    "5, 5",
    "5,6",
    "+5",
    "-5",
    "0x5",
    "5 5",
    "",
    "5.0",
    "1_0",
    "18446744073709551616",
    "9" * 20,
    "9" * 21,
    "\xb2",
    "five",
]
_ODD_CODINGS: Final = [
    "gzip",
    "identity",
    "gzip, chunked",
    "chunked, chunked",
    "xchunked",
    "chunked;q=1",
    "",
    "\x0bchunked",
    "chunked,",
]
_ODD_SIZES: Final = [
    "{} ",
    "{}\t",
    " {}",
    "0x{}",
    "+{}",
    "{:0>17}",
    "{:0>21}",
    "",
    "-{}",
    "{}_1",
    "{} ;a",
    "{};a\x00",
    "{};\r",
    "{};" + "a" * 1100,
]
_ODD_TRAILERS: Final = ["X : y\r\n", "X\r\n", " f\r\n", "X: y\n", "X: y\r\n z\r\n", "X: \x01\r\n", "\xe9: y\r\n"]
_SPECIAL: Final = [
    b"\r",
    b"\n",
    b"\r\n",
    b"\0",
    b" ",
    b"\t",
    b":",
    b";",
    b",",
    b"\x0b",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"0",
    b"\r\n\r\n",
    b"\r\n ",
]


def request(random: Random) -> bytes:
    """One to three requests, one after the other."""
    odd = random.choice(_ODDS)
    return b"".join(_mutated(random, odd, _one_request(random, odd)) for _ in range(random.choice([1, 1, 1, 2, 3])))


def reply(random: Random) -> bytes:
    """Interim replies, a reply, and maybe something after it."""
    odd = random.choice(_ODDS)
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    before = interim[: random.choice([0, 25, len(interim)])] if random.random() < 0.15 else b""
    after = random.choice([b"", b"", b"", b"\r\n", b"x", b"HTTP/1.1 200 OK\r\n\r\n"])
    return _mutated(random, odd, before + _one_reply(random, odd) + after)


def cuts(random: Random, data: bytes) -> list[bytes]:
    """*data* in pieces of random sizes."""
    pieces = []
    at = 0
    while at < len(data):
        size = random.choice([1, 2, 3, 5, 17, 100, 1000])
        pieces.append(data[at : at + size])
        at += size
    return pieces


def _one_request(random: Random, odd: float) -> bytes:
    line = " ".join([
        _either(random, odd, _GOOD_METHODS, _ODD_METHODS),
        _either(random, odd, _GOOD_TARGETS, _ODD_TARGETS),
        _either(random, odd, _GOOD_VERSIONS, _ODD_VERSIONS),
    ])  # fmt: skip
    hosts = [] if random.random() < odd / 3 else ["Host: a"]
    framing, body = _body(random, odd)
    lead = b"\r\n" * random.choice([1, 1, 2]) if random.random() < odd / 3 else b""
    return lead + _head(random, odd, line, hosts + framing) + body


def _one_reply(random: Random, odd: float) -> bytes:
    line = f"{_either(random, odd / 2, _GOOD_VERSIONS, _ODD_VERSIONS)} {_either(random, odd, _GOOD_STATUSES, _ODD_STATUSES)}"
    framing, body = _body(random, odd)
    return _head(random, odd, line, framing) + body


def _head(random: Random, odd: float, line: str, fields: list[str]) -> bytes:
    fields = fields + [_either(random, odd / 3, _GOOD_FIELDS, _ODD_FIELDS) for _ in range(random.randrange(6))]
    if random.random() < odd / 20:
        fields += ["X: y"] * random.choice([95, 99, 100, 101, 200])
    if random.random() < 0.3:
        random.shuffle(fields)
    text = "".join(f"{random.choice([field, field, field.upper(), field.lower()])}\r\n" for field in fields)
    return f"{line}\r\n{text}\r\n".encode("latin-1")


def _body(random: Random, odd: float) -> tuple[list[str], bytes]:
    """Framing fields and a body that fits them, unless it is odd."""
    data = random.randbytes(random.choice([0, 1, 5, 30])) if random.random() < 0.5 else b"hello\r\n\r\n"[: random.randrange(10)]
    if random.random() < odd / 2:
        return random.choice([
            ([f"Content-Length: {random.choice(_ODD_LENGTHS)}"], b"hello"),
            ([f"Transfer-Encoding: {random.choice(_ODD_CODINGS)}"], _chunks(random, odd, data)),
            (["Content-Length: 5", "Transfer-Encoding: chunked"], _chunks(random, odd, data)),
            (["Content-Length: 5", f"Content-Length: {random.choice(['5', '6', ''])}"], b"hello"),
            (["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], _chunks(random, odd, data)),
        ])  # fmt: skip
    return random.choice([
        ([], b""),
        ([f"Content-Length: {len(data)}"], data),
        ([f"Content-Length: 00{len(data)}"], data),
        (["Transfer-Encoding: chunked"], _chunks(random, odd, data)),
        (["Transfer-Encoding: Chunked"], _chunks(random, odd, data)),
    ])  # fmt: skip


def _chunks(random: Random, odd: float, data: bytes) -> bytes:
    out = []
    at = 0
    while at < len(data):
        piece = data[at : at + random.choice([1, 3, 10, 100])]
        at += len(piece)
        good = random.choice(["{:x}", "{:X}", "{:03x}", "{:x};a=b", '{:x};a="b c";\xe9']).format(len(piece))
        size = _either(random, odd / 4, [good], [form.format(good) for form in _ODD_SIZES])
        end = _either(random, odd / 4, ["\r\n"], ["\n", "", "\r", "x\r\n"])
        out.append(size.encode("latin-1") + b"\r\n" + piece + end.encode())
    count = random.choice([0, 0, 0, 1, 2])
    trailers = "".join(_either(random, odd, ["X: y\r\n", "Y:\r\n"], _ODD_TRAILERS) for _ in range(count))
    last = random.choice(["0", "0", "000", "0;x"])
    return b"".join([*out, last.encode(), b"\r\n", trailers.encode(), b"\r\n"])


def _mutated(random: Random, odd: float, data: bytes) -> bytes:
    for _ in range(random.choice([0, 0, 1, 1, 2, 3]) if random.random() < odd * 2 else 0):
        if data:
            data = random.choice(_MUTATIONS)(random, data)
    return data


def _insert(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice(_SPECIAL) + data[at:]


def _flip(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


def _delete(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + data[at + random.choice([1, 1, 1, 2, 10]) :]


def _repeat(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data))
    end = at + random.choice([1, 2, 10, 40])
    return data[:end] + data[at:end] + data[end:]


def _cut_short(random: Random, data: bytes) -> bytes:
    return data[: random.randrange(len(data))]


def _lose_a_cr(random: Random, data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n", random.choice([1, 1, 2, 100]))


def _either(random: Random, odd: float, good: Sequence[str], odd_ones: Sequence[str]) -> str:
    return random.choice(odd_ones if random.random() < odd else good)


_MUTATIONS: Final[list[Callable[[Random, bytes], bytes]]] = [_insert, _insert, _flip, _delete, _repeat, _cut_short, _lose_a_cr]
