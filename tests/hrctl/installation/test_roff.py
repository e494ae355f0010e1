"""Man pages say what --help says, and a formatter has nothing to complain of."""

import shutil
import subprocess

import click
import pytest

from hrctl.__main__ import cli
from hrctl.grammar import Command
from hrctl.installation.roff import page
from hrctl.manual import contexts
from hrd.__main__ import main as hrd

PAGES = {"hr": (cli, 1), "hrd": (hrd, 8)}


def shown(source: str) -> str:
    """The page as `man` shows it, without its bold type. Complaints of the formatter are errors."""
    done = subprocess.run(
        ["groff", "-man", "-Tascii", "-ww", "-P-c", "-P-b", "-P-u"], input=source, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return " ".join(done.stdout.split())


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed here")
@pytest.mark.parametrize("name", ["hr", "hrd"])
def test_a_page_is_shown_without_complaint(name: str) -> None:
    command, section = PAGES[name]
    text = shown(page(command, name, section, "1.2.3"))
    assert f"NAME {name} - " in text
    assert f"{name.upper()}({section})" in text
    assert "hermes-router 1.2.3" in text


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed here")
def test_every_command_is_in_the_page_with_its_options_and_examples() -> None:
    text = shown(page(cli, "hr", 1, "1.2.3"))
    for context in contexts():
        assert context.command_path in text
        for param in context.command.params:
            if isinstance(param, click.Option) and not param.hidden:
                assert all(spelled in text for spelled in param.opts)
        for example in context.command.examples if isinstance(context.command, Command) else ():
            assert " ".join(example.split()) in text


def test_what_looks_like_an_order_stays_text() -> None:
    command = click.Command("x", help='.so /etc/passwd\n\n\'tis \\fB a "quote" - and `more`…')
    source = page(command, "hr", 1, "1")
    assert "\n\\&.so /etc/passwd\n" in source
    assert '\n\\(aqtis \\efB a "quote" \\- and \\(gamore\\(ga...\n' in source
    assert source.isascii()


def test_lines_that_are_to_stay_lines_do() -> None:
    source = page(click.Command("x", help="First.\n\n\b\n.env  here\nthen there"), "hr", 1, "1")
    assert ".nf\n\\&.env  here\nthen there\n.fi\n" in source
