"""Commands that are loaded when they are meant."""

import sys

import click
import pytest
from click.testing import CliRunner

from hrctl.grammar import Command, InOrder, LazyGroup, as_json

LAZY = LazyGroup("hr", places={"version": "hrctl.commands.version:version", "quota": "hrctl.commands.quota:quota"})


def test_a_command_is_loaded_when_it_is_asked_for_and_not_before() -> None:
    sys.modules.pop("hrctl.commands.quota", None)
    context = click.Context(LAZY)
    assert LAZY.list_commands(context) == ["version", "quota"]
    assert LAZY.get_command(context, "version") is not None
    assert "hrctl.commands.quota" not in sys.modules
    assert LAZY.get_command(context, "nothing") is None


def test_a_misspelt_command_is_met_with_what_was_probably_meant() -> None:
    ran = CliRunner().invoke(LAZY, ["quotta"])
    assert ran.exit_code == 2
    assert "No such command 'quotta'" in ran.output
    assert "'quota'" in ran.output


def test_examples_stand_at_the_end_of_the_help() -> None:
    @click.command(cls=Command, examples=("hr x 1", "hr x 2"))
    @as_json
    def x(as_json: bool) -> None:
        """Do x."""
        click.echo(as_json)

    assert CliRunner().invoke(x, ["--help"]).output.endswith("Examples:\n  hr x 1\n  hr x 2\n")
    assert CliRunner().invoke(x, ["--json"]).output == "True\n"


def test_a_command_without_an_example_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="examples"):
        click.command(cls=Command)(lambda: None)


def test_a_group_keeps_the_order_in_which_it_was_written() -> None:
    group = InOrder("g", commands=[click.Command("b"), click.Command("a")])
    assert group.list_commands(click.Context(group)) == ["b", "a"]
