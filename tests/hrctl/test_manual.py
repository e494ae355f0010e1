"""docs/cli.md says what the commands say, and every command says enough."""

import shlex
from pathlib import Path

import click
import pytest

from hrctl.grammar import Command
from hrctl.manual import contexts, manual

COMMANDS = [context for context in contexts() if not isinstance(context.command, click.Group)]


def test_the_page_in_docs_is_the_one_that_the_commands_make() -> None:
    page = Path(__file__).parents[2] / "docs" / "cli.md"
    assert page.read_text() == manual(), "make it anew: python -m hrctl.manual > docs/cli.md"


@pytest.mark.parametrize("context", list(contexts()), ids=lambda context: context.command_path)
def test_every_command_says_in_one_line_what_it_does(context: click.Context) -> None:
    said = context.command.get_short_help_str(limit=67)
    assert said.endswith("."), f"the first sentence is missing or too long for the list of commands: {said}"
    assert not said.endswith("...")


@pytest.mark.parametrize("context", COMMANDS, ids=lambda context: context.command_path)
def test_every_option_says_what_it_does(context: click.Context) -> None:
    options = [param for param in context.command.params if isinstance(param, click.Option) and not param.hidden]
    assert "--json" in [name for option in options for name in option.opts]
    assert all(option.help for option in options)


@pytest.mark.parametrize("context", COMMANDS, ids=lambda context: context.command_path)
def test_every_example_can_be_typed(context: click.Context) -> None:
    assert isinstance(context.command, Command)
    assert context.command.examples
    for example in context.command.examples:
        assert example == context.command_path or example.startswith(context.command_path + " ")
        typed = shlex.split(example.partition("<")[0])[len(context.command_path.split()) :]
        made = context.command.make_context(context.info_name, typed, parent=context.parent)
        assert made.args == []


def test_every_command_is_in_the_page_once() -> None:
    headings = [line for line in manual().splitlines() if line.startswith("## ")]
    assert len(headings) == len(set(headings)) == 40
    assert "## hr auth add" in headings
