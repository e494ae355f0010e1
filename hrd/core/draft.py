"""The draft of a journal entry: one exchange, built up as it travels."""

import msgspec

from hrd.core.journal import Entry, Outcome, PassedOver, Reading, Usage
from hrd.core.providers import Candidate
from hrd.core.tour import Tour

MODEL_ASKED_CHARS_MAX = 200


class Draft(msgspec.Struct, kw_only=True, eq=False):
    """What is known so far. `entry` makes the finished value."""

    request_id: str
    at: float
    endpoint: str
    client: str
    tour: Tour
    outcome: Outcome = Outcome.CRASHED
    status: int = 500
    candidate: Candidate | None = None
    usage: Usage = Usage()
    first_token_ms: float | None = None
    cost_microusd: int | None = 0
    """Of the attempts so far; None as soon as one's is not known."""
    waited_s: float = 0.0
    order: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    moved_from: str = ""
    passed_over: tuple[PassedOver, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()

    def add_cost(self, cost_microusd: int | None) -> None:
        before = self.cost_microusd
        self.cost_microusd = None if before is None or cost_microusd is None else before + cost_microusd

    def entry(self, total_ms: float) -> Entry:
        candidate, ask = self.candidate, self.tour.ask
        answered = (candidate.provider.name, candidate.model, candidate.credential.fingerprint) if candidate else ("", "", "")
        return Entry(
            request_id=self.request_id,
            at=self.at,
            endpoint=self.endpoint,
            client=self.client,
            model_asked=ask.model[:MODEL_ASKED_CHARS_MAX],
            stream=ask.stream,
            outcome=self.outcome,
            status=self.status,
            provider=answered[0],
            model=answered[1],
            credential=answered[2],
            usage=self.usage,
            cost_microusd=self.cost_microusd,
            session=ask.session,
            first_token_ms=self.first_token_ms,
            total_ms=total_ms,
            waited_ms=self.waited_s * 1000.0,
            attempts=tuple(self.tour.notes),
            order=self.order,
            readings=self.readings,
            moved_from=self.moved_from,
            passed_over=self.passed_over,
            reason=self.reason,
            notes=self.notes,
        )
