"""Refusals: status and what the SDKs are told about asking again."""

import pytest

from hrd.core.refusals import LOOP, NO_KEY, ROUTER_CANNOT_RECORD, STOPPING, WRONG_KEY, Refusal, RefusalKind, too_late


@pytest.mark.parametrize(
    ("kind", "after_s", "headers"),
    [
        (RefusalKind.RATE_LIMITED, 5.0, {b"retry-after": b"5"}),
        (RefusalKind.RATE_LIMITED, 5.001, {b"retry-after": b"6"}),  # never too early
        (RefusalKind.RATE_LIMITED, 0.2, {b"retry-after": b"1"}),
        (RefusalKind.RATE_LIMITED, 120.0, {b"retry-after": b"120"}),
        (RefusalKind.RATE_LIMITED, 120.5, {b"retry-after": b"121", b"x-should-retry": b"false"}),
        (RefusalKind.UNAVAILABLE, None, {b"x-should-retry": b"false"}),
        (RefusalKind.ROUTER_FULL, 5.0, {b"retry-after": b"5", b"x-should-retry": b"false"}),
        (RefusalKind.BAD_REQUEST, None, {}),
        (RefusalKind.MODEL_NOT_FOUND, 5.0, {}),
    ],
)
def test_when_to_ask_again(kind: RefusalKind, after_s: float | None, headers: dict[bytes, bytes]) -> None:
    assert dict(Refusal(kind=kind, message="no", retry_after_s=after_s).retry_headers()) == headers


def test_the_status_is_the_kinds_or_what_the_provider_said() -> None:
    assert Refusal(kind=RefusalKind.SAID_UPSTREAM, message="no", status=422).http_status == 422
    assert Refusal(kind=RefusalKind.SAID_UPSTREAM, message="no").http_status == 400


@pytest.mark.parametrize("kind", list(RefusalKind))
def test_every_kind_is_an_error_with_a_type_and_a_code(kind: RefusalKind) -> None:
    status, error_type, code = kind.value
    assert 400 <= status < 600
    assert error_type.endswith("_error")
    assert code.replace("_", "").isalpha()


def test_kinds_can_be_told_apart_by_their_code() -> None:
    assert len({kind.value[2] for kind in RefusalKind}) == len(RefusalKind)


def test_the_routers_own_refusals() -> None:
    own = (NO_KEY, WRONG_KEY, LOOP, ROUTER_CANNOT_RECORD, STOPPING, too_late(600, ()))
    assert [one.http_status for one in own] == [401, 401, 508, 503, 503, 504]
    assert too_late(600, ()).message == "No candidate answered within 600 s (DEADLINE_SECONDS)."
    assert all(one.guidance for one in (NO_KEY, WRONG_KEY, LOOP, ROUTER_CANNOT_RECORD, too_late(1, ())))
