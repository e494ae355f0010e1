"""What is wrong with a setting: its name, what stood there, what would be accepted, and where it came from."""

from typing import Final, Literal

import msgspec

from hrd.core.secrets import scrub

Source = Literal["environment", ".env", "config.toml", "default"]

SHOWN_CHARS_MAX: Final = 60
HIDDEN: Final = "(not shown)"


class Problem(msgspec.Struct, frozen=True):
    """One line for whoever has to mend it. *shown* is safe to print."""

    name: str
    shown: str | None
    accepted: str
    source: Source

    def __str__(self) -> str:
        value = "" if self.shown is None else f" = {self.shown}"
        place = "" if self.name == self.source else f" ({self.source})"  # the file as a whole
        return f"{self.name}{value}{place}: {self.accepted}"


class Problems(msgspec.Struct, frozen=True):
    """Everything that is wrong, so that it can be mended in one go."""

    problems: tuple[Problem, ...]
    warnings: tuple[str, ...] = ()
    provider_overrides: dict[str, dict[str, object]] = {}
    """As in `Settings`: what is wrong inside of them is found out by whoever knows the catalogue."""

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def shown(value: object, chars_max: int = SHOWN_CHARS_MAX) -> str:
    """*value* as it may be printed: on one line, not too long, without anything that looks like a key."""
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    text = value if isinstance(value, str) else repr(value)
    printable = "".join(char if char.isprintable() else "·" for char in scrub(text, limit=chars_max))
    return printable if printable.strip() else f"'{printable}'"
