"""JSON, as programs write it: the order of its names and its indentation are kept."""

import json
import re
from collections.abc import Sequence

from hrctl.clients.grafting import Unsuitable, graft, new_tree
from hrctl.clients.shapes import Setting


def changed(text: str, settings: Sequence[Setting]) -> str:
    """*text* with *settings* in it; itself, when it has them. Raises `Unsuitable`."""
    try:
        tree = json.loads(text) if text.strip() else new_tree(settings)
    except (ValueError, RecursionError) as error:
        raise Unsuitable(f"is not JSON: {error}") from None
    if not graft(tree, settings):
        return text
    return json.dumps(tree, ensure_ascii=False, indent=_indent(text)) + "\n"


def _indent(text: str) -> str:
    found = re.search(r"^([ \t]+)\S", text, re.MULTILINE)
    return found[1] if found else "  "
