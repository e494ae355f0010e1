"""`hr auth`: provider keys, seen by their fingerprints only."""

import sys
from collections.abc import Iterator
from typing import Final

import click

from hrctl.client import Client
from hrctl.commands.accounts import import_codex, login
from hrctl.grammar import Command, InOrder, as_json
from hrctl.hindered import hindered
from hrctl.problems import Misused, Trouble
from hrctl.render import Column, Paper, table
from hrctl.session import Session
from hrctl.words import day, many, plain
from hrd.admin.wire.auth import (
    AUTH_ACCOUNT,
    AUTH_ADD,
    AUTH_LIST,
    AUTH_REMOVE,
    AuthAccount,
    AuthAccountSet,
    AuthAdd,
    AuthAdded,
    AuthCredential,
    AuthList,
    AuthQuestion,
    AuthRemove,
    AuthRemoved,
    is_fingerprint,
)

KEYS_BYTES_MAX: Final = 1 << 20
SIGN_IN: Final = ("codex", "chatgpt")
"""Nobody is asked for a key of these, only to hear that there are none."""
PROVIDER_MAX: Final = 24
"""No provider or alias is longer: what is, may be a key, and is not repeated on the screen."""


@click.group(cls=InOrder)
def auth() -> None:
    """Keys and accounts: add, list, remove, sign in."""


@auth.command(
    cls=Command,
    examples=(
        "hr auth add groq",
        "hr auth add openrouter --label work --account me@example.org",
        "hr auth add groq --key-stdin < keys.txt",
    ),
    context_settings={"allow_extra_args": True},
)
@click.argument("provider")
@click.option("--key-stdin", is_flag=True, help="Read keys from standard input, one a line.")
@click.option(
    "--account", default="", metavar="NAME", help="The account that these keys draw on: keys of one account share its quota."
)
@click.option("--label", default="", help="A word to know them by.")
@click.option(
    "--class",
    "cost_class",
    type=click.Choice(["free", "subscription", "paid"]),
    help="What their replies cost, when it is not what is usual for the provider.",
)
@click.option("--key", "--api-key", "given", hidden=True)
@as_json
@click.pass_context
def add(
    ctx: click.Context,
    provider: str,
    key_stdin: bool,
    account: str,
    label: str,
    cost_class: str | None,
    given: str | None,
    as_json: bool,
) -> None:
    """Add keys for a provider. They work for the next request.

    Keys are asked for without showing them, or read from standard input with --key-stdin; never given as arguments, where the
    shell's history and the list of processes would keep them. PROVIDER may be a short name: or, google, hf, glm, nim …
    """
    if ctx.args or given is not None or len(provider) > PROVIDER_MAX:
        raise _exposed(provider)
    see_that_it_takes_keys(provider)
    session: Session = ctx.obj
    again = f"hr auth add {provider_shown(provider)}"
    if not key_stdin:
        session.client.ask(
            AUTH_LIST, AuthQuestion(provider=provider)
        )  # whoever is not known is refused before a key is asked for
    keys = keys_read(again) if key_stdin else keys_asked(provider, again)
    ask = AuthAdd(provider=provider, keys=tuple(keys), account=account, label=label, cost_class=cost_class or "")
    session.show(session.client.ask(AUTH_ADD, ask), _added, as_json)


def _exposed(provider: str) -> Misused:
    name = provider_shown(provider)
    return Misused(
        "keys are never taken as arguments. If that was a key, the shell's history and the list of processes have seen it: "
        "treat it as exposed, have the provider revoke it, and make a new one",
        f"then type hr auth add {name} (it asks without showing the key), or hr auth add {name} --key-stdin < FILE",
    )


def see_that_it_takes_keys(provider: str) -> None:
    if provider.lower() in SIGN_IN:
        raise Misused(f"{provider} takes no keys: its accounts sign in", "hr auth login codex, or hr auth import-codex")


def provider_shown(provider: str) -> str:
    """A longer word may be a key, given in the wrong place."""
    return plain(provider) if len(provider) <= PROVIDER_MAX else "PROVIDER"


def keys_read(again: str) -> list[str]:
    """*again*: what to type to give them after all, if there is none."""
    text = sys.stdin.read(KEYS_BYTES_MAX + 1)
    if len(text) > KEYS_BYTES_MAX:
        raise Misused(f"standard input is longer than {KEYS_BYTES_MAX >> 20} MiB", "give one key a line")
    return _some([line.strip() for line in text.splitlines() if line.strip()], _one_a_line(again))


def keys_asked(provider: str, again: str) -> list[str]:
    """Several at once: separated by blanks or commas, or one after the other until an empty line. *again*: see `keys_read`."""
    if not sys.stdin.isatty():
        raise Misused("there is no terminal to ask for the key", _one_a_line(again))
    keys: list[str] = []
    prompt = f"Key for {plain(provider)} (not shown)"
    while entered := click.prompt(prompt, hide_input=True, default="", show_default=False, err=True).replace(",", " ").split():
        keys += entered
        prompt = "Another, or Enter alone to finish"
    return _some(keys, f"when you have it: {again}")


def _one_a_line(again: str) -> str:
    return f"give keys one a line: {again} --key-stdin < FILE"


def _some(keys: list[str], hint: str) -> list[str]:
    if not keys:
        raise Misused("no key was given, nothing has changed", hint)
    return keys


def _added(done: AuthAdded, paper: Paper) -> str:
    return "\n".join(added_lines(done, paper))


def added_lines(done: AuthAdded, paper: Paper) -> Iterator[str]:
    if done.added:
        yield f"Added {many(len(done.added), 'key')} for {plain(done.provider)}: {plain(', '.join(done.added))}"
    if done.already:
        yield f"Already there: {plain(', '.join(done.already))}"
    for warning in done.warnings:
        yield paper.paint(f"warning: {plain(warning)}", "yellow")


