"""`hr connect`: what a client needs to be served by the router, shown or put into its own files."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from hrctl.clients.alteration import path_of, restore
from hrctl.clients.connection import Connection, connection
from hrctl.clients.facts import Facts
from hrctl.clients.known import CLIENTS, known_client
from hrctl.clients.shapes import Client
from hrctl.commands.key import named_key
from hrctl.endpoint import widest_key
from hrctl.grammar import Command, as_json
from hrctl.problems import Misused, Trouble
from hrctl.render import Cell, Column, Paper, table
from hrctl.session import Session, home_folder, pretty
from hrctl.words import plain
from hrd.admin.wire.keys import KEY_CREATE, KEYS, KeyCreate, KeysQuestion
from hrd.admin.wire.route import Nothing
from hrd.admin.wire.status import STATUS


@click.command(
    cls=Command,
    examples=(
        "hr connect",
        "hr connect openai",
        "hr connect claude-code --write",
        "hr connect codex --write --key codex",
        "hr connect claude-code --undo",
    ),
)
@click.argument("name", metavar="[CLIENT]", default="")
@click.option("--write", is_flag=True, help="Put it into the client's own files, and keep a copy of what stood there.")
@click.option("--undo", is_flag=True, help="Put back what stood there before --write.")
@click.option(
    "--key", "key_name", default="", metavar="NAME", help="The client key to use; made if there is none of this name."
)
@click.option("--reveal", is_flag=True, help="Show the key itself.")
@as_json
@click.pass_obj
def connect(session: Session, name: str, write: bool, undo: bool, key_name: str, reveal: bool, as_json: bool) -> None:
    """What CLIENT has to be told to be served by the router.

    Without CLIENT: which are known. A file that cannot be read, or is not what its client would understand, is left as it is.
    What is in a file already, comments too, stays. A file that holds the key is for you alone (mode 0600).
    """
    if not name:
        if write or undo or key_name:
            raise Misused("which client?", "see which are known: hr connect")
        session.say(pretty(msgspec.json.encode({"clients": _listed()})) if as_json else _drawn_list(session.paper))
        return
    client = known_client(name.lower())
    if client is None:
        known = ", ".join(one.name for one in CLIENTS)
        raise Misused(f"no client {plain(name)} is known", f"one of {known}; others take what hr connect openai shows")
    if write and undo:
        raise Misused("either --write or --undo", f"hr connect {client.name} --write")
    if (write or undo) and not client.files:
        raise Misused(f"{client.title} has no file of its own to write", f"see what to set: hr connect {client.name}")
    if undo:
        _undo(session, client, as_json)
        return
    facts = _facts(session, key_name)
    done = connection(client, facts, os.environ, home_folder(), write=write, reveal=reveal)
    if as_json:
        session.say(pretty(msgspec.json.encode(done)))
    else:
        session.say("\n".join(_drawn_written(done) if write else _drawn(done, facts)))


def _listed() -> list[dict[str, object]]:
    return [
        {"name": one.name, "title": one.title, "files": [str(path_of(file, os.environ, home_folder())) for file in one.files]}
        for one in CLIENTS
    ]


def _drawn_list(paper: Paper) -> str:
    rows: list[list[Cell | str]] = [
        [one.name, one.title, " ".join(_short(path_of(file, os.environ, home_folder())) for file in one.files)]
        for one in CLIENTS
    ]
    columns = (Column("CLIENT"), Column("", shrinks=True), Column("--WRITE CHANGES", shrinks=True, goes=1))
    return f"{table(paper, columns, rows)}\n\nSee what to set: hr connect CLIENT"


def _facts(session: Session, key_name: str) -> Facts:
    endpoint = session.client.ask(STATUS, Nothing()).value.endpoint
    keys = session.client.ask(KEYS, KeysQuestion(reveal=True)).value.keys
    found = named_key(keys, key_name) if key_name else widest_key(keys)
    if found is None:
        made = session.client.ask(KEY_CREATE, KeyCreate(name=key_name)).value
        name, key = made.name, made.key
    else:
        name, key = found.name or found.fingerprint, found.key or ""
    socket = session.client.only_path
    return Facts(endpoint, key, name, (_this_program(), *(("--socket", str(Path(socket).absolute())) if socket else ())))


def _this_program() -> str:
    """`hr` by its whole path: a client may be started with another PATH, or with none."""
    here = Path(sys.argv[0]).absolute()
    return str(here) if here.name == "hr" and here.exists() else shutil.which("hr") or str(Path(sys.executable).with_name("hr"))


def _drawn(done: Connection, facts: Facts) -> Iterator[str]:
    yield done.title
    if done.environment:
        yield "\nIn the environment that it runs in:\n"
        yield from (f"  {variable.line}" for variable in done.environment)
    for piece in done.files:
        yield f"\nIn {_short(Path(piece.path))}:\n"
        yield from (f"  {line}" if line else "" for line in piece.text.splitlines())
    if done.files:
        yield f"\nhr connect {done.client} --write puts it there. The key is shown by: {facts.revealing}"
    yield from _ending(done)


def _drawn_written(done: Connection) -> Iterator[str]:
    for piece in done.files:
        path = _short(Path(piece.path))
        if piece.state == "unchanged":
            yield f"{path} says so already"
        else:
            yield f"Wrote {path}" + (f"; what stood there is in {_short(Path(piece.backup))}" if piece.backup else "")
    yield f"It uses the client key {plain(done.key)}. Take it back: hr connect {done.client} --undo"
    yield from _ending(done)


def _ending(done: Connection) -> Iterator[str]:
    if done.example:
        yield "\nThen:\n"
        yield from (f"  {line}" if line else "" for line in done.example.splitlines())
    if done.notes:
        yield ""
        yield from done.notes


def _undo(session: Session, client: Client, as_json: bool) -> None:
    paths = [path_of(file, os.environ, home_folder()) for file in client.files]
    restored = [str(path) for path in paths if restore(path)]
    if as_json:
        session.say(pretty(msgspec.json.encode({"client": client.name, "restored": restored})))
        return
    if not restored:
        raise Trouble(f"hr connect has written nothing for {client.title} that could be taken back", "")
    session.say("\n".join(f"{_short(Path(path))} is as it was before" for path in restored))


def _short(path: Path) -> str:
    home = home_folder()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
