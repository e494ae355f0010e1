"""The client endpoint, asked as any program asks it: over TCP, with a client key that the control socket gave us."""

import socket
import time
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from hrctl.client import Client
from hrctl.problems import NotRunning, Trouble
from hrctl.reply import Garbled, Reply
from hrd.admin.wire.keys import KEYS, ClientKey, KeyLimits, KeysQuestion
from hrd.admin.wire.route import Nothing
from hrd.admin.wire.status import STATUS

PATH: Final = "/v1/chat/completions"
WAIT_S: Final = 700.0
"""A request may take DEADLINE_SECONDS, which are 600 unless somebody says otherwise; then hrd itself gives it up."""


class Told(NamedTuple):
    """What came back."""

    status: int
    request_id: str
    body: bytes
    took_ms: float


class Endpoint:
    """Where it is, and a key that opens it."""

    def __init__(self, url: str, key: str, wait_s: float = WAIT_S) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._authority = parts.netloc
        self._key = key
        self._wait_s = wait_s

    def chat(self, request: Mapping[str, object]) -> Told:
        """One request on a connection of its own, answered whole."""
        body = msgspec.json.encode(request)
        head = (
            f"POST {PATH} HTTP/1.1\r\nhost: {self._authority}\r\nconnection: close\r\nauthorization: Bearer {self._key}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        began = time.monotonic()
        try:
            with socket.create_connection((self._host, self._port), self._wait_s) as door, door.makefile("rb") as stream:
                door.sendall(head.encode() + body)
                reply = Reply(stream)
                data = reply.read()
        except OSError as error:
            why = f"{self._authority} does not answer: {error.strerror or error}"
            raise NotRunning(why, "see what keeps it from it: hr doctor") from None
        except Garbled as error:
            raise Trouble(f"{self._authority} answers, but not as hrd would: {error}", "see who it is: hr doctor") from None
        return Told(reply.status, reply.header("x-request-id"), data, (time.monotonic() - began) * 1000)


def open_endpoint(client: Client) -> Endpoint:
    """The endpoint of the daemon that answers on the control socket."""
    where = client.ask(STATUS, Nothing()).value.endpoint
    keys = client.ask(KEYS, KeysQuestion(reveal=True)).value.keys
    return Endpoint(where, widest_key(keys).key or "")


def widest_key(keys: tuple[ClientKey, ...]) -> ClientKey:
    """One without limits of its own, where there is one. They were asked for with what they are."""
    usable = [one for one in keys if one.key is not None]
    if not usable:
        raise Trouble("there is no client key", "make one: hr key create mine")
    return min(usable, key=lambda one: one.limits != KeyLimits())