@auth.command("list", cls=Command, examples=("hr auth list", "hr auth list groq", "hr auth list --json"))
@click.argument("provider", default="")
@as_json
@click.pass_obj
def list_(session: Session, provider: str, as_json: bool) -> None:
    """The keys there are.

    Each with its fingerprint, where it stands, whose account it draws on and how it does. Never the key itself.
    """
    found = session.client.ask(AUTH_LIST, AuthQuestion(provider=provider))
    session.show(found, lambda found, paper: _listed(found, provider, paper), as_json)


_COLUMNS: Final = (
    Column("PROVIDER"),
    Column("#", right=True),
    Column("FINGERPRINT"),
    Column("STATE"),
    Column("CLASS"),
    Column("LABEL", shrinks=True),
    Column("ACCOUNT", shrinks=True),
    Column("SOURCE", shrinks=True),
    Column("ADDED"),
    Column("NOTE", shrinks=True),
)


def _listed(found: AuthList, provider: str, paper: Paper) -> str:
    if not found.credentials and provider:
        return f"{plain(provider)} has no key: add one with {_adding(provider)}"
    if not found.credentials:
        return "No keys yet: add one with hr auth add PROVIDER"
    return table(paper, _COLUMNS, [_row(one, found.now) for one in found.credentials])


def _adding(provider: str) -> str:
    return "hr auth login codex" if provider.lower() in SIGN_IN else f"hr auth add {plain(provider)}"


def _row(one: AuthCredential, now: float) -> list[str]:
    account = f"{one.account} (said by the provider)" if one.account and one.account_by == "provider" else one.account
    account = "its own" if one.account == one.fingerprint else account
    added = day(one.added_at) if one.added_at is not None else ""
    note = hindered(one.reason, one.until, now)
    place = str(one.index)
    return [one.provider, place, one.fingerprint, one.state, one.cost_class, one.label, account, one.source, added, note]


@auth.command(cls=Command, examples=("hr auth remove groq-1a2b3c4d", "hr auth remove groq 2"))
@click.argument("which", metavar="FINGERPRINT|PROVIDER")
@click.argument("index", type=click.IntRange(min=1), required=False)
@as_json
@click.pass_obj
def remove(session: Session, which: str, index: int | None, as_json: bool) -> None:
    """Remove one key.

    It is named by its fingerprint, or by its provider and number (see hr auth list). Requests that run with it finish. Only
    keys in auth.json can be removed; for others hr says where they stand.
    """
    session.show(session.client.ask(AUTH_REMOVE, _meant(session.client, which, index)), _removed, as_json)


def _meant(client: Client, which: str, index: int | None) -> AuthRemove:
    if index is not None:
        return AuthRemove(provider=which, index=index)
    if is_fingerprint(which):
        return AuthRemove(fingerprint=which)
    if len(which) > PROVIDER_MAX:
        raise Misused(
            "that is not a fingerprint (provider-1a2b3c4d). If it was a key, treat it as exposed", "see them: hr auth list"
        )
    if not client.ask(AUTH_LIST, AuthQuestion(provider=which)).value.credentials:
        raise Trouble(f"{which} has no key", f"add one with {_adding(which)}")
    raise Misused(f"which key of {which}?", f"see them with hr auth list {which}, then hr auth remove {which} NUMBER")


def _removed(done: AuthRemoved, paper: Paper) -> str:
    left = f"{many(done.left, 'key')} left" if done.left else f"none left: {plain(done.provider)} is not asked any more"
    lines = [f"Removed {plain(done.fingerprint)}, {left}"]
    lines += [paper.paint(f"warning: {plain(warning)}", "yellow") for warning in done.warnings]
    return "\n".join(lines)


@auth.command(
    cls=Command,
    examples=(
        "hr auth group groq-1a2b3c4d work",
        "hr auth group groq-1a2b3c4d --alone",
        "hr auth group groq-1a2b3c4d --auto",
    ),
)
@click.argument("fingerprint")
@click.argument("name", default="")
@click.option("--alone", is_flag=True, help="It is an account of its own, whatever its provider says.")
@click.option("--auto", is_flag=True, help="Its provider may say whose it is; until then it is its own.")
@as_json
@click.pass_obj
def group(session: Session, fingerprint: str, name: str, alone: bool, auto: bool, as_json: bool) -> None:
    """Say which account a key draws on.

    Keys of one account share its quota: none of them is asked when it is used up. Some providers name the account themselves,
    in replies or refusals (see hr auth list); what you say counts before that. What a key has used so far goes with it into
    the account; what was counted for an account that it leaves stays there.
    """
    if not is_fingerprint(fingerprint):
        raise Misused("that is not a fingerprint (provider-1a2b3c4d)", "see them: hr auth list")
    if bool(name) + alone + auto != 1:
        raise Misused("say one of: a NAME, --alone, --auto", f"hr auth group {fingerprint} NAME")
    ask = AuthAccount(fingerprint=fingerprint, account=name, alone=alone)
    session.show(session.client.ask(AUTH_ACCOUNT, ask), _grouped, as_json)


def _grouped(done: AuthAccountSet, _paper: Paper) -> str:
    key = plain(done.fingerprint)
    if done.account in ("", done.fingerprint):
        return f"{key} is an account of its own" + ("" if done.account else f", unless {plain(done.provider)} says otherwise")
    others = f", shared with {plain(', '.join(done.shared_with))}" if done.shared_with else ""
    return f"{key} draws on the account {plain(done.account)}{others}"


auth.add_command(login)
auth.add_command(import_codex)
