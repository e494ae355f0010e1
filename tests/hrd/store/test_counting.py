"""What one entry adds to the totals."""

import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.journal import Outcome
from hrd.store.counting import Counts, Totals, count, day_named, day_numbered, day_of, is_error
from tests.hrd.store.samples import ANSWERED, NOON, attempt, refused

HOUR = int(NOON // 3600)
KEY = (HOUR, "groq", "groq-00000001", "llama", "client-1")


def test_a_request_answered_at_once_is_one_request_and_one_attempt() -> None:
    totals: Totals = {}
    count(ANSWERED, totals)
    count(ANSWERED, totals)
    assert totals == {KEY: Counts(2, 0, 2, 0, 200, 100, 0)}


def test_failed_attempts_count_under_their_own_credential_and_name_no_model() -> None:
    totals: Totals = {}
    count(msgspec.structs.replace(ANSWERED, attempts=(attempt("server error", "mistral", "m-1", "made-up"), attempt())), totals)
    assert totals == {
        KEY: Counts(1, 0, 1, 0, 100, 50, 0),
        (HOUR, "mistral", "m-1", "", "client-1"): Counts(attempts=1, failed=1),
    }


def test_an_answer_without_notes_of_attempts_was_still_asked_for_once() -> None:
    totals: Totals = {}
    count(msgspec.structs.replace(ANSWERED, attempts=(), cost_microusd=12), totals)
    assert totals == {KEY: Counts(1, 0, 1, 0, 100, 50, 12)}


def test_a_refusal_names_no_model_even_if_the_entry_does() -> None:
    totals: Totals = {}
    count(msgspec.structs.replace(refused(), model="made-up"), totals)
    assert totals == {(HOUR, "", "", "", "client-1"): Counts(1, 1)}


@pytest.mark.parametrize(
    ("outcome", "first_token_ms", "model", "errors"),
    [
        (Outcome.OK, None, "llama", 0),
        (Outcome.INTERRUPTED, 5.0, "llama", 1),
        (Outcome.CLIENT_GONE, 5.0, "llama", 0),
        (Outcome.CLIENT_GONE, None, "", 0),
        (Outcome.STOPPED, None, "", 1),
        (Outcome.CRASHED, None, "", 1),
        (Outcome.REFUSED, None, "", 1),
    ],
)
def test_a_model_counts_where_it_served(outcome: Outcome, first_token_ms: float | None, model: str, errors: int) -> None:
    entry = msgspec.structs.replace(ANSWERED, outcome=outcome, first_token_ms=first_token_ms, attempts=())
    totals: Totals = {}
    count(entry, totals)
    assert [(key[3], counts.errors) for key, counts in totals.items()] == [(model, errors)]
    assert is_error(entry) == bool(errors)


@given(st.dates(datetime.date(1970, 1, 1), datetime.date(2200, 1, 1)))
def test_days_have_names_and_numbers(date: datetime.date) -> None:
    number = day_numbered(date.isoformat())
    assert day_named(number) == date.isoformat()
    assert day_of(datetime.datetime(date.year, date.month, date.day, 23, 59, 59, tzinfo=datetime.UTC).timestamp()) == number


def test_no_day_is_the_first_and_nonsense_is_an_error() -> None:
    assert day_numbered("") == 0
    with pytest.raises(ValueError, match="month"):
        day_numbered("2026-13-01")
