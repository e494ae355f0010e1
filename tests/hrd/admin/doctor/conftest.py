"""Names without a network: everything that ends in .test or .example is known."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import trio
from trio.abc import HostnameResolver


class Names(HostnameResolver):
    async def getaddrinfo(
        self,
        host: bytes | None,
        port: bytes | str | int | None,
        family: int = 0,
        type: int = 0,  # noqa: A002 - trio names it so
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        if host == b"slow.test":
            await trio.sleep_forever()
        if host is None or not host.endswith((b".test", b".example", b"localhost")):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    async def getnameinfo(self, sockaddr: Any, flags: int) -> Any:
        raise AssertionError("nobody asks for names of addresses")


@pytest.fixture
async def names() -> AsyncIterator[None]:
    before = trio.socket.set_custom_hostname_resolver(Names())
    yield
    trio.socket.set_custom_hostname_resolver(before)
