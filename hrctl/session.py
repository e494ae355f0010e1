"""What every command is handed: the client, and the paper to write on."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from hrctl.client import Answered, Client
from hrctl.problems import Trouble
from hrctl.render import Paper

A = TypeVar("A")

_CLEAR = "\x1b[H\x1b[2J\x1b[3J"


class Session:
    """One run of `hr`."""

    def __init__(self, client: Client, paper: Paper) -> None:
        self.client = client
        self.paper = paper

    def show(self, answered: Answered[A], drawn: Callable[[A, Paper], str], as_json: bool) -> None:
        """The answer for a program, as the daemon wrote it, or *drawn* for people."""
        self.say(pretty(answered.raw) if as_json else drawn(answered.value, self.paper))

    def show_line(self, answered: Answered[A], drawn: Callable[[A, Paper], str], as_json: bool) -> None:
        """One of many answers; as JSON it stays on one line."""
        self.say(answered.raw.decode() if as_json else drawn(answered.value, self.paper))

    def say(self, text: str) -> None:
        click.echo(text, color=self.paper.colour)

    def redraw(self, text: str) -> None:
        """In place of what the terminal shows; elsewhere below it."""
        if self.paper.clears:
            click.echo(_CLEAR, nl=False, color=True)
        self.say(text)


def pretty(raw: bytes) -> str:
    """JSON for programs, and readable all the same. Fields that this `hr` does not know are kept."""
    return msgspec.json.format(raw, indent=2).decode()


def home_folder() -> Path:
    """The user's; a service account may have none."""
    try:
        return Path.home()
    except RuntimeError:
        raise Trouble("this user has no home folder", "set HOME to a folder") from None
