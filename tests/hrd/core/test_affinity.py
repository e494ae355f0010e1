"""Which conversation a request belongs to."""

import pytest

from hrd.core.affinity import BEGINNING_BYTES_MAX, KEY_CHARS_MAX, affinity_of, affinity_of_beginning


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({}, ""),
        ({b"x-session-id": b"a"}, "a"),
        ({b"x-claude-code-session-id": b"c"}, "c"),
        ({b"session_id": b"codex", b"x-session-id": b"first"}, "first"),
        ({b"x-session-id": b"", b"thread-id": b"t"}, "t"),
        ({b"x-session-id": b"x" * 999}, "x" * KEY_CHARS_MAX),
        ({b"x-session-id": b"\xff"}, "ÿ"),
    ],
)
def test_the_first_header_that_names_one(headers: dict[bytes, bytes], named: str) -> None:
    assert affinity_of(headers) == named


def test_a_beginning_tells_conversations_and_models_apart_up_to_a_bound() -> None:
    assert affinity_of_beginning("m", b"a") == affinity_of_beginning("m", b"a")
    assert len({affinity_of_beginning(model, begun) for model in ("m", "n") for begun in (b"a", b"b")}) == 4
    long = b"x" * BEGINNING_BYTES_MAX
    assert affinity_of_beginning("m", long) == affinity_of_beginning("m", long + b"y")
