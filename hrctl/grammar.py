"""The grammar of `hr`: a group that loads a command only when it is meant, and commands that show examples."""

import importlib
import math
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, cast

import click

F = TypeVar("F", bound=Callable[..., Any])

NARROW = 80
"""Help is written for this width, whatever the terminal has."""


class LazyGroup(click.Group):
    """Its commands stand in *places*: name → `module:attribute`, in the order of the help."""

    def __init__(self, *args: Any, places: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        place = self._places.get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        return cast("click.Command", getattr(importlib.import_module(module), attribute))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as unknown:
            raise click.exceptions.NoSuchCommand(unknown.command_name, possibilities=list(self._places), ctx=ctx) from None


class InOrder(click.Group):
    """A group whose help lists its commands as they were written down."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)


class Command(click.Command):
    """A command with examples of its use, each one that can be typed."""

    def __init__(self, *args: Any, examples: tuple[str, ...], **options: Any) -> None:
        super().__init__(*args, **options)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Examples"):
            for example in self.examples:
                formatter.write(f"{'':{formatter.current_indent}}{example}\n")


class Dollars(click.FloatRange):
    """A sum of money, none or some: what is no number is none that could be kept to."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        dollars = float(super().convert(value, param, ctx))
        if not math.isfinite(dollars):
            self.fail(f"{value} is no sum of money.", param, ctx)
        return dollars


DOLLARS: Final = Dollars(min=0)


def as_json(command: F) -> F:
    """The option that every command has."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)
