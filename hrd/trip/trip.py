"""One request on its way: everything about it that changes as it travels the line."""

from collections.abc import Mapping

import msgspec

from hrd.core.access import Caller
from hrd.core.ceilings import TOO_DEAR
from hrd.core.draft import Draft
from hrd.core.facts import Claim
from hrd.core.providers import Candidate
from hrd.core.refusals import Refusal
from hrd.core.remembered import Row
from hrd.core.tour import Tour
from hrd.dialects.contract import Dialect, Stamp, Target, WholeReply
from hrd.dialects.passage import Passage
from hrd.downstream.call import Call
from hrd.downstream.context import Header
from hrd.trip.door import id_headers
from hrd.trip.gate import Entered
from hrd.trip.terms import Terms


class Trip:
    """One request on its way."""

    __slots__ = (
        "call",
        "caller",
        "claim",
        "dialect",
        "digestible",
        "draft",
        "empty",
        "held_tokens",
        "passage",
        "recorded",
        "request",
        "rows",
        "stamp",
        "started",
        "tab",
        "terms",
        "tour",
    )

    def __init__(
        self,
        call: Call,
        dialect: Dialect,
        targets: Mapping[str, Target],
        caller: Caller,
        entered: Entered,
        terms: Terms,
        stamp: Stamp,
        at: float,
    ) -> None:
        request = entered.request
        self.call = call
        self.dialect = dialect
        self.passage = Passage(dialect, targets, request, terms.bounds)
        self.stamp = stamp
        self.caller = caller
        self.request = request
        self.terms = terms
        self.tab = entered.tab
        self.digestible = entered.digestible
        self.tour = Tour(request.ask)
        if self.tab.has_cost_ceiling:
            self.tour.too_dear = self._why_too_dear
        self.draft = Draft(
            request_id=call.request_id, at=at, endpoint=dialect.ENDPOINT, client=caller.fingerprint, tour=self.tour
        )
        self.claim: Claim | None = None
        """The reservation that is still to be settled."""
        self.held_tokens = 0
        """So many are set aside for it by now."""
        self.rows: list[Row] = []
        """To be stored with the next commit."""
        self.recorded = False
        self.started = entered.at
        self.empty: WholeReply | None = None
        """The first empty reply: the client's, if nobody has another."""

    @property
    def is_committed(self) -> bool:
        """Whether some attempt reached its commit point."""
        return self.draft.first_token_ms is not None

    def _why_too_dear(self, candidate: Candidate) -> str:
        sends = self.terms.prices.estimate(candidate, self.request.ask.input_tokens, 0)
        why = self.tab.why_too_dear(sends)
        if why == TOO_DEAR and sends is not None:
            self.tour.fell_short(self.tab.left_microusd, sends)
        return why

    def patience_s(self, candidate: Candidate) -> float:
        """How long an attempt may take while others could still be asked."""
        if not self.request.ask.stream:
            return self.terms.reply_s
        if candidate.facts.reasoning:
            return max(candidate.provider.first_token_s, self.terms.slow_first_token_s)
        return candidate.provider.first_token_s

    def headers(self) -> list[Header]:
        """What every answer carries."""
        candidate = self.draft.candidate
        return [*self.own_headers(), *(headers_of(candidate) if candidate is not None else ())]

    def own_headers(self) -> list[Header]:
        """Those of them that are this request's alone."""
        return [*id_headers(self.call, self.dialect.ID_HEADERS), (b"x-hermes-attempts", b"%d" % len(self.tour.notes))]

    def error_event(self, refusal: Refusal, *, begun: bool = False) -> bytes:
        """*refusal* as the end of a stream whose head is out; *begun*: something of a reply is out, too."""
        return self.dialect.error_event(msgspec.structs.replace(refusal, request_id=self.call.request_id), begun=begun)


def headers_of(candidate: Candidate) -> list[Header]:
    """What an answer says of who gave it."""
    provider = candidate.provider
    rows = [(b"x-hermes-provider", provider.name.encode()), (b"x-hermes-model", candidate.model.encode("ascii", "replace"))]
    if provider.demo:
        rows.append((b"x-hermes-demo", b"1"))
    return rows


def as_comment(headers: list[Header]) -> str:
    """The x-hermes-* values of an answer whose head went out early."""
    return " ".join(f"{name.decode()}={value.decode()}" for name, value in headers if name.startswith(b"x-hermes-"))
