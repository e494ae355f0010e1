"""What a request's head asks of the router: read whole, or refused with what it takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.access import Caller
from hrd.core.ask import Ask, Kind, Priority
from hrd.core.refusals import Refusal, RefusalKind
from hrd.core.wishes import SESSION_CHARS_MAX, Wishes, read_wishes, session_label

ANYBODY = Caller(fingerprint="client-1")
LOWEST = Caller(fingerprint="client-2", priority_max=Priority.LOW)
ASK = Ask(kind=Kind.CHAT, model="m")


def read(caller: Caller = ANYBODY, **fields: bytes) -> Wishes | Refusal:
    return read_wishes({f"x-hermes-{name}".encode(): value for name, value in fields.items()}, caller)


def test_a_request_that_wishes_nothing_stays_as_it_is() -> None:
    wishes = read()
    assert isinstance(wishes, Wishes)
    assert wishes.laid_on(ASK) is ASK


@pytest.mark.parametrize(
    ("word", "priority"), [(b"low", Priority.LOW), (b" High ", Priority.HIGH), (b"NORMAL", Priority.NORMAL)]
)
def test_priorities(word: bytes, priority: Priority) -> None:
    wishes = read(priority=word)
    assert isinstance(wishes, Wishes)
    assert wishes.laid_on(ASK).priority is priority


@pytest.mark.parametrize("word", [b"", b"urgent", b"1", b"low, high", b"\xff\xfe", b"x" * 5000, b"\x00"])
def test_a_priority_that_is_none_is_refused_with_those_that_are(word: bytes) -> None:
    refusal = read(priority=word)
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.param) == (RefusalKind.BAD_REQUEST, "x-hermes-priority")
    assert "low, normal or high" in refusal.guidance
    assert len(refusal.message) < 120


@pytest.mark.parametrize(
    ("caller", "asked", "given"),
    [
        (LOWEST, None, Priority.LOW),
        (LOWEST, b"high", Priority.LOW),
        (Caller(fingerprint="c", priority_max=Priority.NORMAL), b"high", Priority.NORMAL),
        (Caller(fingerprint="c", priority_max=Priority.NORMAL), b"low", Priority.LOW),
        (Caller(fingerprint="c", priority_max=Priority.NORMAL), None, Priority.NORMAL),
        (ANYBODY, b"high", Priority.HIGH),
    ],
)
def test_a_client_key_caps_the_priority(caller: Caller, asked: bytes | None, given: Priority) -> None:
    wishes = read(caller) if asked is None else read(caller, priority=asked)
    assert isinstance(wishes, Wishes)
    assert wishes.priority is given


def test_privacy_local() -> None:
    wishes = read(privacy=b" Local ")
    assert isinstance(wishes, Wishes)
    assert wishes.laid_on(ASK).local_only


@pytest.mark.parametrize("word", [b"", b"locale", b"private", b"none", b"off", b"\xff"])
def test_a_privacy_that_is_not_known_is_refused_and_never_ignored(word: bytes) -> None:
    refusal = read(privacy=word)
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.param) == (RefusalKind.BAD_REQUEST, "x-hermes-privacy")


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (b"run 7", "run 7"),
        (b"  run\t7\r\n ", "run 7"),
        ("Läufe".encode(), "Läufe"),
        (b"\x1b[31mred\x07", "[31mred"),
        ("a\u202eb".encode(), "a b"),
        (b"a\xffb", "a\ufffdb"),
        (b"", ""),
        (b"x" * 5000, "x" * SESSION_CHARS_MAX),
    ],
)
def test_a_session_is_a_short_line(value: bytes, label: str) -> None:
    wishes = read(session=value)
    assert isinstance(wishes, Wishes)
    assert wishes.laid_on(ASK).session == label


@given(st.binary(max_size=300))
def test_whatever_a_session_is_called_it_can_be_shown(value: bytes) -> None:
    label = session_label(value)
    assert label == "" or label.isprintable()
    assert len(label) <= SESSION_CHARS_MAX
    assert label == session_label(label.encode())
