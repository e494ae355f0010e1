"""`hr setup`: the first five minutes. A daemon that runs, a provider with a key, a request that was answered."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from hrctl.commands.auth import added_lines, keys_asked, keys_read
from hrctl.commands.try_ import refused, small_request
from hrctl.endpoint import open_endpoint
from hrctl.grammar import Command
from hrctl.problems import Misused, NotRunning, Trouble
from hrctl.session import Session
from hrctl.starting import start_daemon
from hrctl.trial import drawn_trial, try_out
from hrctl.words import plain
from hrd.admin.wire.auth import AUTH_ADD, AuthAdd
from hrd.admin.wire.daemon import VERSION
from hrd.admin.wire.doctor import PROVIDERS, KnownProvider
from hrd.admin.wire.models import MODELS_SET, ModelsChange
from hrd.admin.wire.route import Nothing
from hrd.admin.wire.status import STATUS


@click.command(
    cls=Command,
    examples=("hr setup", "hr setup --provider groq", "hr setup --provider groq --key-stdin --yes < key.txt"),
)
@click.option("--provider", default="", metavar="NAME", help="Whom to add a key of.")
@click.option("--key-stdin", is_flag=True, help="Read keys from standard input, one a line.")
@click.option("--model", default="", help="For local: the model that your own server has.")
@click.option("--yes", is_flag=True, help="Ask nothing: start hrd if it does not run, and send the request.")
@click.pass_obj
def setup(session: Session, provider: str, key_stdin: bool, model: str, yes: bool) -> None:
    """Get started: a daemon, a key, a first answer.

    Starts hrd if it does not run, takes a key of the provider that you choose (without showing it), sends one tiny real
    request, and says what your programs need. Nothing that is there already is changed.
    """
    is_asking = sys.stdin.isatty() and not yes and not key_stdin
    if not is_asking and not provider:
        raise Misused("which provider?", "hr setup --provider groq --key-stdin --yes < key.txt")
    _see_that_it_runs(session, is_asking=is_asking)
    known = session.client.ask(PROVIDERS, Nothing()).value.providers
    chosen = _named(known, provider) if provider else _chosen(session, known)
    name = _give_key(session, chosen, model, key_stdin=key_stdin, is_asking=is_asking)
    if is_asking and not click.confirm(f"Send one tiny request to {name}?", default=True, err=True):
        session.say("Not sent. Try it later: hr try")
    else:
        _try(session, name)
    session.say(_farewell(session))


def _see_that_it_runs(session: Session, *, is_asking: bool) -> None:
    try:
        found = session.client.ask(VERSION, Nothing()).value
        session.say(f"hrd {plain(found.version)} runs (pid {found.pid})")
    except NotRunning as nobody:
        if is_asking and not click.confirm("hrd does not run. Start it in the background now?", default=True, err=True):
            raise nobody from None
        session.say(f"hrd runs now. Its log: {start_daemon(session.client, os.environ, _home())}")


def _named(known: Sequence[KnownProvider], name: str) -> KnownProvider:
    """By its own name; the daemon knows the aliases, and says what was meant."""
    return next((one for one in known if one.name == name.lower()), KnownProvider(name=name))


def _chosen(session: Session, known: Sequence[KnownProvider]) -> KnownProvider:
    session.say("\nWhose key do you have?\n")
    for place, one in enumerate(known, 1):
        note = "has a key" if one.has_key else plain(one.keys_at)
        session.say(f"  {place:>2}  {plain(one.name):<14} {plain(one.cost_class):<13} {note}")
    place = click.prompt("\nNumber", type=click.IntRange(1, len(known)), err=True)
    return known[place - 1]


def _give_key(session: Session, chosen: KnownProvider, model: str, *, key_stdin: bool, is_asking: bool) -> str:
    """See that the provider has one; its name."""
    if chosen.keyless:
        _switch_on(session, chosen, model, is_asking=is_asking)
        return chosen.name
    if not key_stdin and not is_asking:
        if chosen.has_key:
            return chosen.name
        raise Misused(f"{chosen.name} has no key yet", f"hr setup --provider {chosen.name} --key-stdin --yes < key.txt")
    if is_asking and chosen.has_key and not click.confirm(f"{chosen.name} has a key. Add another?", default=False, err=True):
        return chosen.name
    if is_asking and chosen.keys_at:
        session.say(f"Keys come from {plain(chosen.keys_at)}")
    keys = keys_read() if key_stdin else keys_asked(chosen.name)
    added = session.client.ask(AUTH_ADD, AuthAdd(provider=chosen.name, keys=tuple(keys))).value
    session.say("\n".join(added_lines(added, session.paper)))
    return added.provider


def _switch_on(session: Session, chosen: KnownProvider, model: str, *, is_asking: bool) -> None:
    """A server of one's own needs no key, but somebody has to say which model it has."""
    if chosen.has_key and not model:
        return
    first = chosen.models[0] if chosen.models else ""
    wanted = model or (click.prompt("Which model does it have?", default=first, err=True) if is_asking else first)
    session.client.ask(MODELS_SET, ModelsChange(provider=chosen.name, models=(wanted,)))
    session.say(f"{chosen.name} is asked for {plain(wanted)}")


def _try(session: Session, provider: str) -> None:
    trial = try_out(session.client, open_endpoint(session.client), small_request("Say hello in one short sentence.", provider))
    if not trial.is_good:
        raise refused(trial)
    session.say("\n".join(["", *drawn_trial(trial)]))


def _farewell(session: Session) -> str:
    endpoint = session.client.ask(STATUS, Nothing()).value.endpoint
    return (
        f"\nPoint your programs at\n\n  OPENAI_BASE_URL={endpoint}/v1\n  OPENAI_API_KEY=…    shown by: hr key list --reveal\n\n"
        "and see what happens with: hr status, hr logs, hr why REQUEST_ID"
    )


def _home() -> str:
    try:
        return str(Path.home())
    except RuntimeError:
        raise Trouble("this user has no home folder", "set HERMES_ROUTER_HOME to a folder") from None
