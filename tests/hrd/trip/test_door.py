"""Who is let in."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from hrd.core.access import Caller
from hrd.core.refusals import LOOP, NO_KEY, WRONG_KEY
from hrd.downstream.peers import Peer
from hrd.http.messages import Headers
from hrd.trip.door import authenticate
from tests.scenarios.client import KEY
from tests.scenarios.world import INSTANCE, World, open_world


@pytest.fixture
async def world(virtual_time: None) -> AsyncIterator[World]:
    async with open_world() as made:
        yield made


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([(b"authorization", b"Bearer " + KEY.encode())], "client-one"),
        ([(b"authorization", b"bearer   " + KEY.encode() + b" ")], "client-one"),
        ([(b"x-api-key", KEY.encode())], "client-one"),
        ([(b"api-key", KEY.encode())], "client-one"),
        ([(b"x-api-key", b""), (b"api-key", KEY.encode())], "client-one"),
        ([(b"x-api-key", b"wrong"), (b"api-key", KEY.encode())], WRONG_KEY),
        ([(b"authorization", b"Bearer wrong"), (b"api-key", KEY.encode())], WRONG_KEY),
        ([(b"authorization", b"Basic abc"), (b"x-api-key", KEY.encode())], "client-one"),
        ([(b"authorization", b"Bearer wrong"), (b"x-api-key", KEY.encode())], WRONG_KEY),
        ([(b"authorization", b"Bearer ")], NO_KEY),
        ([(b"authorization", KEY.encode())], NO_KEY),
        ([(b"x-api-key", KEY[:-1].encode())], WRONG_KEY),
        ([(b"x-api-key", b"\xff\xfe")], WRONG_KEY),
        ([], NO_KEY),
        ([(b"x-api-key", KEY.encode()), (b"x-hermes-hop", b"another")], "client-one"),
        ([(b"x-api-key", KEY.encode()), (b"x-hermes-hop", b"another, " + INSTANCE)], LOOP),
        ([(b"x-hermes-hop", INSTANCE)], NO_KEY),
    ],
)
async def test_who_is_calling(world: World, headers: list[tuple[bytes, bytes]], expected: object) -> None:
    call: Any = SimpleNamespace(head=SimpleNamespace(headers=Headers(headers)), peer=Peer("127.0.0.1"))
    found = authenticate(call, world.terms)
    assert (found.fingerprint if isinstance(found, Caller) else found) == expected
