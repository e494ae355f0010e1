"""What every client has to be told: where the router listens, and the key that opens it."""

import shlex
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hrctl.clients.shapes import ConfigFile, Setting

MASKED = "sk-router-…"


class Facts(NamedTuple):
    """*hr*: the command line that reaches the daemon from anywhere. *key_name*: by which it knows the key."""

    origin: str
    key: str
    key_name: str
    hr: tuple[str, ...]

    @property
    def base(self) -> str:
        return f"{self.origin}/v1"

    @property
    def revealing(self) -> str:
        """What prints the key, for a shell."""
        return shlex.join(["hr", *self.hr[1:], "key", "reveal", self.key_name])


def filled(value: object, facts: Facts, *, reveal: bool) -> object:
    """*value* with the facts in it. Without *reveal* the key is only hinted at.

    `{origin}` is the address, `{base}` the same with /v1; `{key}` is the key, `{secret}` the key as a shell is to put it in;
    `{hr}` is the program, `{reveal}` the list of its arguments that print the key.
    """
    if isinstance(value, Mapping):
        return {name: filled(one, facts, reveal=reveal) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [filled(one, facts, reveal=reveal) for one in value]
    if value == "{reveal}":
        return [*facts.hr[1:], "key", "reveal", facts.key_name]
    return filled_text(value, facts, reveal=reveal) if isinstance(value, str) else value


def filled_text(text: str, facts: Facts, *, reveal: bool) -> str:
    """As `filled`, for a text that stays one."""
    for name, fact in {
        "{origin}": facts.origin,
        "{base}": facts.base,
        "{hr}": facts.hr[0],
        "{secret}": shlex.quote(facts.key) if reveal else f'"$({facts.revealing})"',
        "{key}": facts.key if reveal else MASKED,
    }.items():
        text = text.replace(name, fact)
    return text


def filled_settings(file: ConfigFile, facts: Facts, *, reveal: bool) -> list[Setting]:
    return [setting._replace(value=filled(setting.value, facts, reveal=reveal)) for setting in file.settings]
