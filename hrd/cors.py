"""CORS: which browser pages may call the router, and what their browsers are told (https://fetch.spec.whatwg.org/#http-cors-protocol).

Nothing is answered unless CORS_ORIGINS is set. Keys travel in a header of the request's own, never in cookies, so that
credentials are not among what is allowed.
"""

from collections.abc import Callable, Collection

from hrd.downstream.context import Header
from hrd.http.messages import RequestHead

ANY = "*"
VARY: Header = (b"vary", b"origin")
EXPOSED: Header = (
    b"access-control-expose-headers",
    b"x-request-id, x-hermes-provider, x-hermes-model, x-hermes-attempts, x-hermes-demo, retry-after, x-should-retry",
)
METHODS: Header = (b"access-control-allow-methods", b"GET, HEAD, POST, OPTIONS")
MAX_AGE: Header = (b"access-control-max-age", b"600")
HEADERS_TAKEN = frozenset(
    {b"authorization", b"content-type", b"accept", b"x-api-key", b"api-key", b"http-referer", b"x-title", b"x-request-id"}
)
PREFIXES_TAKEN = (b"anthropic-", b"x-stainless-", b"openai-", b"x-hermes-", b"x-session-")


def cors_of(origins: Callable[[], Collection[str]]) -> Callable[[RequestHead], tuple[Header, ...]]:
    """What every answer carries: the page's origin, if it is one of *origins*, and that the answer depends on it."""

    def headers(head: RequestHead) -> tuple[Header, ...]:
        allowed = origins()
        if not allowed:
            return ()
        origin = head.headers.get(b"origin")
        if origin is None or not is_allowed(origin, allowed):
            return (VARY,)
        return (VARY, (b"access-control-allow-origin", origin), EXPOSED)

    return headers


def is_allowed(origin: bytes, allowed: Collection[str]) -> bool:
    return ANY in allowed or origin.decode("latin-1").lower() in allowed


def preflight_headers(head: RequestHead) -> list[Header]:
    """What the browser of an allowed page is told before it sends the request itself."""
    wanted = (name.strip() for name in (head.headers.get(b"access-control-request-headers") or b"").lower().split(b","))
    taken = [name for name in wanted if name in HEADERS_TAKEN or name.startswith(PREFIXES_TAKEN)]
    headers = [METHODS, MAX_AGE]
    if taken:
        headers.append((b"access-control-allow-headers", b", ".join(taken)))
    if head.headers.get(b"access-control-request-private-network") == b"true":
        # A page of the wide web that calls the user's own machine (https://wicg.github.io/private-network-access/).
        headers.append((b"access-control-allow-private-network", b"true"))
    return headers
