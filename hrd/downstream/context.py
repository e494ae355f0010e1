"""What all connections of one listener share."""

import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from hrd.downstream.departures import Departures
from hrd.http.alarms import Alarms
from hrd.http.limits import HttpLimits
from hrd.http.messages import RequestHead

if TYPE_CHECKING:  # a call knows its context
    from hrd.downstream.call import Call

Header = tuple[bytes, bytes]


class Patience(msgspec.Struct, frozen=True):
    """How long each phase of a connection may last, in seconds."""

    idle_s: float
    header_s: float
    body_s: float
    write_s: float


class BufferBudget:
    """How much of bodies and whole replies may be held at once, over all calls."""

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self.held = 0

    def take(self, count: int) -> bool:
        """Whether there was room for *count* more bytes; then they are held."""
        if self.held + count > self.bytes_max:
            return False
        self.held += count
        return True

    def give_back(self, count: int) -> None:
        self.held -= count


class Context:
    """What a connection needs besides its socket."""

    def __init__(
        self,
        *,
        dispatch: "Callable[[RequestHead], Callable[[Call], Awaitable[None]]]",
        limits: HttpLimits,
        patience: Patience,
        budget: BufferBudget,
        alarms: Alarms,
        departures: Departures,
        calls: "dict[int, Call]",
        next_request_id: Callable[[], str],
        date: Callable[[], Header],
        is_stopping: Callable[[], bool],
        crashed: "Callable[[Call | None, BaseException], None]",
        cors: Callable[[RequestHead], tuple[Header, ...]],
    ) -> None:
        """*calls*: those being served, by the number of their connection. *crashed* is told of errors nobody foresaw,
        and in which call, if it was in one."""
        self.dispatch = dispatch
        self.limits = limits
        self.patience = patience
        self.budget = budget
        self.alarms = alarms
        self.departures = departures
        self.calls = calls
        self.next_request_id = next_request_id
        self.date = date
        self.is_stopping = is_stopping
        self.crashed = crashed
        self.cors = cors
        self.pass_on: Callable[[socket.socket], None] | None = None
        """Where connections that wait for their next request go, once another process serves them."""

    def hold_to(self, limits: HttpLimits, patience: Patience, buffered_bytes_max: int) -> None:
        """New connections go by these."""
        self.limits, self.patience, self.budget.bytes_max = limits, patience, buffered_bytes_max

    @property
    def is_ending(self) -> bool:
        """We stop, and no other process goes on with our connections: each ends with the reply that goes out on it."""
        return self.pass_on is None and self.is_stopping()
