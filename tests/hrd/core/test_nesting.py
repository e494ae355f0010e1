"""What is nested too deep is seen without walking down into it."""

from typing import Any

import pytest

from hrd.core.nesting import is_too_deep


def nested(levels: int) -> Any:
    tree: Any = 1
    for _ in range(levels):
        tree = {"a": [tree, "b"]}
    return tree


@pytest.mark.parametrize(("levels", "is_deep"), [(0, False), (1, False), (2, False), (3, True), (10_000, True)])
def test_lists_and_objects_count_one_level_each(levels: int, is_deep: bool) -> None:
    tree = nested(levels)
    assert is_too_deep(tree, 4) is is_deep
    while isinstance(tree, dict):  # taken apart from outside: freeing it in one go would be just as deep
        tree = tree["a"][0]
