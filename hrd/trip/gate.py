"""The gate between a request that could be read and its trip: its head's wishes, the brake on retry loops, its key's ceilings.

Nothing is sent before all three let it pass.
"""

from collections.abc import Callable
from typing import Final

import msgspec
import trio

from hrd.core.access import Caller
from hrd.core.affinity import affinity_of
from hrd.core.ask import Ask, Kind
from hrd.core.brake import NOTE, Brake
from hrd.core.client_book import EXPECTED_OUTPUT_TOKENS, ClientBook, Tab
from hrd.core.refusals import Refusal, RefusalKind
from hrd.core.wishes import read_wishes
from hrd.dialects.contract import Request
from hrd.downstream.call import Call
from hrd.trip.terms import Terms

_EMBEDDINGS: Final = Kind.EMBEDDINGS  # found ten times sooner so, see core.quota.kinds
LOOPING_KINDS = frozenset({kind for kind in RefusalKind if 400 <= kind.status < 500} | {RefusalKind.UNAVAILABLE})
"""What a client hears again when it sends the same again. The router's own troubles pass, and are not its doing."""


class Entered(msgspec.Struct, frozen=True):
    """A request that may begin."""

    request: Request
    tab: Tab
    digestible: tuple[bytes, ...]
    """What makes it the same as another: for the brake."""
    at: float
    """By trio's clock."""


class Turned(msgspec.Struct, frozen=True):
    """A request that may not."""

    refusal: Refusal
    ask: Ask | None = None
    """What it asks for, as far as that may be noted."""
    notes: tuple[str, ...] = ()


class Gate:
    """Looks, and takes what the request sets aside, without a wait between."""

    def __init__(self, book: ClientBook, brake: Brake, now: Callable[[], float]) -> None:
        self._book = book
        self._brake = brake
        self._now = now

    def enter(self, call: Call, endpoint: str, caller: Caller, request: Request, body: bytes) -> Entered | Turned:
        """*request* with its wishes laid on, and its tab; or why it may not begin."""
        wishes = read_wishes(call.head.headers, caller)
        if isinstance(wishes, Refusal):
            return Turned(wishes, request.ask)
        ask = wishes.laid_on(request.ask)
        affinity = affinity_of(call.head.headers.last_values)
        if affinity:
            ask = msgspec.structs.replace(ask, affinity=affinity)
        if ask is not request.ask:
            request = msgspec.structs.replace(request, ask=ask)
        digestible = (endpoint.encode(), bytes((ask.priority, ask.local_only)), body)
        at = trio.current_time()
        held = self._brake.held(caller.fingerprint, digestible, at)
        if held is not None:
            return Turned(held, ask, (NOTE,))
        expects = 0 if ask.kind is _EMBEDDINGS else EXPECTED_OUTPUT_TOKENS
        if ask.max_tokens is not None:
            expects = min(expects, ask.max_tokens)
        tab = self._book.admit(caller.fingerprint, caller.ceilings, sends=ask.input_tokens, expects=expects, now=self._now())
        return Turned(tab, ask) if isinstance(tab, Refusal) else Entered(request, tab, digestible, at)

    def leave(self, caller: Caller, digestible: tuple[bytes, ...], refusal: Refusal | None, terms: Terms) -> None:
        """The request has ended: refused, or not."""
        if refusal is None:
            self._brake.served(caller.fingerprint, digestible)
        elif refusal.kind in LOOPING_KINDS:
            self._brake.refused(caller.fingerprint, digestible, refusal, terms.brake_rules, trio.current_time())
