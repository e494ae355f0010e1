"""Settings put into a tree of mappings and lists, as the libraries of every format make them. All else stays as it is."""

from collections.abc import Iterable, MutableMapping, MutableSequence
from typing import Any

from hrctl.clients.shapes import Member, Setting


class Unsuitable(Exception):  # noqa: N818 - what is wrong is the file, not the program
    """The file is not what its client would read: nothing can be put into it."""


def new_tree(settings: Iterable[Setting]) -> Any:
    """What an empty file is: a list if the first way leads into one."""
    first = next(iter(settings)).way[0]
    return [] if isinstance(first, Member) else {}


def graft(tree: Any, settings: Iterable[Setting]) -> bool:
    """Put *settings* into *tree*; whether that changed anything."""
    changed = False
    for setting in settings:
        node = tree
        for step, after in zip(setting.way[:-1], setting.way[1:], strict=True):
            node = _entered(node, step, after)
        changed |= _put(node, setting)
    return changed


def _entered(node: Any, step: str | Member, after: str | Member) -> Any:
    """What stands at *step*, made if there is nothing."""
    if isinstance(step, Member):
        raise TypeError("a way ends with the member of a list")
    _check(node, step)
    if node.get(step) is None:
        node[step] = [] if isinstance(after, Member) else {}
    return node[step]


def _put(node: Any, setting: Setting) -> bool:
    step, value = setting.way[-1], setting.value
    _check(node, step)
    if isinstance(step, str):
        if step in node and (setting.is_default or node[step] == value):
            return False
        node[step] = value
        return True
    for place, one in enumerate(node):
        if isinstance(one, MutableMapping) and one.get(step.field) == step.name:
            if one == value:
                return False
            node[place] = value
            return True
    node.insert(0, value)  # the first is what a client takes unless told; and what follows a list in its file stays there
    return True


def _check(node: Any, step: str | Member) -> None:
    if isinstance(step, Member) and not isinstance(node, MutableSequence):
        raise Unsuitable("a list is wanted where something else stands")
    if isinstance(step, str) and not isinstance(node, MutableMapping):
        raise Unsuitable(f"{step} can only stand in a table of names and values, and something else stands there")
