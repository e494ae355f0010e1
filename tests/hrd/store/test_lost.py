"""Entries for requests that died with their daemon."""

from hrd.core.journal import Outcome, UsageSource
from hrd.store.lost import REASON, entries_of
from tests.hrd.store.samples import NOON, reserved


def test_one_entry_a_request_with_all_its_attempts_and_their_tokens() -> None:
    first, second = entries_of(
        [reserved(1, request="a", tokens=10), reserved(2, request="b", at=NOON + 1), reserved(3, request="a", tokens=5)]
    )
    assert (first.request_id, first.at, first.outcome, first.reason) == ("a", NOON, Outcome.CRASHED, REASON)
    assert (first.usage.input_tokens, first.usage.source) == (15, UsageSource.ESTIMATED)
    assert [note.outcome for note in first.attempts] == ["lost", "lost"]
    assert (second.request_id, second.usage.input_tokens) == ("b", 1000)


def test_nothing_lost_nothing_written() -> None:
    assert entries_of([]) == []
