"""What stands in response objects, whoever wrote them."""

import msgspec
import pytest

from hrd.core.journal import Usage, UsageSource
from hrd.core.reply_events import Cited
from hrd.dialects.responses_reply import citation, error_of, index_of, object_in, objects_in, read_usage, text_in


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ({"error": {"message": "no"}}, {"message": "no"}),
        ({"error": "no"}, {"message": "no"}),
        ({"detail": "no"}, {"message": "no"}),
        ({"object": "response", "detail": "of no concern"}, None),
        ({"object": "response", "error": None, "status": "failed"}, {"message": "The provider calls its reply failed."}),
        ({"object": "response", "error": None, "status": "completed"}, None),
    ],
)
def test_errors_of_replies(reply: dict[str, object], error: object) -> None:
    assert error_of(reply) == error


@pytest.mark.parametrize("stated", [None, 5, {}, {"input_tokens": "7"}, {"output_tokens": True}])
def test_a_usage_that_says_nothing(stated: object) -> None:
    assert read_usage(stated) is None


def test_a_usage_without_details() -> None:
    assert read_usage({"input_tokens": 7, "output_tokens": -3}) == Usage(input_tokens=7, source=UsageSource.KNOWN)


@pytest.mark.parametrize("annotation", [None, "x", {}, {"url": 5}, {"type": "file_citation", "file_id": "f"}])
def test_what_cites_no_page(annotation: object) -> None:
    assert citation(annotation) is None


def test_a_citation_may_lack_its_place_and_title() -> None:
    assert citation({"url": "u", "title": None, "start_index": "0", "end_index": True}) == Cited(url="u")


def test_what_is_not_of_its_type_is_nothing() -> None:
    assert (index_of("1"), index_of(2)) == (0, 2)
    assert [object_in(msgspec.Raw(raw)) for raw in (b"", b"[]", b"no", b'{"a":1}')] == [{}, {}, {}, {"a": 1}]
    assert objects_in([{"a": 1}, 5]) == [{"a": 1}]
    assert objects_in({"a": 1}) == []
    assert (text_in({"a": 5}, "a"), text_in({"a": "b"}, "a"), text_in({}, "a")) == ("", "b", "")
