"""Routes: what goes into a target comes out of it, and the list of conversations is the whole list."""

import importlib
import pkgutil
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hrd.admin.wire as package
from hrd.admin.wire.auth import AUTH_ADD, AuthAdd
from hrd.admin.wire.journal import LOGS, WHY, LogsQuestion, WhyQuestion
from hrd.admin.wire.keys import KEYS, KeysQuestion
from hrd.admin.wire.route import Nothing, Problem, Refused, Route
from hrd.admin.wire.status import STATUS
from tests.hrd.admin.wire.shapes import shape_of


def every_route() -> list[tuple[str, Route]]:
    found = []
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        found += [(name, value) for name, value in vars(module).items() if isinstance(value, Route)]
    return found


def test_a_question_without_wishes_has_a_bare_target() -> None:
    assert STATUS.target(Nothing()) == "/v1/status"
    assert KEYS.target(KeysQuestion(reveal=False)) == "/v1/keys"
    assert LOGS.target(LogsQuestion()) == "/v1/logs"


def test_wishes_stand_in_the_query_and_zero_is_a_wish() -> None:
    assert KEYS.target(KeysQuestion(reveal=True)) == "/v1/keys?reveal=1"
    assert LOGS.target(LogsQuestion(n=0, after=0, errors=True)) == "/v1/logs?n=0&after=0&errors=1"


def test_a_path_field_is_quoted_so_that_it_cannot_leave_its_place() -> None:
    assert WHY.target(WhyQuestion(request_id="../stop?x=1 y")) == "/v1/why/..%2Fstop%3Fx%3D1%20y"


def test_what_a_post_asks_is_never_in_its_target() -> None:
    assert AUTH_ADD.target(AuthAdd(provider="groq", keys=("gsk_test-not-a-key-1",))) == "/v1/auth"


@given(n=st.integers(), after=st.none() | st.integers(), errors=st.booleans(), provider=st.text())
def test_a_question_comes_out_of_its_target_as_it_went_in(n: int, after: int | None, errors: bool, provider: str) -> None:
    question = LogsQuestion(n=n, after=after, errors=errors, provider=provider)
    query = dict(parse_qsl(urlsplit(LOGS.target(question)).query, keep_blank_values=True))
    assert msgspec.convert(query, LogsQuestion, strict=False) == question


@given(st.text(min_size=1))
def test_a_request_id_comes_out_of_its_path(request_id: str) -> None:
    target = WHY.target(WhyQuestion(request_id=request_id))
    assert target.count("/") == 3
    assert unquote(target.removeprefix("/v1/why/")) == request_id


def test_a_wish_that_is_not_known_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `colour`"):
        msgspec.json.decode(b'{"provider": "groq", "keys": [], "colour": "red"}', type=AuthAdd)


def test_a_refusal_says_what_happened_and_what_to_type() -> None:
    refused = Refused(error=Problem(message="no such provider: grok", hint="did you mean groq?"))
    assert shape_of(refused) == {"error": {"message": "no such provider: grok", "hint": "did you mean groq?"}}
    assert msgspec.json.decode(b'{"error": {"message": "no"}}', type=Refused).error == Problem(message="no")


def test_no_two_conversations_share_method_and_path() -> None:
    starts = [(route.method, route.path) for _, route in every_route()]
    assert len(starts) == len(set(starts)) == 31


def test_the_package_lists_every_conversation_with_what_it_asks_and_answers() -> None:
    listed = {
        tuple(cell.strip() for cell in row.split("|")[1:3])
        for row in (package.__doc__ or "").splitlines()
        if row.startswith("| ")
    }
    for name, route in every_route():
        asks = "" if route.ask is Nothing else f"`{route.ask.__name__}`"
        assert (f"{route.method} {route.path}", asks) in listed, f"{name} is not in the table of hrd.admin.wire"
    assert len(listed) == len(every_route()) + 1, "the table has a row for a conversation that is not there"
