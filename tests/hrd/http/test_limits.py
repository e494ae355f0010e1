"""The limits are the ones that were promised."""

from hrd.http.limits import HttpLimits
from tests.hrd.http.reading import read_requests


def test_promised_sizes() -> None:
    limits = HttpLimits()
    assert limits.head_bytes == 64 * 1024
    assert limits.body_bytes == 32 * 1024 * 1024
    assert limits.reply_body_bytes == 64 * 1024 * 1024


def test_a_real_client_is_far_from_them() -> None:
    """A long bearer token, cookies, tracing: eight kilobytes of head go through."""
    head = b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: %b\r\n" % (i, b"y" * 160) for i in range(50)) + b"\r\n"
    assert len(head) > 8000
    assert len(read_requests([head])) == 1
