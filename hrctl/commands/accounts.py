"""`hr auth import-codex` and `hr auth login`: ChatGPT accounts."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from hrctl.grammar import Command, as_json
from hrctl.problems import Trouble
from hrctl.render import Paper
from hrctl.session import Session
from hrctl.words import lasting, plain
from hrd.admin.wire.accounts import (
    LOGIN,
    LOGIN_IMPORT,
    AccountKept,
    LoginImport,
    LoginImported,
    LoginStep,
    LoginWish,
)

FILE_BYTES_MAX: Final = 1 << 20
OWN_LOGIN: Final = "give the router a login of its own: hr auth login codex"


@click.command(
    "import-codex", cls=Command, examples=("hr auth import-codex", "hr auth import-codex --path ./auth.json --label work")
)
@click.option(
    "--path", metavar="FILE", help="Another file, or folder with an auth.json, than the one in $CODEX_HOME, or in ~/.codex."
)
@click.option("--label", default="", help="A word to know the account by; its e-mail address unless given.")
@as_json
@click.pass_obj
def import_codex(session: Session, path: str | None, label: str, as_json: bool) -> None:
    """Copy the ChatGPT login of the Codex CLI.

    hr reads the file as you, and hands it over the control socket: the daemon needs no access to your home. Files of similar
    programs are understood too; an API key in it is kept for the provider openai. Again, it updates the account.

    The copy shares the login with the program that it came from, and one of the two may find itself signed out when the other
    renews it. A login of the router's own has no such trouble: hr auth login codex
    """
    file = _named(path) if path is not None else _cli_file(os.environ)
    ask = LoginImport(content=_content(file, is_default=path is None), path=str(file.absolute()), label=label)
    session.show(session.client.ask(LOGIN_IMPORT, ask), _imported, as_json)


def _named(path: str) -> Path:
    """What was named; of a folder the login in it."""
    named = Path(path).expanduser()
    return named / "auth.json" if named.is_dir() else named


def _cli_file(environ: Mapping[str, str]) -> Path:
    """Where the Codex CLI keeps its login."""
    home = environ.get("CODEX_HOME", "").strip()
    return (Path(home) if home else Path.home() / ".codex") / "auth.json"


def _content(file: Path, *, is_default: bool) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        raise _missing(file, is_default=is_default) from None
    except IsADirectoryError:
        raise Trouble(f"{file} is a folder: that is no login", "name the file in it: --path FILE") from None
    except OSError as error:
        raise Trouble(f"{file} cannot be read: {error.strerror}", "run hr as the user that it belongs to") from None
    if len(data) > FILE_BYTES_MAX:
        raise Trouble(f"{file} is larger than {FILE_BYTES_MAX >> 20} MiB: that is no login", "name another: --path FILE")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Trouble(f"{file} is no text: that is no login", "name another: --path FILE") from None


def _missing(file: Path, *, is_default: bool) -> Trouble:
    """Signed in is not the same as having the file: the CLI may keep the login elsewhere."""
    if not is_default:
        return Trouble(f"there is no {file}", f"name the right one, or {OWN_LOGIN}")
    if not file.parent.is_dir():
        return Trouble(
            f"the Codex CLI has not been used here: there is no {file.parent}", f"name its file with --path, or {OWN_LOGIN}"
        )
    if _keeps_in_keyring(file.parent / "config.toml"):
        where = (
            "the Codex CLI keeps its login in the system's keyring, not in a file (cli_auth_credentials_store in config.toml)"
        )
        return Trouble(where, OWN_LOGIN)
    return Trouble(
        f"there is no {file}: the Codex CLI is signed out, or keeps its login in the system's keyring",
        f"{OWN_LOGIN}. Or sign in there (codex login), then try again",
    )


def _keeps_in_keyring(settings: Path) -> bool:
    try:
        lines = settings.read_text(errors="replace").splitlines()
    except OSError:
        return False
    said = [line.partition("=")[2] for line in lines if line.strip().startswith("cli_auth_credentials_store")]
    return any("keyring" in value for value in said)


def _imported(done: LoginImported, paper: Paper) -> str:
    lines = [_kept(one) for one in done.accounts]
    if done.key:
        lines.append(f"Added a key for openai: {plain(done.key)}")
    return "\n".join(lines + [_warning(warning, paper) for warning in done.warnings])


def _kept(one: AccountKept) -> str:
    who = ", ".join(plain(part) for part in (one.label, one.plan) if part)
    named = f"{plain(one.fingerprint)}{f' ({who})' if who else ''}"
    match one.fate:
        case "added":
            return f"Added {named}"
        case "updated":
            return f"Updated {named}"
        case _:
            return f"Already there: {named}; the router's login is as new, or newer"


def _warning(text: str, paper: Paper) -> str:
    return paper.paint(f"note: {plain(text)}", "yellow")


# login -----------------------------------------------------------------------------------------------------------------------


@click.command(cls=Command, examples=("hr auth login codex", "hr auth login codex --device --label work"))
@click.argument("provider")
@click.option(
    "--browser/--device", "browser", default=None, help="With a browser of this machine, or with a code for any other."
)
@click.option("--label", default="", help="A word to know the account by; its e-mail address unless given.")
@as_json
@click.pass_obj
def login(session: Session, provider: str, browser: bool | None, label: str, as_json: bool) -> None:
    """Sign in with a ChatGPT account.

    Where there is a browser it is opened; elsewhere hr shows a code that is entered in any browser, on any machine. The daemon
    keeps the login, and renews it by itself. Several accounts are asked one after the other with: hr mode sequential --provider
    codex
    """
    with_browser = has_browser(os.environ) if browser is None else browser
    wish = LoginWish(provider=provider, browser=with_browser, label=label)
    is_done = False
    for answered in session.client.follow(LOGIN, wish):
        step = answered.value
        if step.kind == "failed":
            raise Trouble(f"not signed in: {step.message}", step.hint)
        if step.kind == "visit" and with_browser and not as_json:
            open_browser(step.page)
        session.show_line(answered, _step, as_json)
        is_done = step.kind == "done"
    if not is_done:
        raise Trouble("hrd ended before you had signed in; nothing was kept", f"begin again: hr auth login {provider}")


def has_browser(environ: Mapping[str, str]) -> bool:
    """Whether a browser can be opened that can come back to this machine: not over ssh."""
    if environ.get("SSH_CONNECTION") or not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        return False
    import webbrowser  # noqa: PLC0415 - costs other commands time

    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def open_browser(page: str) -> None:
    import webbrowser  # noqa: PLC0415 - as above

    webbrowser.open(page)


def _step(step: LoginStep, paper: Paper) -> str:
    if step.kind == "done" and step.account is not None:
        return f"Signed in. {_kept(step.account)}"
    notes = [_warning(warning, paper) for warning in step.warnings]
    ends = f"Waiting for you, {lasting(step.within_s)} at most; Ctrl-C ends it."
    if not step.code:
        return "\n".join(
            [*notes, "Sign in on this page, which should have opened in your browser:", f"  {plain(step.page)}", ends]
        )
    return "\n".join(
        [
            *notes,
            f"Open   {plain(step.page)}",
            f"enter  {paper.paint(plain(step.code), 'bold')}",
            "in any browser, on any machine. Enter no code that you did not ask for.",
            ends,
        ]
    )
