"""docs/cli.md, made of what every command says of itself: `python -m hrctl.manual > docs/cli.md`."""

from collections.abc import Iterator

import click

from hrctl.__main__ import cli
from hrctl.grammar import NARROW

_TOP = """# The commands of `hr`

Made from the help of the commands themselves (`make docs`): change it there."""


def manual() -> str:
    """The whole page."""
    return "\n\n".join([_TOP, *(_section(context) for context in contexts())]) + "\n"


def contexts() -> Iterator[click.Context]:
    """Every group and command, each under its full name."""
    yield from _below(click.Context(cli, info_name="hr", terminal_width=NARROW, **cli.context_settings))


def _below(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            assert command is not None, f"{name} is listed, but is not there"
            yield from _below(click.Context(command, info_name=name, parent=context, terminal_width=NARROW))


def _section(context: click.Context) -> str:
    return f"## {context.command_path}\n\n```text\n{context.get_help().strip()}\n```"


if __name__ == "__main__":
    click.echo(manual(), nl=False)
