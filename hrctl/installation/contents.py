"""Everything that an installation puts into place beside the program itself, as values."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import click

from hrctl.installation.completions import SHELLS, completion
from hrctl.installation.layout import Layout
from hrctl.installation.roff import page
from hrctl.installation.templates import declaration, unit

MARK: Final = "Written by `hr service install`"
"""Stands in every file of ours: what does not have it is somebody else's, and is neither replaced nor removed."""
UNITS: Final = ("hrd.service", "hrd.socket")


class Program(NamedTuple):
    """A command line program with help."""

    name: str
    section: int
    command: click.Command


class Piece(NamedTuple):
    """A file with *text*, or a link to *target*."""

    path: str
    text: str = ""
    target: str = ""


def contents(layout: Layout, programs: tuple[Program, ...], version: str) -> list[Piece]:
    """What stands where when all is installed; without *programs* the service alone."""
    return [
        *(Piece(f"{layout.units}/{name}", unit(layout, name)) for name in UNITS),
        *_declarations(layout),
        *(Piece(f"{layout.commands}/{each.name}", target=f"{layout.program}/bin/{each.name}") for each in programs),
        *(Piece(_man_path(layout, each), _man(each, version)) for each in programs),
        *(Piece(_completion_path(layout, each, shell), _completion(each, shell)) for each in programs for shell in SHELLS),
    ]


def _declarations(layout: Layout) -> Iterator[Piece]:
    if layout.declarations:
        for name in ("sysusers", "tmpfiles"):
            yield Piece(declaration_path(layout, name), declaration(layout, name))


def declaration_path(layout: Layout, name: str) -> str:
    return f"{layout.declarations}/{name}.d/hermes-router.conf"


def _man_path(layout: Layout, program: Program) -> str:
    return f"{layout.man}/man{program.section}/{program.name}.{program.section}"


def _man(program: Program, version: str) -> str:
    return f'.\\" {MARK}\n{page(program.command, program.name, program.section, version)}'


def _completion_path(layout: Layout, program: Program, shell: str) -> str:
    match shell:
        case "zsh":
            return f"{layout.zsh}/_{program.name}"
        case "fish":
            return f"{layout.fish}/{program.name}.fish"
        case _:
            return f"{layout.bash}/{program.name}"


def _completion(program: Program, shell: str) -> str:
    return completion(program.command, program.name, shell, MARK)
