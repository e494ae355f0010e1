"""`hr setup`: the first five minutes. A daemon that runs, a provider with a key, a request that was answered."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from hrctl.alone import ask_alone
from hrctl.commands.auth import added_lines, keys_asked, keys_read, provider_shown, see_that_it_takes_keys
from hrctl.commands.try_ import PROMPT, refused, small_request
from hrctl.endpoint import open_endpoint
from hrctl.grammar import Command, as_json
from hrctl.installation.arriving import Outcome
from hrctl.installation.machine import ThisMachine
from hrctl.problems import Misused, NotRunning, Trouble
from hrctl.session import Session, home_folder, pretty
from hrctl.settling import Settling
from hrctl.starting import start_daemon
from hrctl.trial import Trial, drawn_trial, try_out
from hrctl.words import plain
from hrd.admin.wire.auth import AUTH_ADD, AuthAdd
from hrd.admin.wire.daemon import VERSION
from hrd.admin.wire.doctor import PROVIDERS, KnownProvider
from hrd.admin.wire.models import MODELS_SET, ModelsChange
from hrd.admin.wire.route import Nothing
from hrd.admin.wire.status import STATUS


@click.command(
    cls=Command,
    examples=(
        "hr setup",
        "hr setup --provider groq",
        "hr setup --provider groq --key-stdin --yes < key.txt",
        "hr setup --provider groq --key-stdin --yes --service < key.txt",
    ),
)
@click.option("--provider", default="", metavar="NAME", help="Whom to add a key of.")
@click.option("--key-stdin", is_flag=True, help="Read keys from standard input, one a line.")
@click.option("--model", default="", help="For local: the model that your own server has.")
@click.option("--yes", is_flag=True, help="Ask nothing: start hrd if it does not run, and send the request.")
@click.option(
    "--service/--no-service",
    "service",
    default=None,
    help="Whether hrd is to start by itself, as a service: the machine's for root, else yours.  [ask; with --yes: no]",
)
@as_json
@click.pass_obj
def setup(session: Session, provider: str, key_stdin: bool, model: str, yes: bool, service: bool | None, as_json: bool) -> None:
    """Get started: a daemon, a key, a first answer.

    Starts hrd if it does not run, as a service or in the background, takes a key of the provider that you choose (without
    showing it), sends one tiny real request, and says what your programs need. Nothing that is there already is changed.
    """
    is_asking = sys.stdin.isatty() and not yes and not key_stdin
    if not is_asking and not provider:
        raise Misused("which provider?", "hr setup --provider groq --key-stdin --yes < key.txt")
    see_that_it_takes_keys(provider)
    keys = keys_read(_again(provider)) if key_stdin else []  # before anything is begun: there may be none
    settling = Settling(ThisMachine(), os.environ, os.getuid())
    guide = Guide(session, settling, is_asking=is_asking, service=service, as_json=as_json)
    guide.see_that_it_runs(provider, has_keys=bool(keys))
    known = session.client.ask(PROVIDERS, Nothing()).value.providers
    chosen = _named(known, provider) if provider else guide.choose(known)
    name = guide.give_key(chosen, model, keys)
    trial = guide.try_out(name)
    is_settled = guide.see_that_it_stays()
    endpoint = session.client.ask(STATUS, Nothing()).value.endpoint
    done = SetUp(provider=name, endpoint=endpoint, trial=trial, service=is_settled)
    session.say(pretty(msgspec.json.encode(done)) if as_json else _farewell(done))


class SetUp(msgspec.Struct, frozen=True, kw_only=True):
    """`hr setup --json`. No `trial`: it was not wanted. `service`: hrd starts by itself."""

    provider: str
    endpoint: str
    trial: Trial | None
    service: bool


class Guide:
    """Goes through the steps with somebody, or alone."""

    def __init__(self, session: Session, settling: Settling, *, is_asking: bool, service: bool | None, as_json: bool) -> None:
        """*service*: whether it is to be one; None: ask, or leave it."""
        self._session = session
        self._client = session.client
        self._settling = settling
        self._is_asking = is_asking
        self._service = service
        self._as_json = as_json

    def see_that_it_runs(self, provider: str, *, has_keys: bool) -> None:
        """As a service, if that is wanted, else in the background. Not for the sake of a *provider* that nobody knows, or that
        there is no key for."""
        if self._service and self._settling.why_not:
            raise Trouble(f"hrd cannot be a service here: {self._settling.why_not}", "without one: hr setup --no-service")
        try:
            found = self._client.ask(VERSION, Nothing()).value
            self._say(f"hrd {plain(found.version)} runs (pid {found.pid})")
        except NotRunning as nobody:
            name = _see_that_it_is_known(provider)
            if name and not has_keys and not self._is_asking and not self._service:  # a service may have a home of its own
                _see_that_it_can_be_asked(name)
            if self._wants_service(f"hrd does not run. Have it start by itself {self._settling.begins}, and now?"):
                self._settled(self._settling.settle())
            elif self._wants("hrd does not run. Start it in the background now?"):
                self._say(f"hrd runs now. Its log: {self._start()}")
            else:
                raise nobody from None

    def see_that_it_stays(self) -> bool:
        """Whether hrd starts by itself. One that somebody started by hand gives way to the service, if that is wanted."""
        if self._settling.is_settled(self._client.ask(VERSION, Nothing()).value.pid):
            return True
        if self._settling.scope == "system":  # with other folders than root's own daemon has
            if self._service:
                raise Trouble("hrd runs by hand, and the machine's service has other settings and keys", "hr stop, then again")
            return False
        if not self._wants_service(f"hrd was started by hand. Have it start by itself {self._settling.begins}?"):
            return False
        self._settled(self._settling.settle_instead(self._client, self._start))
        return True

    def _start(self) -> Path:
        return start_daemon(self._client, os.environ, str(home_folder()))

    def _wants_service(self, question: str) -> bool:
        """Asked once at most."""
        if self._service is None:
            is_possible = self._is_asking and not self._settling.why_not
            self._service = is_possible and click.confirm(question, default=True, err=True)
        return self._service

    def _settled(self, outcome: Outcome) -> None:
        found = self._client.ask(VERSION, Nothing()).value
        self._say("\n".join([f"hrd {plain(found.version)} runs as a service (pid {found.pid})", *outcome.notes]))

    def choose(self, known: Sequence[KnownProvider]) -> KnownProvider:
        self._say("\nWhose key do you have?\n")
        for place, one in enumerate(known, 1):
            note = "has a key" if one.has_key else plain(one.keys_at)
            self._say(f"  {place:>2}  {plain(one.name):<14} {plain(one.cost_class):<13} {note}")
        while True:
            typed = str(click.prompt("\nNumber or name", err=True)).strip().lower()
            for place, one in enumerate(known, 1):
                if typed in (str(place), one.name):
                    return one
            self._say("There is none of that number or name.")  # not repeated: it may be a key that came too early

    def give_key(self, chosen: KnownProvider, model: str, keys: Sequence[str]) -> str:
        """See that the provider has one; its name. *keys*: those that were piped in."""
        if chosen.keyless:
            self._switch_on(chosen, model)
            return chosen.name
        if not keys and not self._is_asking:
            if chosen.has_key:
                return chosen.name
            raise _keyless(chosen.name)
        if self._is_asking and chosen.has_key and not self._wants(f"{chosen.name} has a key. Add another?", default=False):
            return chosen.name
        if self._is_asking and chosen.keys_at:
            self._say(f"Keys come from {plain(chosen.keys_at)}")
        keys = keys or keys_asked(chosen.name, _again(chosen.name))
        added = self._client.ask(AUTH_ADD, AuthAdd(provider=chosen.name, keys=tuple(keys))).value
        self._say("\n".join(added_lines(added, self._session.paper)))
        return added.provider

    def _switch_on(self, chosen: KnownProvider, model: str) -> None:
        """A server of one's own needs no key, but somebody has to say which model it has."""
        if chosen.has_key and not model:
            return
        first = chosen.models[0] if chosen.models else ""
        asked = "Which model does it have?"
        wanted = model or (click.prompt(asked, default=first, err=True) if self._is_asking else first)
        self._client.ask(MODELS_SET, ModelsChange(provider=chosen.name, models=(wanted,)))
        self._say(f"{chosen.name} is asked for {plain(wanted)}")

    def try_out(self, provider: str) -> Trial | None:
        """One tiny request, if it is wanted. A refusal is `Trouble`."""
        if not self._wants(f"Send one tiny request to {provider}?"):
            self._say("Not sent. Try it later: hr try")
            return None
        trial = try_out(self._client, open_endpoint(self._client), small_request(PROMPT, provider))
        if not trial.is_good:
            raise refused(trial)
        self._say("\n".join(["", *drawn_trial(trial)]))
        return trial

    def _wants(self, question: str, *, default: bool = True) -> bool:
        return not self._is_asking or click.confirm(question, default=default, err=True)

    def _say(self, text: str) -> None:
        if not self._as_json:
            self._session.say(text)


