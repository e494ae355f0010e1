"""Today's counts, by credential, from midnight to midnight (UTC)."""

from hrd.core.day_book import CREDENTIALS_MAX, DayBook
from hrd.core.journal import Usage
from hrd.core.providers import Candidate
from hrd.core.remembered import DayCounts
from tests.hrd.stage import NOON, candidate, key, provider

ONE = candidate()
MIDNIGHT = NOON + 43_200
KEY = ("alpha", "alpha-a1")
USAGE = Usage(input_tokens=10, output_tokens=5)


def test_attempts_errors_and_tokens_add_up() -> None:
    book = DayBook([], NOON)
    book.count(ONE, USAGE, is_error=False, begun_at=NOON, now=NOON)
    book.count(ONE, Usage(), is_error=True, begun_at=NOON + 1, now=NOON + 1)
    assert book.today(NOON + 2) == {
        KEY: DayCounts(provider="alpha", credential="alpha-a1", requests=2, errors=1, input_tokens=10, output_tokens=5)
    }


def test_at_midnight_everything_is_nought_also_for_whom_nobody_asks() -> None:
    book = DayBook([], NOON)
    book.count(ONE, USAGE, is_error=False, begun_at=MIDNIGHT - 1, now=MIDNIGHT - 1)
    assert book.today(MIDNIGHT - 0.5) != {}
    assert book.today(MIDNIGHT) == {}
    book.count(ONE, USAGE, is_error=False, begun_at=MIDNIGHT + 1, now=MIDNIGHT + 1)
    assert book.today(MIDNIGHT + 2)[KEY].requests == 1


def test_an_attempt_belongs_to_the_day_on_which_it_began() -> None:
    """As for `hr usage`, and so for whoever reads this day after a restart."""
    book = DayBook([], NOON)
    book.count(ONE, USAGE, is_error=False, begun_at=MIDNIGHT - 5, now=MIDNIGHT + 1)
    assert book.today(MIDNIGHT + 2) == {}
    assert book.today(NOON)[KEY].requests == 1
    book.count(ONE, USAGE, is_error=False, begun_at=NOON - 86_400, now=MIDNIGHT + 1)
    assert book.today(MIDNIGHT + 2) == {}


def test_a_clock_that_jumps_over_midnight_and_back_finds_what_it_left() -> None:
    book = DayBook([], NOON)
    book.count(ONE, USAGE, is_error=False, begun_at=NOON, now=NOON)
    book.count(ONE, USAGE, is_error=False, begun_at=MIDNIGHT + 1, now=MIDNIGHT + 1)
    book.count(ONE, USAGE, is_error=False, begun_at=NOON + 60, now=NOON + 60)
    assert book.today(NOON + 61)[KEY].requests == 2
    assert book.today(MIDNIGHT + 2)[KEY].requests == 1
    assert book.today(MIDNIGHT + 2 * 86_400) == {}


def test_a_new_process_counts_on() -> None:
    book = DayBook([DayCounts(provider="alpha", credential="alpha-a1", requests=41)], NOON)
    book.count(ONE, USAGE, is_error=False, begun_at=NOON, now=NOON)
    assert book.today(NOON)[KEY].requests == 42


def test_what_was_read_before_midnight_is_of_the_day_before() -> None:
    """A process that starts, or takes over, in the last second of a day."""
    book = DayBook([DayCounts(provider="alpha", credential="alpha-a1", requests=41)], MIDNIGHT - 0.1)
    assert book.today(MIDNIGHT + 0.1) == {}


def test_credentials_are_bounded_and_known_ones_still_count() -> None:
    book = DayBook([DayCounts(provider="alpha", credential=f"alpha-{n}") for n in range(CREDENTIALS_MAX)], NOON)
    book.count(ONE, USAGE, is_error=False, begun_at=NOON, now=NOON)
    book.count(another("7"), USAGE, is_error=False, begun_at=NOON, now=NOON)
    today = book.today(NOON)
    assert KEY not in today
    assert today["alpha", "alpha-7"].requests == 1


def another(name: str) -> Candidate:
    return candidate(provider("alpha"), credential=key("alpha", name))
