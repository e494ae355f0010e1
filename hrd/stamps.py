"""Stamps: what every reply carries, whatever was asked: the id of its request and the date."""

import email.utils
import secrets
from collections.abc import Callable

from hrd.downstream.context import Header


class Stamps:
    """Counts requests, and knows the date to the second."""

    def __init__(self, now: Callable[[], float]) -> None:
        """*now*: wall time, Unix seconds."""
        self._now = now
        self._process = secrets.token_hex(4)
        self._count = 0
        self._second = 0
        self._date: Header = (b"date", b"")

    def next_request_id(self) -> str:
        """Another than any before, in this process or in another."""
        self._count += 1
        return f"req-{self._process}-{self._count:x}"

    def date(self) -> Header:
        """The header line (RFC 9110 section 5.6.7), written anew once a second."""
        second = int(self._now())
        if second != self._second:
            self._second = second
            self._date = (b"date", email.utils.formatdate(second, usegmt=True).encode())
        return self._date
