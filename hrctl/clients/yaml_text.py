"""YAML, as people write it: comments, order, quotes and indentation are kept."""

import io
from collections.abc import Sequence
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.util import load_yaml_guess_indent

from hrctl.clients.grafting import Unsuitable, graft, new_tree
from hrctl.clients.shapes import Setting

UNWRAPPED: Final = 1_000_000
"""No line is broken that was not broken before."""


def changed(text: str, settings: Sequence[Setting]) -> str:
    """*text* with *settings* in it; itself, when it has them. Raises `Unsuitable`."""
    try:
        tree = _writer(text).load(text)
        if tree is None:  # nothing but comments, which hang on nothing that could be written
            fresh = new_tree(settings)
            graft(fresh, settings)
            return _after(text) + _dumped(_writer(""), fresh)
        return _dumped(_writer(text), tree) if graft(tree, settings) else text
    except (YAMLError, ValueError, RecursionError) as error:
        raise Unsuitable(f"is not YAML: {' '.join(str(error).split())}") from None


def _writer(text: str) -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = UNWRAPPED
    yaml.explicit_start = True if text.startswith("---") else None
    _, indent, offset = load_yaml_guess_indent(text) if text.strip() else (None, None, None)
    yaml.indent(mapping=2, sequence=indent or 2, offset=offset or 0)
    return yaml


def _after(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _dumped(yaml: YAML, tree: Any) -> str:
    written = io.StringIO()
    yaml.dump(tree, written)
    return written.getvalue()
