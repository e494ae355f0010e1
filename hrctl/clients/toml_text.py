"""TOML, as people write it: comments, order and spacing are kept."""

from collections.abc import Sequence

import tomlkit
from tomlkit.exceptions import TOMLKitError

from hrctl.clients.grafting import Unsuitable, graft
from hrctl.clients.shapes import Setting


def changed(text: str, settings: Sequence[Setting]) -> str:
    """*text* with *settings* in it; itself, when it has them. Raises `Unsuitable`."""
    try:
        tree = tomlkit.parse(text)
        return tomlkit.dumps(tree) if graft(tree, settings) else text
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise Unsuitable(f"is not TOML: {error}") from None
