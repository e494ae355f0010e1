"""Parts of the document are taken in their shape, empty when missing, and named otherwise."""

from collections.abc import Callable

import pytest

from hrd.credentials.shape import WHOLE_MAX, MisshapenError, as_list, as_number, as_object, as_text, as_whole

Taker = Callable[[object, str], object]


@pytest.mark.parametrize(
    ("take", "value", "taken"),
    [
        (as_object, {"a": 1}, {"a": 1}),
        (as_object, None, {}),
        (as_list, [1], [1]),
        (as_list, None, []),
        (as_text, "a", "a"),
        (as_text, None, ""),
        (as_whole, 3, 3),
        (as_whole, 3.0, 3),
        (as_whole, None, 0),
        (as_number, 0.5, 0.5),
        (as_number, 2, 2.0),
        (as_number, None, 0.0),
    ],
)
def test_the_right_shape_is_taken_and_nothing_is_empty(take: Taker, value: object, taken: object) -> None:
    assert take(value, "here") == taken


@pytest.mark.parametrize(
    ("take", "values", "wanted"),
    [
        (as_object, [[], "a", 1, True], "a JSON object"),
        (as_list, [{}, "a", 1, False], "a list"),
        (as_text, [1, [], {}, True], "text"),
        (as_whole, [0.5, "1", -1, True, WHOLE_MAX * 10], "a(?: whole)? number, not negative"),
        (as_number, ["1", -0.1, False, [], float("inf"), float("nan"), 10**400], "a number, not negative"),
    ],
)
def test_another_shape_is_named_by_its_place_and_not_shown(take: Taker, values: list[object], wanted: str) -> None:
    for value in values:
        with pytest.raises(MisshapenError, match=f"^here must be {wanted}$"):
            take(value, "here")


def test_the_file_itself_may_not_be_null() -> None:
    with pytest.raises(MisshapenError, match=r"^the file must be a JSON object$"):
        as_object(None, "the file")
