"""A client and the router brought together: what it has to be told, as a value, and the same put into its own files."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from hrctl.clients.alteration import Alteration, alter, altered, path_of, written_as
from hrctl.clients.facts import Facts, filled_settings, filled_text
from hrctl.clients.shapes import Client, ConfigFile


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """One that the client reads. `value` is None for the key, without --reveal; `line` is for a shell."""

    name: str
    value: str | None
    line: str


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """What belongs into a file of the client's. `state`: `shown`, `written`, or `unchanged`. `backup`: what stood there."""

    path: str
    format: str
    text: str
    state: str
    backup: str = ""


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """`hr connect CLIENT --json`."""

    client: str
    title: str
    endpoint: str
    key: str
    environment: list[Variable]
    files: list[Piece]
    example: str
    notes: list[str]


def connection(
    client: Client, facts: Facts, environ: Mapping[str, str], home: Path, *, write: bool, reveal: bool
) -> Connection:
    """What *client* has to be told. With *write* it is put into its files, all of which are looked at before the first is."""
    paths = [(file, path_of(file, environ, home)) for file in client.files]
    if write:
        changes = [altered(path, file, filled_settings(file, facts, reveal=True)) for file, path in paths]
        pieces = [_written(file, change, facts, reveal=reveal) for (file, _), change in zip(paths, changes, strict=True)]
    else:
        pieces = [_piece(file, path, "shown", facts, reveal=reveal) for file, path in paths]
    return Connection(
        client=client.name,
        title=client.title,
        endpoint=facts.origin,
        key=facts.key_name,
        environment=[_variable(name, value, facts, reveal=reveal) for name, value in client.environment],
        files=pieces,
        example=client.example,
        notes=[filled_text(note, facts, reveal=reveal) for note in client.notes],
    )


def _written(file: ConfigFile, change: Alteration, facts: Facts, *, reveal: bool) -> Piece:
    if change.text is None:
        return _piece(file, change.path, "unchanged", facts, reveal=reveal)
    backup = alter(change)
    return _piece(file, change.path, "written", facts, reveal=reveal, backup=str(backup or ""))


def _piece(file: ConfigFile, path: Path, state: str, facts: Facts, *, reveal: bool, backup: str = "") -> Piece:
    text = written_as(file.format)("", filled_settings(file, facts, reveal=reveal)).rstrip("\n")
    return Piece(path=str(path), format=file.format, text=text, state=state, backup=backup)


def _variable(name: str, value: str, facts: Facts, *, reveal: bool) -> Variable:
    is_key = value == "{secret}"
    said = (facts.key if reveal else None) if is_key else filled_text(value, facts, reveal=reveal)
    return Variable(name=name, value=said, line=f"export {name}={filled_text(value, facts, reveal=reveal)}")
