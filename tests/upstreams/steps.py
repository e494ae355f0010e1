"""What a reply comes down to: bytes to send, seconds to wait, and ways to end. Rendered first, performed later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from threading import Event


@dataclass(frozen=True)
class Send:
    data: bytes


@dataclass(frozen=True)
class Wait:
    seconds: float


@dataclass(frozen=True)
class Until:
    """Wait for *happened*, which may be set in another thread."""

    happened: Event


@dataclass(frozen=True)
class Hang:
    """Say nothing more, and leave the connection open until the other side goes."""


@dataclass(frozen=True)
class Close:
    """End the connection in order (FIN)."""


@dataclass(frozen=True)
class Reset:
    """End the connection with RST: the other side sees `connection reset by peer`."""


HANG, CLOSE, RESET = Hang(), Close(), Reset()
Ending = Hang | Close | Reset
Step = Send | Wait | Until | Hang | Close | Reset


def cut(steps: Iterable[Step], after_bytes: int, ending: Ending) -> Iterator[Step]:
    """The same steps until *after_bytes* have gone out, then *ending*; an ending of their own comes first."""
    left = after_bytes
    for step in steps:
        if isinstance(step, Send) and len(step.data) >= left:
            if left:
                yield Send(step.data[:left])
            yield ending
            return
        if isinstance(step, Send):
            left -= len(step.data)
        yield step
    yield ending


def drip(steps: Iterable[Step], size: int, every_s: float) -> Iterator[Step]:
    """The same bytes, *size* at a time with a wait of *every_s* between them."""
    for step in steps:
        if not isinstance(step, Send):
            yield step
            continue
        for start in range(0, len(step.data), size):
            yield Send(step.data[start : start + size])
            yield Wait(every_s)
