"""What is known of a client: what to set, in which file or variable, and how it is used then.

Texts have places for what differs from daemon to daemon: `{origin}`, `{key}` and so on, see `facts.py`.
"""

from typing import NamedTuple


class Member(NamedTuple):
    """In a list, the mapping whose *field* says *name*."""

    field: str
    name: str


class Setting(NamedTuple):
    """A value, and the way to it from the top of a file. `is_default`: another one that stands there is kept."""

    way: tuple[str | Member, ...]
    value: object
    is_default: bool = False


class Home(NamedTuple):
    """The folder of a client's files: *variable* names it, else it is *usual*, below the user's home.

    Of a *usual* one in `.config` that part is XDG_CONFIG_HOME, where it is set.
    """

    variable: str
    usual: str


class ConfigFile(NamedTuple):
    """A file of the client's own, written as *format* says: `json`, `toml`, `yaml` or `env`."""

    home: Home
    name: str
    format: str
    settings: tuple[Setting, ...]

    @property
    def holds_key(self) -> bool:
        return "{key}" in repr(self.settings)


class Client(NamedTuple):
    """A program or library that is pointed at the router."""

    name: str
    title: str
    environment: tuple[tuple[str, str], ...] = ()
    files: tuple[ConfigFile, ...] = ()
    example: str = ""
    notes: tuple[str, ...] = ()
