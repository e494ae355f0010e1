"""An account of the model behind real HTTP: what an emulated provider does with each request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from tests.simulation.providers import Account, Asked, Key, Refused
from tests.simulation.tiers import OPEN_CLIENT
from tests.upstreams import Answer, Status, Usage
from tests.upstreams import Asked as Arrived

OUTPUT_TOKENS = 10


class Metered:
    """A behaviour for `tests.upstreams.Upstream`: serves while the account has room, and says what it says."""

    def __init__(self, accounts: Mapping[str, Account] | Account, now: Callable[[], float], *, lasts_s: float = 0.0) -> None:
        """*accounts*: by key, or one for all keys. *lasts_s*: how long an answer takes."""
        self._accounts = accounts
        self._now = now
        self._lasts_s = lasts_s
        self.served: list[float] = []
        self.refused: list[tuple[float, Refused]] = []
        """When, and why."""

    def __call__(self, arrived: Arrived) -> Answer | Status:
        text = arrived.key or ""
        account = self._accounts if isinstance(self._accounts, Account) else self._accounts[text]
        now = self._now()
        tokens = _tokens_of(arrived)
        asked = Asked(0, now, OPEN_CLIENT, tokens, OUTPUT_TOKENS, tokens, 0.0, max(self._lasts_s, 1e-3))
        reply = Key(text, account).ask(asked, now)
        headers = [(name.decode(), value.decode()) for name, value in reply.headers.items() if name != b"content-type"]
        if reply.refused is not None:
            self.refused.append((now, reply.refused))
            return Status(reply.status, reply.body, headers)
        self.served.append(now)
        return Answer(headers=headers, usage=Usage(tokens, OUTPUT_TOKENS), before_head_s=self._lasts_s)

    def counts(self, windows: list[tuple[float, float]]) -> list[tuple[int, int]]:
        """Served and refused in each of *windows*."""
        return [
            (
                sum(since <= at < until for at in self.served),
                sum(since <= at < until for at, _ in self.refused),
            )
            for since, until in windows
        ]


def _tokens_of(arrived: Arrived) -> int:
    """As a provider counts: four characters of what is said are a token."""
    messages = json.loads(arrived.body)["messages"]
    return max(1, sum(len(str(message["content"])) for message in messages) // 4)
