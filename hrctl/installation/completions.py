"""Completions for shells: click's own scripts, with the line by which we know them again as ours. Pure."""

from typing import Final

import click
from click.shell_completion import get_completion_class

SHELLS: Final = ("bash", "zsh", "fish")
FISH_SPLIT: Final = 'string split "," $completion'
FISH_SPLIT_ONCE: Final = 'string split --max 1 "," $completion'
"""click's script ends what it shows of a command at its first comma."""


def completion(command: click.Command, name: str, shell: str, mark: str) -> str:
    """The script that makes *shell* complete *name*; the program is asked for the words while the user types."""
    kind = get_completion_class(shell)
    assert kind is not None, f"click knows {shell}"
    made = kind(command, {}, name, f"_{name.upper()}_COMPLETE")
    script = (made.source_template % made.source_vars()).strip()
    script = script.replace(FISH_SPLIT, FISH_SPLIT_ONCE)
    first, _, rest = script.partition("\n")
    # zsh takes a file for a completion by its first line (zshcompsys(1)).
    return f"{first}\n# {mark}\n{rest}\n" if first.startswith("#compdef") else f"# {mark}\n{script}\n"
