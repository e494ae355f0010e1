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


def test_once_a_pair_is_pinned_nobody_tries_another() -> None:
    pin = Pin(None)
    pin.begin(A, 1)
    pin.set(A, 7.0)
    assert (pin.pair, pin.at, pin.tried) == (A, 7.0, None)
    pin.begin(B, 2)
    assert (pin.pair, pin.tried) == (A, None)
    pin.end(1)
    assert pin.pair == A


def test_unpinned_it_is_chosen_anew() -> None:
    pin = Pin(A, 3.0)
    assert (pin.pair, pin.at) == (A, 3.0)
    pin.set(None, 5.0)
    assert (pin.pair, pin.at) == (None, 5.0)
    pin.begin(B, 1)
    assert pin.tried == B
