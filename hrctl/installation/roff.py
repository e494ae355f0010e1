"""Man pages, made of what commands say of themselves for `--help`. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

import click

from hrctl.grammar import NARROW, Command

_ALSO: Final = {"hr": "hrd (8)", "hrd": "hr (1)"}


def page(command: click.Command, name: str, section: int, version: str) -> str:
    """The page of *command* and all that is below it."""
    context = click.Context(command, info_name=name, **{**command.context_settings, "terminal_width": NARROW})
    lines = [
        f'.TH {name.upper()} {section} "" "hermes-router {version}" "hermes-router"',
        *(".nh", ".ad l", ".SH NAME"),
        f"{name} \\- {_text(_first_sentence(command))}",
        ".SH SYNOPSIS",
        *_usage(context),
        ".SH DESCRIPTION",
        *_paragraphs(command.help or ""),
        *_options(context, ".SH OPTIONS"),
        *_commands(context),
        ".SH SEE ALSO",
        f".BR {_ALSO[name]}",
    ]
    return "\n".join(lines) + "\n"


def _commands(context: click.Context) -> Iterator[str]:
    below = list(_below(context))
    if below:
        yield ".SH COMMANDS"
    for inner in below:
        yield f'.SS "{_text(inner.command_path)}"'
        yield from _usage(inner)
        yield ".PP"
        yield from _paragraphs(inner.command.help or "")
        yield from _options(inner, "")
        if isinstance(inner.command, Command):
            yield from _examples(inner.command.examples)


def _below(context: click.Context) -> Iterator[click.Context]:
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            assert command is not None, f"{name} is listed, but is not there"
            inner = click.Context(command, info_name=name, parent=context, terminal_width=NARROW)
            yield inner
            yield from _below(inner)


def _usage(context: click.Context) -> Iterator[str]:
    yield f".B {_text(context.command_path)}"
    pieces = context.command.collect_usage_pieces(context)
    if pieces:
        yield f".RI \\& {_quoted(' '.join(pieces))}"


def _options(context: click.Context, heading: str) -> Iterator[str]:
    found = [record for param in context.command.get_params(context) if (record := param.get_help_record(context))]
    records = [(spelled, meaning) for spelled, meaning in found if meaning]
    if records and heading:
        yield heading
    for spelled, meaning in records:
        yield ".TP"
        yield f".B {_text(spelled)}"
        yield from _words(meaning)


def _examples(examples: Sequence[str]) -> Iterator[str]:
    yield from (".PP", "Examples:", ".PP", ".RS 4", ".nf")
    yield from (_line(example) for example in examples)
    yield from (".fi", ".RE")


def _paragraphs(prose: str) -> Iterator[str]:
    """click's help texts: paragraphs with empty lines between them; one behind \\b keeps its lines."""
    for number, paragraph in enumerate(prose.strip().split("\n\n")):
        if number:
            yield ".PP"
        if paragraph.lstrip().startswith("\b"):
            yield ".nf"
            yield from (_line(line.strip()) for line in paragraph.replace("\b", "").strip("\n").split("\n"))
            yield ".fi"
        else:
            yield from _words(paragraph)


def _words(prose: str) -> Iterator[str]:
    yield _line(" ".join(prose.split()))


def _first_sentence(command: click.Command) -> str:
    return command.get_short_help_str(limit=200).rstrip(".")


def _line(text: str) -> str:
    """A line of text: one that begins with a dot or an apostrophe would be an order (groff(7))."""
    escaped = _text(text)
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def _text(text: str) -> str:
    """Plain ASCII, as a page may be shown in any locale."""
    text = text.replace("…", "...")
    return text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")


def _quoted(text: str) -> str:
    return '"' + _text(text).replace('"', "\\(dq") + '"'