def _again(provider: str) -> str:
    return f"hr setup --provider {provider_shown(provider)}"


def _keyless(name: str) -> Misused:
    return Misused(f"{plain(name)} has no key yet", f"hr setup --provider {plain(name)} --key-stdin --yes < key.txt")


def _see_that_it_can_be_asked(name: str) -> None:
    """Before anything is begun: who would be asked if hrd were started now."""
    found = ask_alone()
    if found.host and name not in found.askable:
        raise _keyless(name)


def _see_that_it_is_known(provider: str) -> str:
    """By us; a daemon that runs knows by itself, and may be another version. Its own name, if one was said."""
    from hrd.core.aliases import PROVIDERS as NAMES  # noqa: PLC0415 - hr is to start quickly
    from hrd.core.aliases import provider_named, provider_suggested  # noqa: PLC0415 - as above

    name = provider_named(provider) if provider else ""
    if name is None:
        meant = provider_suggested(provider_shown(provider))
        raise Trouble(
            "there is no provider of that name", f"did you mean {meant}?" if meant else f"there are {', '.join(NAMES)}"
        )
    return name


def _named(known: Sequence[KnownProvider], name: str) -> KnownProvider:
    """By its own name; the daemon knows the aliases, and says what was meant."""
    return next((one for one in known if one.name == name.lower()), KnownProvider(name=name))


def _farewell(done: SetUp) -> str:
    stays = "" if done.service else "\n\nhrd does not start by itself. As a service it would: hr service install --help"
    return (
        f"\nPoint your programs at\n\n  OPENAI_BASE_URL={done.endpoint}/v1\n"
        "  OPENAI_API_KEY=…    shown by: hr key reveal\n\n"
        f"and see what happens with: hr status, hr logs, hr why REQUEST_ID{stays}"
    )
