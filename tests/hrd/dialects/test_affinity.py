"""Which conversation a body names, or how it begins."""

import msgspec
import pytest

from hrd.dialects.affinity import affinity_in, beginning_of
from hrd.dialects.openai_chat_needs import Said

SYSTEM, HI, ANSWER = Said("system", "s"), Said("user", "hi"), Said("assistant", "a")


def fields(**members: object) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in members.items()}


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
    assert affinity_in(fields(**members), "m", [HI]) == named


def test_a_conversation_keeps_its_name_as_it_grows_and_another_has_another() -> None:
    begun = affinity_in({}, "m", [SYSTEM, HI])
    assert affinity_in({}, "m", [SYSTEM, HI, ANSWER, HI]) == begun
    assert affinity_in({}, "m", [HI]) != begun


def test_without_a_user_all_of_it_is_the_beginning() -> None:
    assert beginning_of([SYSTEM, ANSWER]) == b'[{"role":"system","content":"s"},{"role":"assistant","content":"a"}]'
    assert affinity_in({}, "m", []) == "", "nothing is known of how it begins"
