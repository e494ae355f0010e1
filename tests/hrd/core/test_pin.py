"""The pin: chosen by the first answer, and by no two at once."""

from hrd.core.pin import Pin

A, B = ("alpha", "embed-a"), ("beta", "embed-b")


def test_while_one_pair_is_tried_no_other_is() -> None:
    pin = Pin(None)
    assert pin.tried is None
    pin.begin(A, 1)
    pin.begin(A, 2)
    assert pin.tried == A
    pin.end(1)
    assert pin.tried == A
    pin.end(2)
    assert pin.tried is None
    pin.begin(B, 3)
    assert pin.tried == B


def test_the_first_answer_pins_and_the_second_changes_nothing() -> None:
    pin = Pin(None)
    pin.begin(A, 1)
    assert pin.answered(A)
    assert (pin.pair, pin.tried) == (A, None)
    assert not pin.answered(B)
    pin.begin(B, 2)
    assert (pin.pair, pin.tried) == (A, None)
    pin.end(1)
    assert pin.pair == A


def test_unpinned_it_is_chosen_anew() -> None:
    pin = Pin(A)
    assert not pin.answered(B)
    pin.set(None)
    assert pin.answered(B)
    assert pin.pair == B
