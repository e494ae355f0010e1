"""Who speaks at which endpoint."""

from hrd.core import catalogue
from hrd.core.response_book import ResponseBook
from hrd.dialects.openai_responses import ResponsesCall
from hrd.dialects.spoken import DIALECTS, TARGETS, always, openings
from tests.hrd.dialects.responses import STAMP


def test_every_dialect_is_spoken_at_its_endpoint() -> None:
    spoken = {endpoint: opening("ada", STAMP) for endpoint, opening in openings(ResponseBook(0, 1.0), lambda: 0.0)}
    assert list(spoken)[:-1] == [dialect.ENDPOINT for dialect in DIALECTS]
    assert all(spoken[dialect.ENDPOINT] is dialect for dialect in DIALECTS)
    assert isinstance(spoken["/v1/responses"], ResponsesCall)


def test_whatever_the_catalogue_may_name_is_spoken() -> None:
    assert set(catalogue.DIALECTS) == set(TARGETS)


def test_most_are_the_same_for_every_call() -> None:
    opening = always(DIALECTS[0])
    assert opening("ada", STAMP) is opening("bob", STAMP) is DIALECTS[0]
