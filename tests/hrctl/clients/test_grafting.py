"""What is put into a tree goes to its place, and nothing else is touched."""

from typing import Any

import pytest

from hrctl.clients.grafting import Unsuitable, graft, new_tree
from hrctl.clients.shapes import Member, Setting

MODEL = Setting(("models", Member("name", "ours")), {"name": "ours", "url": "here"})


def test_a_way_that_is_not_there_is_made() -> None:
    tree: dict[str, Any] = {}
    assert graft(tree, [Setting(("a", "b", "c"), 1), MODEL])
    assert tree == {"a": {"b": {"c": 1}}, "models": [{"name": "ours", "url": "here"}]}


def test_neighbours_stay() -> None:
    tree: dict[str, Any] = {"env": {"OTHER": "x"}, "models": [{"name": "theirs"}], "z": 1}
    assert graft(tree, [Setting(("env", "OURS"), "y"), MODEL])
    assert tree == {"env": {"OTHER": "x", "OURS": "y"}, "models": [{"name": "ours", "url": "here"}, {"name": "theirs"}], "z": 1}


def test_a_member_is_replaced_in_its_place() -> None:
    tree: dict[str, Any] = {"models": ["a text", {"name": "theirs"}, {"name": "ours", "url": "there"}]}
    assert graft(tree, [MODEL])
    assert tree["models"] == ["a text", {"name": "theirs"}, {"name": "ours", "url": "here"}]


def test_what_is_there_already_is_no_change() -> None:
    tree: dict[str, Any] = {"a": {"b": False}, "models": [{"url": "here", "name": "ours"}]}
    assert not graft(tree, [Setting(("a", "b"), False), MODEL])


def test_a_default_gives_way_to_what_is_there() -> None:
    tree: dict[str, Any] = {"name": "mine"}
    assert graft(tree, [Setting(("name",), "ours", is_default=True), Setting(("version",), "1", is_default=True)])
    assert tree == {"name": "mine", "version": "1"}


def test_a_name_without_a_value_is_filled() -> None:
    tree: dict[str, Any] = {"env": None}
    assert graft(tree, [Setting(("env", "OURS"), "y")])
    assert tree == {"env": {"OURS": "y"}}


@pytest.mark.parametrize("tree", [["a list"], "a text", {"models": {"a": 1}}, {"models": "none"}])
def test_another_shape_is_refused(tree: Any) -> None:
    with pytest.raises(Unsuitable):
        graft(tree, [MODEL])


def test_an_empty_file_is_what_the_first_way_leads_into() -> None:
    assert new_tree([MODEL]) == {}
    assert new_tree([Setting((Member("name", "ours"),), {})]) == []
