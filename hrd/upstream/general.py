"""The general HTTP client, for questions off the request path: lists of models, logins. The one place that imports it.

It is imported when it is first needed, because it costs more memory and start-up time than the whole data plane.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec
import trio

from hrd.upstream.connections import origin_of
from hrd.upstream.proxies import Proxies

if TYPE_CHECKING:
    import httpx2


class Got(msgspec.Struct, frozen=True):
    """An answer, whatever it says."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


class NotGot(msgspec.Struct, frozen=True):
    """No answer, or none that can be used. What was asked may have been done all the same."""

    reason: str


class General:
    """Asks one question at a time over a connection of its own, bounded in time and size. Redirects are not followed."""

    def __init__(
        self, *, hop: bytes, user_agent: str, trust: Callable[[], ssl.SSLContext], proxies: Callable[[], Proxies]
    ) -> None:
        self._own = {"user-agent": user_agent, "x-hermes-hop": hop.decode(), "accept-encoding": "identity"}
        self._trust = trust
        self._proxies = proxies

    async def ask(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", within_s: float, bytes_max: int
    ) -> Got | NotGot:
        """The answer to one question, within so many seconds. *headers* replace those that every question of ours has."""
        import httpx2  # noqa: PLC0415 - see the module's docstring

        verify: ssl.SSLContext | bool = self._trust() if url.startswith("https") else False
        try:
            with trio.fail_after(within_s):
                async with (
                    httpx2.AsyncClient(
                        verify=verify, trust_env=False, follow_redirects=False, timeout=within_s, proxy=self._proxy_for(url)
                    ) as client,
                    client.stream(method, url, headers={**self._own, **headers}, content=body or None) as reply,
                ):
                    said = {name.lower(): value for name, value in reply.headers.items()}
                    return _within(reply.status_code, said, await _read(reply, bytes_max), bytes_max)
        except (httpx2.HTTPError, httpx2.InvalidURL, trio.TooSlowError, OSError) as error:
            return NotGot(type(error).__name__)

    def _proxy_for(self, url: str) -> httpx2.Proxy | None:
        """The proxy that requests to *url* go through, as the general client knows it."""
        import httpx2  # noqa: PLC0415 - see the module's docstring

        origin, _ = origin_of(url)
        proxy = self._proxies().between(is_tls=origin.is_tls, host=origin.host, port=origin.port)
        if proxy is None:
            return None
        user, _, password = proxy.credentials.reveal().partition(":") if proxy.credentials is not None else ("", "", "")
        return httpx2.Proxy(f"http://{proxy.name}", auth=(user, password) if proxy.credentials is not None else None)


async def _read(reply: httpx2.Response, bytes_max: int) -> bytes | None:
    """The body; None when it is longer. To its end: a generator that is left would be closed by the collector."""
    body, size = bytearray(), 0
    async for piece in reply.aiter_raw():
        size += len(piece)
        if size <= bytes_max:
            body += piece
    return bytes(body) if size <= bytes_max else None


def _within(status: int, headers: dict[str, str], body: bytes | None, bytes_max: int) -> Got | NotGot:
    return NotGot(f"more than {bytes_max} bytes") if body is None else Got(status, headers, body)
