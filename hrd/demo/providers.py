"""The three demo providers: one that is fine, one with a limit of three requests a minute, one that fails each third time."""

import json
import math
from typing import Any, Final

from hrd.demo.replies import DemoReply, chat, embeddings, failure, models

LIMIT_PER_MINUTE: Final = 3
FAILS_EVERY: Final = 3


class DemoProvider:
    """A provider that is always fine, and what the other two have in common with it."""

    name = "demo_fine"

    @property
    def model(self) -> str:
        return self.name.replace("_", "-")

    def reply(self, method: str, path: str, body: bytes, now: float) -> DemoReply:
        """The answer to one request; *path* is what follows the base URL."""
        if method in ("GET", "HEAD") and path == "/models":
            return models(self.model)
        answer = {"/chat/completions": chat, "/embeddings": embeddings}.get(path)
        if method != "POST" or answer is None:
            return failure(404, f"demo: there is no {method} {path}", "invalid_request_error", "unknown_url")
        request = _parsed(body)
        if request is None:
            return failure(400, "demo: the body is no JSON object", "invalid_request_error")
        return self._refusal(now) or answer(self.name, request)

    def _refusal(self, now: float) -> DemoReply | None:  # noqa: ARG002 - the limited one needs to know
        return None


class LimitedDemo(DemoProvider):
    """LIMIT_PER_MINUTE requests in the minute that begins with the first of them; then 429 with Retry-After."""

    name = "demo_limited"

    def __init__(self) -> None:
        self._minute_ends = -math.inf
        self._used = 0

    def _refusal(self, now: float) -> DemoReply | None:
        if now >= self._minute_ends:
            self._minute_ends, self._used = now + 60, 0
        if self._used < LIMIT_PER_MINUTE:
            self._used += 1
            return None
        seconds = max(1, math.ceil(self._minute_ends - now))
        message = f"demo: {LIMIT_PER_MINUTE} requests a minute are used up. Please try again in {seconds}s."
        return failure(429, message, "requests", "rate_limit_exceeded", ((b"retry-after", b"%d" % seconds),))


class FlakyDemo(DemoProvider):
    """Every FAILS_EVERY-th request is answered with a 500."""

    name = "demo_flaky"

    def __init__(self) -> None:
        self._asked = 0

    def _refusal(self, now: float) -> DemoReply | None:  # noqa: ARG002 - it fails by count, not by time
        self._asked += 1
        if self._asked % FAILS_EVERY:
            return None
        return failure(500, "demo: this provider fails every third time", "server_error")


def demo_providers() -> tuple[DemoProvider, ...]:
    """All three, with nothing used up."""
    return (DemoProvider(), LimitedDemo(), FlakyDemo())


def _parsed(body: bytes) -> dict[str, Any] | None:
    try:
        request = json.loads(body)
    except ValueError:
        return None
    return request if isinstance(request, dict) else None
