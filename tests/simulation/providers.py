"""The providers as they are: accounts with windows, keys that draw on them, and what becomes of one request.

The oracle of everything here. It imports nothing of the router, and says what it has to say in bytes (see `wording`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.simulation.windows import NEVER, InFlight, Unit, Window

Headers = dict[bytes, bytes]


@dataclass(slots=True)
class Asked:
    """One request as a provider sees it, and what it will come to."""

    number: int
    at: float
    caller: str
    input_tokens: int
    output_tokens: int
    estimate: int
    """What its sender takes the input for."""
    first_s: float
    """How long the first token takes."""
    duration_s: float
    """From sending to the last byte."""

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass(slots=True, frozen=True)
class Refused:
    """Why a provider said no."""

    kind: str
    """`window`, `revoked`, `outage`, `lie` or `too large`."""
    window: Window | None = None
    until: float = 0.0
    """The earliest moment at which the same would have been taken."""


@dataclass(slots=True, frozen=True)
class Reply:
    status: int
    headers: Headers
    body: bytes
    after_s: float
    """Until its head, or for a refusal the whole of it, is there."""
    refused: Refused | None = None


@dataclass(slots=True)
class Lie:
    """For so long nothing is taken, and what is said about it is not true."""

    since: float
    until: float
    claimed_s: float


Accepted = Callable[["Account", Asked, float], Headers]
Told = Callable[["Account", float], tuple[int, Headers, bytes]]
Worded = Callable[["Account", Asked, Refused, float], tuple[int, Headers, bytes]]

REFUSAL_S = 0.15


@dataclass(slots=True)
class Account:
    """Whose quota it is."""

    provider: str
    name: str
    windows: Sequence[Window]
    accepted: Accepted
    worded: Worded
    price: tuple[float, float] = (0.0, 0.0)
    """Micro-dollars a token, in and out: what a credit is counted in."""
    told: Told | None = None
    """What it answers to the question what is left, which costs nothing, if it does."""
    outages: list[tuple[float, float]] = field(default_factory=list)
    lies: list[Lie] = field(default_factory=list)

    def amount(self, window: Window, asked: Asked) -> float:
        """What *asked* takes of *window*."""
        if window.unit is Unit.REQUESTS:
            return 1
        if window.unit is Unit.TOKENS:
            return asked.input_tokens + asked.output_tokens
        return asked.input_tokens * self.price[0] + asked.output_tokens * self.price[1]

    def is_down(self, now: float) -> bool:
        return any(since <= now < until for since, until in self.outages)

    def free_at(self, asked: Asked, now: float) -> float:
        """The earliest moment from which *asked* would be taken, as things stand; *now* if at once."""
        at = now
        for since, until in self.outages:
            if since <= at < until:
                at = until
        for lie in self.lies:
            if lie.since <= at < lie.until:
                at = lie.until
        for window in self.windows:
            free = window.free_at(self.amount(window, asked), now)
            if free > at:
                at = free
        return at

    def take(self, asked: Asked, now: float) -> None:
        for window in self.windows:
            window.take(self.amount(window, asked), now, asked.duration_s)

    def leave(self, asked: Asked, began: float) -> None:
        """Whoever sent *asked* at *began* is gone before its end: what was in flight no longer is. It counts all the same."""
        for window in self.windows:
            if isinstance(window, InFlight):
                window.leave(began + asked.duration_s)

    def spend_elsewhere(self, asked: Asked, now: float) -> bool:
        """Somebody else uses the account: what there is room for is gone, and we are not told."""
        if self.free_at(asked, now) > now:
            return False
        self.take(asked, now)
        for window in self.windows:
            window.foreign += self.amount(window, asked)
        return True


@dataclass(slots=True)
class Key:
    """A key. *text* is what is sent."""

    text: str
    account: Account
    revoked_at: float = NEVER

    @property
    def provider(self) -> str:
        return self.account.provider

    def free_at(self, asked: Asked, now: float) -> float:
        at = self.account.free_at(asked, now)
        return at if at < self.revoked_at else NEVER

    def ask(self, asked: Asked, now: float) -> Reply:
        """What becomes of *asked*, sent with this key."""
        account = self.account
        refused = self._why_not(asked, now)
        if refused is None:
            account.take(asked, now)
            return Reply(200, account.accepted(account, asked, now), b"", asked.first_s)
        status, headers, body = account.worded(account, asked, refused, now)
        return Reply(status, headers, body, REFUSAL_S, refused)

    def look_up(self, now: float) -> bytes | None:
        """What the provider says is left, asked for nothing else; None if it does not."""
        account = self.account
        if account.told is None or now >= self.revoked_at or account.is_down(now):
            return None
        return account.told(account, now)[2]

    def _why_not(self, asked: Asked, now: float) -> Refused | None:
        account = self.account
        if now >= self.revoked_at:
            return Refused("revoked", until=NEVER)
        for since, until in account.outages:
            if since <= now < until:
                return Refused("outage", until=until)
        for lie in account.lies:
            if lie.since <= now < lie.until:
                return Refused("lie", until=lie.until)
        full: Window | None = None
        until = now
        for window in account.windows:
            free = window.free_at(account.amount(window, asked), now)
            if free > until:
                full, until = window, free
        if full is None:
            return None
        return Refused("too large" if until == NEVER else "window", full, until)
