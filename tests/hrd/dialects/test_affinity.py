"""Which conversation a body names, or how it begins."""

import json

import msgspec
import pytest

from hrd.dialects.affinity import affinity_in, beginning_of

SYSTEM, HI, ANSWER = (
    {"role": "system", "content": "s"},
    {"role": "user", "content": "hi"},
    {"role": "assistant", "content": "a"},
)


def fields(**members: object) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in members.items()}


def spelled(*messages: object) -> bytes:
    return json.dumps(messages).encode()


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"user": "ann"}, "ann"),
        ({"prompt_cache_key": "k", "user": "ann"}, "k"),
        ({"session_id": "s", "prompt_cache_key": "k"}, "s"),
        ({"metadata": {"user_id": "u"}}, "u"),
        ({"metadata": {"user_id": "u", "session_id": "s"}}, "s"),
        ({"metadata": {"other": 1}, "safety_identifier": "safe"}, "safe"),
        ({"metadata": "odd", "session_id": 7, "user": "ann"}, "ann"),
    ],
)
def test_the_first_member_that_names_it(members: dict[str, object], named: str) -> None:
    assert affinity_in(fields(**members), "m", spelled(HI)) == named


def test_a_conversation_keeps_its_name_as_it_grows_and_another_has_another() -> None:
    begun = affinity_in({}, "m", spelled(SYSTEM, HI))
    assert affinity_in({}, "m", spelled(SYSTEM, HI, ANSWER, HI)) == begun
    assert affinity_in({}, "m", spelled(HI)) != begun


def test_without_a_user_or_in_another_shape_all_of_it_is_the_beginning() -> None:
    assert beginning_of(spelled(SYSTEM, ANSWER)) == json.dumps(SYSTEM).encode() + json.dumps(ANSWER).encode()
    assert beginning_of(b'"words"') == b'"words"'
    assert beginning_of(b"[" * 5000) == b"[" * 5000
