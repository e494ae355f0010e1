"""The configuration as it lives: read at start, looked at now and then, edited in place; a broken file never replaces it."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import trio

from hrd.admin.places import Places
from hrd.configuration.assemble import catalogue_problems
from hrd.core.price import Price
from hrd.core.prices import read_table, read_user_file
from hrd.core.secrets import CLIENT, Secret
from hrd.credentials import AuthFile, CredentialProblem, ProxyKey
from hrd.credentials import disk as auth_disk
from hrd.credentials import edits as auth_edits
from hrd.files import FileProblem, Stamp, read_bounded, stamp_of, write_atomically
from hrd.settings import Problems, Settings, read_settings
from hrd.settings.dotenv_text import Unchangeable, set_in_dotenv
from hrd.settings.keys import exposure_warning

TEXT_BYTES_MAX = 1_048_576
DOTENV_MODE = 0o600
FIRST_KEY_NAME = "first"
STILL_S = 0.05
"""A file that was not touched for so long is whole: what writes in place has emptied it first."""
STILL_LOOKS_MAX = 40


class Unusable(msgspec.Struct, frozen=True):
    """Why the configuration cannot be used: every problem, a line each."""

    lines: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    """What is odd beside them: often it is where the mistake is."""


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """One good reading of everything."""

    settings: Settings
    auth: AuthFile
    user_prices: dict[str, Price] = {}
    """Of MODEL_PRICES_FILE."""


class Configuration:
    """Owns what was read last, and the only way to change the files."""

    def __init__(self, places: Places, environ: Mapping[str, str], catalogue_text: str, prices_text: str = "") -> None:
        self.places = places
        self.catalogue_text = catalogue_text
        self.price_table = read_table(prices_text)
        self.loaded: Loaded | None = None
        self.troubles: tuple[str, ...] = ()
        """What is wrong with the files as they stand now; the last good reading holds."""
        self._environ = dict(environ)
        self._uid = os.geteuid()
        self._prices_file: Path | None = None
        self._stamps: tuple[Stamp | None, ...] = ()
        self._turn = trio.Lock()
        self._secrets: tuple[Secret, ...] = ()
        self._secrets_of: Loaded | None = None

    @property
    def settings(self) -> Settings:
        assert self.loaded is not None, "the daemon starts with a good reading"
        return self.loaded.settings

    @property
    def auth(self) -> AuthFile:
        assert self.loaded is not None, "the daemon starts with a good reading"
        return self.loaded.auth

    @property
    def user_prices(self) -> dict[str, Price]:
        assert self.loaded is not None, "the daemon starts with a good reading"
        return self.loaded.user_prices

    def secrets(self) -> tuple[Secret, ...]:
        """Everything that must not be seen: the same tuple until something of it may have changed."""
        if self._secrets_of is not self.loaded:
            self._secrets_of, self._secrets = self.loaded, self._find_secrets()
        return self._secrets

    def _find_secrets(self) -> tuple[Secret, ...]:
        keys = [key.secret for group in self.settings.keys.values() for key in group]
        settings = self.settings
        proxies = [one for proxy in settings.proxies() for one in proxy.secrets()]
        return (*self.auth.secrets(), *keys, *settings.proxy_api_keys, *_header_values(settings), *proxies)

    def read(self) -> Loaded | Unusable:
        """Read everything anew. Blocks for as long as a disk takes to give four small files.

        What each file was is noted before it is read: one that changes meanwhile has changed since."""
        stamps = self._stamps_of_ours()
        dotenv, dotenv_trouble = _text(Path(self.places.dotenv))
        toml, toml_trouble = _text(Path(self.places.config_toml))
        lines = [line for line in (dotenv_trouble, toml_trouble) if line]
        settings = read_settings(self._environ, dotenv, toml)
        if isinstance(settings, Problems):
            lines += [str(problem) for problem in settings.problems]
        lines += catalogue_problems(self.catalogue_text, settings.provider_overrides)
        self._prices_file = self._where_prices_are(settings)
        self._stamps = (*stamps, self._stamp_of_prices())
        prices = _prices(self._prices_file)
        if isinstance(prices, str):
            lines.append(prices)
        auth = auth_disk.load(Path(self.places.auth_json), self._uid)
        if isinstance(auth, CredentialProblem):
            lines.append(str(auth))
        if lines or isinstance(settings, Problems) or isinstance(auth, CredentialProblem) or isinstance(prices, str):
            return Unusable(tuple(lines), settings.warnings)
        warning = _exposed(Path(self.places.dotenv), settings)
        if warning:
            settings = msgspec.structs.replace(settings, warnings=(*settings.warnings, warning))
        return Loaded(settings=settings, auth=auth.auth, user_prices=prices)

    def _where_prices_are(self, settings: Settings | Problems) -> Path | None:
        """A name without a folder is one beside `.env`."""
        if isinstance(settings, Problems) or settings.model_prices_file is None:
            return None
        return Path(self.places.dotenv).parent / settings.model_prices_file

    def reload(self) -> bool:
        """Read again; whether the reading is good and differs in time from the last. A bad one leaves the last good one."""
        found = self.read()
        if isinstance(found, Unusable):
            self.troubles = found.lines
            return False
        self.loaded, self.troubles = found, ()
        return True

    def read_from(self) -> str:
        """Which of our files the last reading is from, in words. None of them has to exist."""
        paths = (self.places.dotenv, self.places.config_toml, self.places.auth_json)
        there = [path for path, stamp in zip(paths, self._stamps, strict=False) if stamp is not None]
        missing = [path for path in paths if path not in there]
        said = [f"read from {_and(there)}"] if there else []
        if missing:
            said.append(f"{_and(missing)} {'do' if len(missing) > 1 else 'does'} not exist, and need not")
        return "; ".join(said)

    def has_changed(self) -> bool:
        """Whether one of the files is not the one that was read."""
        return self._stamps_now() != self._stamps

    async def edit_auth(self, change: auth_edits.Edit) -> CredentialProblem | None:
        """Change auth.json; the new content is in force when this returns."""
        async with self._turn:
            path = Path(self.places.auth_json)
            stored = await trio.to_thread.run_sync(auth_disk.edit, path, self._uid, change)
            if isinstance(stored, CredentialProblem):
                return stored
            self._take_auth(stored)
            return self._adopt()

    async def reread_auth(self) -> CredentialProblem | None:
        """Take auth.json as it stands now, whatever is wrong with the other files."""
        async with self._turn:
            found = await trio.to_thread.run_sync(auth_disk.load, Path(self.places.auth_json), self._uid)
            if isinstance(found, CredentialProblem):
                return found
            self._take_auth(found)
            return None

    def _take_auth(self, found: auth_disk.Loaded) -> None:
        assert self.loaded is not None, "the daemon starts with a good reading"
        self.loaded = msgspec.structs.replace(self.loaded, auth=found.auth)

    async def set_variable(self, name: str, value: str | None) -> CredentialProblem | None:
        """Set *name* in `.env`, or take it out; comments and order are kept. In force when this returns."""
        if self._environ.get(name, "").strip():
            return CredentialProblem(
                f"{name} is set in the daemon's process environment, which counts before .env",
                f"change it there, or unset it and restart the daemon: unset {name}",
            )
        async with self._turn:
            problem = await trio.to_thread.run_sync(self._set_variable, name, value)
            return problem or self._adopt()

    def _set_variable(self, name: str, value: str | None) -> CredentialProblem | None:
        path = Path(self.places.dotenv)
        content = read_bounded(path, TEXT_BYTES_MAX)
        if isinstance(content, FileProblem):
            return CredentialProblem(str(content))
        try:
            before = content.data.decode() if content else ""
        except UnicodeDecodeError:
            return CredentialProblem(f"{path} is not UTF-8 text", "mend it by hand first")
        after = set_in_dotenv(before, name, value)
        if isinstance(after, Unchangeable):
            return CredentialProblem(f"{path}: {after.reason}", "nothing was written")
        checked = read_settings(self._environ, after, _text(Path(self.places.config_toml))[0])
        if isinstance(checked, Problems):
            return CredentialProblem("; ".join(str(problem) for problem in checked.problems), "nothing was written")
        mode = content.mode if content else DOTENV_MODE
        written = write_atomically(path, after.encode(), mode, replaces=content.stamp if content else None)
        return CredentialProblem(str(written)) if isinstance(written, FileProblem) else None

    def _adopt(self) -> CredentialProblem | None:
        if self.reload():
            return None
        reason = "written, but the configuration as a whole is not good: " + "; ".join(self.troubles)
        return CredentialProblem(reason, is_written=True)

    def make_first_key(self) -> str | None:
        """Without any client key, make one; why that failed, if it did. Called once, at start."""
        if self.settings.proxy_api_keys or self.auth.proxy_keys:
            return None
        key = ProxyKey(secret=Secret(auth_disk.new_proxy_key(), CLIENT), name=FIRST_KEY_NAME)
        made = auth_disk.edit(Path(self.places.auth_json), self._uid, lambda auth: auth_edits.put_proxy_key(auth, key))
        if isinstance(made, CredentialProblem):
            return str(made)
        return None if self.reload() else "; ".join(self.troubles)

    async def wait_still(self) -> None:
        """Until nobody writes into the files any more, or only somebody who does not stop."""
        for _ in range(STILL_LOOKS_MAX):
            before = self._stamps_now()
            await trio.sleep(STILL_S)
            if self._stamps_now() == before:
                break

    def _stamps_now(self) -> tuple[Stamp | None, ...]:
        return (*self._stamps_of_ours(), self._stamp_of_prices())

    def _stamps_of_ours(self) -> tuple[Stamp | None, ...]:
        return tuple(stamp_of(Path(path)) for path in (self.places.dotenv, self.places.config_toml, self.places.auth_json))

    def _stamp_of_prices(self) -> Stamp | None:
        return stamp_of(self._prices_file) if self._prices_file is not None else None


async def watch(configuration: Configuration, changed: Callable[[], None]) -> None:
    """Look at the files now and then; call *changed* after each new reading, good or bad."""
    while True:
        await trio.sleep(configuration.settings.watch_seconds)
        if configuration.has_changed():
            await configuration.wait_still()
            configuration.reload()
            changed()


def _and(paths: list[str]) -> str:
    *others, last = paths
    return f"{', '.join(others)} and {last}" if others else last


def _header_values(settings: Settings) -> tuple[Secret, ...]:
    """What the user has sent along to providers (`[providers.<name>.headers]`): gateways are opened with such values."""
    tables = ((name, override.get("headers")) for name, override in settings.provider_overrides.items())
    return tuple(Secret(str(value), name) for name, table in tables if isinstance(table, dict) for value in table.values())


def _text(path: Path) -> tuple[str | None, str]:
    """A small text file, None when there is none; and what is wrong with it."""
    content = read_bounded(path, TEXT_BYTES_MAX)
    if content is None:
        return None, ""
    if isinstance(content, FileProblem):
        return None, str(content)
    try:
        return content.data.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return None, f"{path}: line {line} is not UTF-8 text: save the file as UTF-8"


def _prices(path: Path | None) -> dict[str, Price] | str:
    """What MODEL_PRICES_FILE says, or what is wrong with it."""
    if path is None:
        return {}
    text, trouble = _text(path)
    if trouble or text is None:
        return f"MODEL_PRICES_FILE: {trouble or f'there is no {path}'}"
    prices = read_user_file(text)
    return f"MODEL_PRICES_FILE: {path}: {prices}" if isinstance(prices, str) else prices


def _exposed(path: Path, settings: Settings) -> str | None:
    """A warning when others can read keys in `.env`."""
    content = read_bounded(path, TEXT_BYTES_MAX)
    if content is None or isinstance(content, FileProblem):
        return None
    return exposure_warning(settings, str(path), content.mode)
