"""Path, query and body as request structs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.admin.asking import path_fields
from hrd.admin.wire.journal import WHY, WhyQuestion


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/v1/why/req-1", {"request_id": "req-1"}),
        ("/v1/why/req-1/", {"request_id": "req-1"}),
        ("/v1/why/req%2F1", {"request_id": "req/1"}),
        ("/v1/why", None),
        ("/v1/why/", None),
        ("/v1/how/req-1", None),
        ("/v1/why/req/1", None),
    ],
)
def test_the_parts_of_a_path_are_read(path: str, fields: dict[str, str] | None) -> None:
    assert path_fields("/v1/why/{request_id}", path) == fields


@given(st.text(min_size=1, max_size=40))
def test_whatever_is_asked_for_comes_back_out_of_the_path_that_the_route_makes(request_id: str) -> None:
    try:
        request_id.encode()
    except UnicodeEncodeError:
        return
    path = WHY.target(WhyQuestion(request_id=request_id))
    assert path_fields(WHY.path, path) == {"request_id": request_id}
