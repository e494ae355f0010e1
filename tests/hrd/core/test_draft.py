"""The draft of a journal entry: what is not known yet has an honest default."""

from hrd.core.ask import Ask, Kind
from hrd.core.draft import Draft
from hrd.core.journal import AttemptNote, Outcome, PassedOver, Usage, UsageSource
from hrd.core.tour import Tour
from tests.hrd.stage import candidate

AT = 1_000_000.0


def test_a_request_of_which_nothing_more_is_known_has_crashed() -> None:
    tour = Tour(Ask(kind=Kind.CHAT, model="x" * 300, stream=True))
    entry = Draft(request_id="req-1", at=AT, endpoint="/v1/chat/completions", client="client-1", tour=tour).entry(250.0)
    assert (entry.outcome, entry.status, entry.total_ms, entry.stream) == (Outcome.CRASHED, 500, 250.0, True)
    assert (entry.provider, entry.model, entry.credential) == ("", "", "")
    assert entry.model_asked == "x" * 200
    assert entry.first_token_ms is None


def test_what_the_journey_gathered_stands_in_the_entry() -> None:
    tour = Tour(Ask(kind=Kind.CHAT, model="m"))
    note = AttemptNote(provider="alpha", model="m1", credential="alpha-a1", outcome="ok")
    tour.note(note)
    draft = Draft(request_id="req-1", at=AT, endpoint="/v1/chat/completions", client="client-1", tour=tour)
    draft.candidate = candidate()
    draft.outcome, draft.status, draft.reason = Outcome.INTERRUPTED, 200, "broke off"
    draft.usage = Usage(input_tokens=3, output_tokens=4, source=UsageSource.KNOWN)
    draft.waited_s, draft.first_token_ms = 1.5, 12.0
    draft.order, draft.notes = ("a", "b"), ("seed left out",)
    draft.passed_over = (PassedOver(candidate="c", why="quota", until=AT + 9),)
    entry = draft.entry(2000.0)
    assert (entry.provider, entry.model, entry.credential) == ("alpha", "m1", "alpha-a1")
    assert (entry.outcome, entry.reason, entry.waited_ms, entry.first_token_ms) == (
        Outcome.INTERRUPTED, "broke off", 1500.0, 12.0,
    )  # fmt: skip
    assert (entry.usage.output_tokens, entry.attempts, entry.order) == (4, (note,), ("a", "b"))
    assert (entry.passed_over[0].until, entry.notes) == (AT + 9, ("seed left out",))
