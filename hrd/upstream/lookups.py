"""Look-ups off the request path: model lists, read in the background. The one place that imports the general HTTP client.

It is imported when it is first needed, because it costs more memory and start-up time than the whole data plane.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec
import trio

from hrd.core.prices import Price, price_in_list
from hrd.core.providers import Credential, Provider
from hrd.core.remembered import Discovered
from hrd.upstream.connections import origin_of
from hrd.upstream.proxies import Proxies

if TYPE_CHECKING:
    import httpx2

LOOKUP_S = 20.0
BODY_BYTES_MAX = 16_777_216
CONTEXT_FIELDS = ("context_length", "context_window", "max_context_length", "max_model_len", "max_input_tokens")
DELAY_S = 2.0
"""After the start: the first requests come first."""
RETRY_S = 3600.0
CHECK_S = 60.0


class LookupFailed(msgspec.Struct, frozen=True):
    """Why a model list could not be read."""

    provider: str
    reason: str


async def read_models(
    provider: Provider,
    credential: Credential,
    *,
    hop: bytes,
    user_agent: str,
    models_max: int,
    trust: Callable[[], ssl.SSLContext],
    proxies: Proxies,
    now: Callable[[], float],
) -> Discovered | LookupFailed:
    """`GET {base}/models`, bounded in time and size. Within LOOKUP_S seconds."""
    import httpx2  # noqa: PLC0415 - see the module's docstring

    headers = {
        "authorization": f"Bearer {credential.secret.reveal()}",
        "user-agent": provider.user_agent or user_agent,
        "x-hermes-hop": hop.decode(),
        "accept": "application/json",
        "accept-encoding": "identity",
        **{name.lower(): value for name, value in provider.headers.items()},
    }
    verify: ssl.SSLContext | bool = trust() if provider.base_url.startswith("https") else False
    body, size = bytearray(), 0
    try:
        with trio.fail_after(LOOKUP_S):
            async with (
                httpx2.AsyncClient(
                    verify=verify,
                    trust_env=False,
                    follow_redirects=False,
                    timeout=LOOKUP_S,
                    proxy=_proxy_for(provider.base_url, proxies),
                ) as client,
                client.stream("GET", f"{provider.base_url.rstrip('/')}/models", headers=headers) as reply,
            ):
                if reply.status_code != 200:
                    return LookupFailed(provider.name, f"status {reply.status_code}")
                async for piece in reply.aiter_raw():  # to its end: a generator that is left would be closed by the collector
                    size += len(piece)
                    if size <= BODY_BYTES_MAX:
                        body += piece
    except (httpx2.HTTPError, httpx2.InvalidURL, trio.TooSlowError, OSError) as error:
        return LookupFailed(provider.name, type(error).__name__)
    if size > BODY_BYTES_MAX:
        return LookupFailed(provider.name, f"more than {BODY_BYTES_MAX} bytes")
    return read_list(provider, bytes(body), models_max=models_max, now=now())


def _proxy_for(base_url: str, proxies: Proxies) -> httpx2.Proxy | None:
    """The proxy that requests to *base_url* go through, as the general client knows it."""
    import httpx2  # noqa: PLC0415 - see the module's docstring

    origin, _ = origin_of(base_url)
    proxy = proxies.between(is_tls=origin.is_tls, host=origin.host, port=origin.port)
    if proxy is None:
        return None
    user, _, password = proxy.credentials.reveal().partition(":") if proxy.credentials is not None else ("", "", "")
    return httpx2.Proxy(f"http://{proxy.name}", auth=(user, password) if proxy.credentials is not None else None)


def read_list(provider: Provider, body: bytes, *, models_max: int, now: float) -> Discovered | LookupFailed:
    """The ids, context sizes and prices of a model list in OpenAI's shape."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return LookupFailed(provider.name, "not JSON")
    rows = found.get("data") if isinstance(found, dict) else found
    if not isinstance(rows, list):
        return LookupFailed(provider.name, "no list of models")
    models: dict[str, int] = {}
    prices: dict[str, Price] = {}
    for row in rows:
        name = row.get("id") if isinstance(row, dict) else None
        if isinstance(name, str) and 0 < len(name) <= 256 and len(models) < models_max:
            model = name.removeprefix(provider.strip_model_prefix)
            models[model] = _context_of(row)
            if provider.states_cost and (price := price_in_list(row.get("pricing"))) is not None:
                prices[model] = price
    if not models:
        return LookupFailed(provider.name, "an empty list")
    contexts = {name: context for name, context in models.items() if context}
    return Discovered(provider=provider.name, models=tuple(models), contexts=contexts, at=now, prices=prices)


def _context_of(row: dict[str, object]) -> int:
    values: Sequence[object] = [row.get(field) for field in CONTEXT_FIELDS]
    return next((value for value in values if isinstance(value, int) and not isinstance(value, bool) and value > 0), 0)


class ModelLookups:
    """Reads each provider's list of models now and then, one at a time, never in a request's way."""

    def __init__(
        self,
        *,
        hop: bytes,
        user_agent: str,
        trust: Callable[[], ssl.SSLContext],
        proxies: Callable[[], Proxies],
        now: Callable[[], float],
        due: Callable[[], Iterable[tuple[Provider, Credential]]],
        models_max: Callable[[], int],
    ) -> None:
        """*due*: providers whose list is not known, or old, with a credential to ask with."""
        self._hop = hop
        self._user_agent = user_agent
        self._trust = trust
        self._proxies = proxies
        self._now = now
        self._due = due
        self._models_max = models_max
        self._failed_at: dict[tuple[str, str, str], float] = {}
        """Provider, base URL and credential: with another of these it may work at once."""
        self._look = trio.Event()

    def look_again(self) -> None:
        """There may be somebody new to ask."""
        self._look.set()

    async def run(self, *, found: Callable[[list[Discovered]], None], failed: Callable[[LookupFailed], None]) -> None:
        """Runs as long as the daemon."""
        await trio.sleep(DELAY_S)
        while True:
            self._look = trio.Event()
            lists: list[Discovered] = []
            for provider, credential in self._due():
                asked = (provider.name, provider.base_url, credential.fingerprint)
                if self._now() - self._failed_at.get(asked, 0.0) < RETRY_S:
                    continue
                read = await read_models(
                    provider,
                    credential,
                    hop=self._hop,
                    user_agent=self._user_agent,
                    models_max=self._models_max(),
                    trust=self._trust,
                    proxies=self._proxies(),
                    now=self._now,
                )
                if isinstance(read, LookupFailed):
                    self._failed_at[asked] = self._now()
                    failed(read)
                else:
                    lists.append(read)
            if lists:
                found(lists)
            with trio.move_on_after(CHECK_S):
                await self._look.wait()
