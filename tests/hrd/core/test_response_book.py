"""What Responses clients may refer back to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.response_book import ENTRY_BYTES, ITEM_BYTES, KeptItem, ResponseBook

NOW = 1_000.0


def item(text: str, name: str = "") -> KeptItem:
    return KeptItem(name, text.encode())


def told(book: ResponseBook, client: str, response: str, now: float = NOW) -> list[str] | None:
    stretches = book.find(client, response, now)
    return None if stretches is None else [each.spelled.decode() for stretch in stretches for each in stretch.items]


@pytest.fixture
def book() -> ResponseBook:
    return ResponseBook(10_000, 3600.0)


def test_a_conversation_is_found_by_its_last_reply(book: ResponseBook) -> None:
    book.keep("ada", "r1", (), [item("q1"), item("a1")], NOW)
    before = book.find("ada", "r1", NOW)
    assert before is not None
    book.keep("ada", "r2", before, [item("q2"), item("a2")], NOW)
    assert told(book, "ada", "r1") == ["q1", "a1"]
    assert told(book, "ada", "r2") == ["q1", "a1", "q2", "a2"]


def test_nobody_finds_what_another_was_answered(book: ResponseBook) -> None:
    book.keep("ada", "r1", (), [item("a1", "msg_1")], NOW)
    assert told(book, "bob", "r1") is None
    assert book.item("bob", "msg_1", NOW) is None
    assert book.item("ada", "msg_1", NOW) == b"a1"


def test_what_two_replies_share_is_counted_once(book: ResponseBook) -> None:
    book.keep("ada", "r1", (), [item("x" * 100)], NOW)
    before = book.find("ada", "r1", NOW) or ()
    assert book.size == ENTRY_BYTES + ITEM_BYTES + 100
    book.keep("ada", "r2", before, [item("y" * 10)], NOW)
    assert book.size == 2 * (ENTRY_BYTES + ITEM_BYTES) + 110
    book.forget("ada", "r1")
    assert told(book, "ada", "r2") == ["x" * 100, "y" * 10]
    assert book.size == ENTRY_BYTES + 2 * ITEM_BYTES + 110
    book.forget("ada", "r2")
    book.forget("ada", "r2")
    assert (book.size, len(book)) == (0, 0)


def test_it_is_over_when_its_time_is(book: ResponseBook) -> None:
    book.keep("ada", "r1", (), [item("a1", "msg_1")], NOW)
    assert told(book, "ada", "r1", NOW + 3599) == ["a1"]
    assert told(book, "ada", "r1", NOW + 3600) is None
    assert book.item("ada", "msg_1", NOW + 3600) is None
    assert (book.size, len(book)) == (0, 0)


def test_the_oldest_goes_when_there_is_too_much() -> None:
    book = ResponseBook(3 * (ENTRY_BYTES + ITEM_BYTES + 10), 3600.0)
    for number in range(4):
        book.keep("ada", f"r{number}", (), [item(f"{number:010}", f"msg_{number}")], NOW)
    assert [told(book, "ada", f"r{number}") is None for number in range(4)] == [True, False, False, False]
    assert [book.item("ada", f"msg_{number}", NOW) is None for number in range(4)] == [True, False, False, False]


def test_what_is_too_large_for_the_book_is_not_kept_and_moves_nobody(book: ResponseBook) -> None:
    book.keep("ada", "r1", (), [item("a1")], NOW)
    book.keep("ada", "r2", (), [item("x" * 10_000)], NOW)
    assert told(book, "ada", "r2") is None
    assert told(book, "ada", "r1") == ["a1"]
    book.bytes_max = 0
    book.keep("ada", "r3", (), [], NOW)
    assert told(book, "ada", "r3") is None


def test_an_id_that_comes_again_stands_for_the_new_one(book: ResponseBook) -> None:
    book.keep("ada", "r1", (), [item("old", "msg_1")], NOW)
    book.keep("ada", "r1", (), [item("new", "msg_1")], NOW)
    assert told(book, "ada", "r1") == ["new"]
    assert book.item("ada", "msg_1", NOW) == b"new"
    assert book.size == ENTRY_BYTES + ITEM_BYTES + 3


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ada", "bob"]), st.integers(0, 5), st.integers(0, 5), st.integers(0, 900), st.integers(0, 60)
        ),
        max_size=30,
    )
)
def test_its_size_is_that_of_what_it_holds_and_never_over_its_bound(steps: list[tuple[str, int, int, int, int]]) -> None:
    book, now = ResponseBook(2_000, 100.0), NOW
    for client, previous, response, size, wait_s in steps:
        now += wait_s
        before = book.find(client, f"r{previous}", now) or ()
        book.keep(client, f"r{response}", before, [KeptItem(f"m{response}", b"x" * size)], now)
        held = {
            id(each): each.size
            for who in ("ada", "bob")
            for number in range(6)
            for each in book.find(who, f"r{number}", 0.0) or ()
        }
        assert book.size == len(book) * ENTRY_BYTES + sum(held.values()) <= 2_000
