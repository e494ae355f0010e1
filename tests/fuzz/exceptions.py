"""Where we differ from h11 on purpose: each exception with its reason, and how it is told from a mistake.

An exception is looked for only in the message over which the two differ, from its first byte on. Stricter: h11 takes the
message, we refuse it. More lenient: the other way round; there is one, and it is told in more_lenient().
"""

import re
from collections.abc import Callable
from typing import Final

from hrd.http.limits import HttpLimits
from tests.fuzz.oracle import Message

_LIMITS: Final = HttpLimits()
_END_OF_HEAD: Final = re.compile(rb"\n\r?\n")
_LONELY: Final = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FOLD: Final = re.compile(rb"\n[ \t]")
_KNOWN_METHODS: Final = re.compile(rb"(GET|POST|HEAD|PUT|DELETE|OPTIONS|PATCH) ")
_TARGET: Final = re.compile(rb"(?i)[^ ]+ (/|\* |https?://[^/?# ])")
_CHUNK_SIZE: Final = re.compile(rb"([0-9a-fA-F]{1,16}(;[^\x00-\x08\x0a-\x1f\x7f]*)?)\Z")


class Difference:
    """One message over which the readers differ."""

    def __init__(self, raw: bytes, theirs: Message) -> None:
        end = _END_OF_HEAD.search(raw)
        while end and re.search(
            rb"HTTP/[0-9]\.[0-9] 1[0-9][0-9]", raw[max(0, raw.rfind(b"HTTP/", 0, end.start())) : end.start()]
        ):
            end = _END_OF_HEAD.search(raw, end.end())  # interim replies count as part of the head
        self.head = raw[: end.end()] if end else raw
        self.after = raw[len(self.head) :]
        self.line = theirs.line
        self.lines = re.split(rb"\r?\n", self.head)
        self.theirs = theirs

    def fields(self, name: bytes) -> list[bytes]:
        """Values under *name* as they were sent (h11 merges repeated lengths)."""
        return [value.strip() for line in self.lines[1:] for found, _, value in [line.partition(b":")] if found.lower() == name]

    @property
    def is_chunked(self) -> bool:
        return bool(self.fields(b"transfer-encoding"))

    @property
    def framing_lines(self) -> bytes:
        """What of a chunked body is not its data: size lines and trailers, as h11 cuts them."""
        rest, out = self.after, b""
        while rest:
            line, end, rest = rest.partition(b"\r\n")
            out += line + end
            digits = re.match(rb"[0-9a-fA-F]+", line)
            if digits is None:  # there was no body, as after HEAD
                break
            size = int(digits[0], 16)
            if size == 0:
                trailers = _END_OF_HEAD.search(b"\n" + rest)
                return out + (rest[: trailers.end() - 1] if trailers else rest)
            rest = rest[size + 2 :]
        return out


def _has_odd_chunk_line(difference: Difference) -> bool:
    return difference.is_chunked and any(
        not _CHUNK_SIZE.match(line) or len(line) + 2 > _LIMITS.chunk_line_bytes
        for line in difference.framing_lines.split(b"\r\n")
        if re.match(rb"[0-9a-fA-F]+[ \t;\r]|[0-9a-fA-F]{17}", line)
    )


def _host_is_no_host(difference: Difference) -> bool:
    return any(re.search(rb"[\s/\\?#@,\"<>]", host) for host in difference.fields(b"host"))


def _target_is_elsewhere(difference: Difference) -> bool:
    target = re.fullmatch(rb"(?i)https?://([^/?#]+)[^ ]*", difference.line[1])
    return target is not None and [target[1].lower()] != [host.lower() for host in difference.fields(b"host")]


_IN_ANY_MESSAGE: Final[dict[str, Callable[[Difference], object]]] = {
    "lines end in CR LF, nothing else (RFC 9112 section 2.2: MAY accept LF alone); CR alone is smuggling":
        lambda d: _LONELY.search(d.head) or (d.is_chunked and _LONELY.search(d.framing_lines)),
    "control characters in values (RFC 9110 section 5.5), which h11 lets through for old cookies":
        lambda d: _CONTROL.search(d.head) or (d.is_chunked and _CONTROL.search(d.framing_lines)),
    "folded fields (RFC 9112 section 5.2: MUST reject or replace)":
        lambda d: _FOLD.search(d.head) or (d.is_chunked and _FOLD.search(d.framing_lines)),
    "repeated or listed lengths, even when equal (RFC 9112 section 6.3: may be refused)":
        lambda d: len(d.fields(b"content-length")) > 1 or b"," in b"".join(d.fields(b"content-length")),
    "blanks after a chunk's size, sizes of more than 16 digits, extensions without end":
        _has_odd_chunk_line,
    "more than the limit":
        lambda d: len(d.lines) > _LIMITS.headers_count
        or any(int(length) > _LIMITS.body_bytes for length in d.fields(b"content-length") if length.isdigit()),
}  # fmt: skip

_IN_REQUESTS: Final[dict[str, Callable[[Difference], object]]] = {
    "Transfer-Encoding in HTTP/1.0 (RFC 9112 section 6.1: faulty framing)":
        lambda d: d.is_chunked and b"HTTP/1.0" in d.lines[0],
    "length and coding together (RFC 9112 section 6.1: may be refused; it is how requests are smuggled)":
        lambda d: d.fields(b"content-length") and d.is_chunked,
    "a tab after the transfer coding, which llhttp takes for part of it; nobody sends one":
        lambda d: re.search(rb"(?i)\ntransfer-encoding:[^\n]*\t\r?\n", d.head),
    "versions other than 1.0 and 1.1":
        lambda d: not re.search(rb" HTTP/1\.[01]\Z", d.lines[0]),
    "CONNECT, and methods llhttp does not know":
        lambda d: not _KNOWN_METHODS.match(d.lines[0]),
    "targets that are neither a path, nor a URL, nor the asterisk of OPTIONS (RFC 9112 section 3.2)":
        lambda d: not _TARGET.match(d.lines[0]) or (d.line[1] == b"*" and d.line[0] != b"OPTIONS"),
    "a URL of another host than Host's":
        _target_is_elsewhere,
    "a Host that holds no host":
        _host_is_no_host,
}  # fmt: skip

_IN_REPLIES: Final[dict[str, Callable[[Difference], object]]] = {
    "versions other than 1.0 and 1.1":
        lambda d: any(re.match(rb"HTTP/(?!1\.[01] )", line) for line in d.lines),
}  # fmt: skip


def why_stricter(kind: str, raw: bytes, theirs: Message) -> list[str]:
    """The exceptions that explain why we refuse the request or reply at the start of *raw*."""
    difference = Difference(raw, theirs)
    table = _IN_ANY_MESSAGE | (_IN_REQUESTS if kind == "request" else _IN_REPLIES)
    return [reason for reason, holds in table.items() if holds(difference)]


def more_lenient(raw: bytes) -> bool:
    """One empty line before a request is skipped (RFC 9112 section 2.2: SHOULD); h11 refuses it."""
    return raw.startswith(b"\r\n") and not raw.startswith(b"\r\n\r\n")
