"""From the process environment to a daemon that serves: read, lock, open, serve, each step with its own way to say no."""

import gc
import importlib.resources
import os
import pwd
import resource
import shlex
import shutil
import socket
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import click
import msgspec
import trio

from hrd.admin.places import HOME_NAME, Nowhere, Places, find_places
from hrd.bounds import store_limits
from hrd.configuration.live import Configuration, Unusable
from hrd.core.remembered import Remembered
from hrd.credentials import stored_order
from hrd.daemon import Daemon, Surroundings
from hrd.downstream.doors import CannotListen, try_to_move
from hrd.handover.channel import ChannelGone
from hrd.handover.inheritance import Inheritance, NotOursError, refuse
from hrd.handover.spawn import adopt_orphans
from hrd.handover.waiter import become_waiter, pass_on_the_rest
from hrd.log_lines import LogLines
from hrd.notify import SOCKET_NAME, Notify, take_listeners
from hrd.signals import hold_back
from hrd.store.contract import Process, StoreUnreadableError
from hrd.store.lock import HeldBy, Lock, take_lock
from hrd.store.opening import VERSION as SCHEMA
from hrd.store.sqlite import SqliteStore, open_store
from hrd.store.trouble import NewerSchemaError
from hrd.welcome import Welcome, welcome

FILES_OPEN_MAX: Final = 65_536
GC_THRESHOLD: Final = 20_000
EXIT_FAILED: Final = 1
EXIT_BAD_CONFIGURATION: Final = 2
SERVICE_NAMES: Final = ("NOTIFY_SOCKET", "INVOCATION_ID")
"""systemd sets them for what it starts (systemd.exec(5), sd_notify(3)): nobody reads a welcome there."""


class NotStartedError(Exception):
    """Why the daemon did not start, a line each."""

    def __init__(
        self, lines: Iterable[str], exit_code: int = EXIT_FAILED, warnings: Iterable[str] = (), hint: str = ""
    ) -> None:
        """*hint*: what to type, for who waits for us to take over."""
        super().__init__()
        self.lines = tuple(lines)
        self.warnings = tuple(warnings)
        self.exit_code = exit_code
        self.hint = hint


def start(environ: Mapping[str, str], channel: socket.socket | None, *, check_only: bool, demo_wanted: bool) -> int:
    """Do what the command line says. Returns the exit code. *channel*: to the daemon that is to be taken over from."""
    inheritance: Inheritance | None = None
    try:
        if channel is not None:
            inheritance = Inheritance(channel, SCHEMA)
        configuration = read_configuration(environ)
        if check_only:
            return _say_it_is_good(configuration)
        _serve(configuration, environ, inheritance, demo_wanted=demo_wanted)
    except NotOursError as reason:
        return _fail(NotStartedError([str(reason)], hint=how_to_end_and_start(environ)), channel, inheritance)
    except ChannelGone as reason:
        return _fail(NotStartedError([str(reason)]), channel, inheritance)
    except NotStartedError as reason:
        return _fail(reason, channel, inheritance)
    return 0


def _fail(reason: NotStartedError, channel: socket.socket | None, inheritance: Inheritance | None) -> int:
    """Where somebody waits for us to take over, they say it."""
    if channel is not None:
        refuse(channel, reason.lines, reason.hint)
        channel.close()
        if inheritance is not None:
            inheritance.close()
    else:
        for line in reason.lines:
            click.echo(f"hrd: {line}", err=True)
        for warning in reason.warnings:
            click.echo(f"warning: {warning}", err=True)
    return reason.exit_code


def how_to_end_and_start(environ: Mapping[str, str]) -> str:
    """In one command where a supervisor does it: it keeps the port open meanwhile (hrd.socket)."""
    supervisor = environ.get(SOCKET_NAME, "")
    if not supervisor:
        return "hr stop, then start it as before"
    return "systemctl --user restart hrd" if supervisor.startswith("/run/user/") else "sudo systemctl restart hrd"


def read_configuration(environ: Mapping[str, str]) -> Configuration:
    """The configuration as it stands in the files, or every problem with it."""
    places = find_places(environ, os.geteuid(), _home(environ))
    if isinstance(places, Nowhere):
        raise NotStartedError([places.reason], EXIT_BAD_CONFIGURATION)
    catalogue_text = (importlib.resources.files("hrd.core") / "catalogue.toml").read_text(encoding="utf-8")
    prices_text = (importlib.resources.files("hrd.core") / "prices.toml").read_text(encoding="utf-8")
    configuration = Configuration(places, environ, catalogue_text, prices_text)
    found = configuration.read()
    if isinstance(found, Unusable):
        raise NotStartedError(found.lines, EXIT_BAD_CONFIGURATION, found.warnings)
    configuration.loaded = found
    return configuration


def _say_it_is_good(configuration: Configuration) -> int:
    for warning in (*configuration.settings.warnings, *configuration.auth.warnings):
        click.echo(f"warning: {warning}")
    click.echo(f"The configuration is good: {configuration.read_from()}.")
    return 0


def _serve(
    configuration: Configuration, environ: Mapping[str, str], inheritance: Inheritance | None, *, demo_wanted: bool
) -> None:
    """Everything that has to be there before the daemon is, in the order in which the next step needs it."""
    _make_folders(configuration.places)
    _raise_file_limit()
    lock = _lock(configuration.places) if inheritance is None else Lock(inheritance.lock)
    if inheritance is None and not environ.get(SOCKET_NAME):
        adopt_orphans()
    notify = Notify(environ, os.getpid(), is_successor=inheritance is not None)
    try:
        if inheritance is not None and inheritance.asked is not None:
            settings = configuration.settings
            try_to_move(inheritance.listeners, inheritance.asked, (settings.host, settings.port))
        trouble = configuration.make_first_key()
        if trouble:
            raise NotStartedError([f"no client key could be made: {trouble}"], EXIT_BAD_CONFIGURATION)
        process = Process(pid=os.getpid(), started=time.time())
        store = _open_store(configuration, process, is_shared=inheritance is not None)
        _calm_collector()  # before the old process stands still: it takes as long as all that comes then
        remembered = _remembered(store, process, inheritance)
        surroundings = Surroundings(process=process, environ=environ, lock=lock, notify=notify, schema=SCHEMA)
        daemon = Daemon(configuration, store, remembered, surroundings, now=time.time, demo_wanted=demo_wanted)
        if inheritance is None:
            daemon.listen_on(_activated(environ))

        def ready(daemon: Daemon) -> None:
            is_first = inheritance is None
            _announce(daemon, configuration, environ, is_first=is_first, demo_wanted=demo_wanted)

        gc.freeze()
        gc.enable()
        hold_back()
        trio.run(daemon.run, ready, inheritance)
    except CannotListen as error:
        raise NotStartedError([str(error)]) from None
    except StoreUnreadableError as error:  # whom we were to take over from knows what is in it; a start afresh moves it aside
        raise NotStartedError([str(error)], hint=how_to_end_and_start(environ)) from None
    finally:
        lock.release()
    if daemon.is_handed_over:
        if inheritance is None and not notify.is_supervised:
            become_waiter(configuration.places.lock)
        pass_on_the_rest(Path(configuration.places.lock))


def _activated(environ: Mapping[str, str]) -> list[socket.socket]:
    """The sockets that the supervisor opened for us, if there are any."""
    try:
        return take_listeners(environ, os.getpid())
    except OSError as error:
        raise NotStartedError([str(error)]) from None


def _remembered(store: SqliteStore, process: Process, inheritance: Inheritance | None) -> Remembered:
    """What the ledger says; in a process that takes over, as soon as it is complete."""
    if inheritance is None:
        return store.load(process.started)
    inheritance.prepared()
    remembered = store.load(time.time(), inheritance.living)
    inheritance.loaded()
    first = max(remembered.next_reservation, inheritance.first_reservation)
    return msgspec.structs.replace(remembered, next_reservation=first)


def _make_folders(places: Places) -> None:
    for folder in dict.fromkeys((places.config, places.state, places.runtime)):
        try:
            Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            hint = f"name another with {HOME_NAME}=DIR"
            raise NotStartedError([f"cannot make the folder {folder}: {error.strerror or error}; {hint}"]) from None


def _lock(places: Places) -> Lock:
    try:
        lock = take_lock(Path(places.lock), os.getpid())
    except OSError as error:
        raise NotStartedError([f"cannot take the lock {places.lock}: {error.strerror or error}"]) from None
    if isinstance(lock, HeldBy):
        pid = "its pid is not known yet" if lock.pid is None else f"pid {lock.pid}"
        raise NotStartedError([f"already running, {pid}; look at it with: hr status, end it with: hr stop"])
    return lock


def _open_store(configuration: Configuration, process: Process, *, is_shared: bool) -> SqliteStore:
    limits = store_limits(configuration.settings)
    try:
        return open_store(Path(configuration.places.database), limits, process, time.time, is_shared=is_shared)
    except NewerSchemaError as error:
        raise NotStartedError([str(error)]) from None


def _announce(
    daemon: Daemon, configuration: Configuration, environ: Mapping[str, str], *, is_first: bool, demo_wanted: bool
) -> None:
    """Ready: a line for the log, what is odd, and for whoever started us by hand what to do next."""
    facts, settings = daemon.facts(), configuration.settings
    daemon.log.info("ready", endpoint=facts.endpoint, pid=facts.pid, version=facts.version)
    for warning in settings.warnings:
        daemon.log.warning("settings", warning=warning)
    for key in (key for group in settings.keys.values() for key in group if key.source == "environment"):
        daemon.log.info("key taken from the environment", variable=key.name, credential=key.secret.fingerprint)
    if not is_first or any(environ.get(name) for name in SERVICE_NAMES):
        return
    has_credential = bool(stored_order(configuration.auth, settings).credentials)
    about = Welcome(
        endpoint=facts.endpoint,
        places=configuration.places,
        hr=hr_command(environ),
        model=settings.router_model_id,
        has_credential=has_credential,
        is_demo=demo_wanted and not has_credential,
    )
    LogLines(sys.stderr).write(welcome(about))


def hr_command(environ: Mapping[str, str]) -> str:
    """How `hr` is typed in another terminal: by its name only if that is the one that belongs to us."""
    beside = Path(sys.executable).with_name("hr")
    found = shutil.which("hr", path=environ.get("PATH", ""))
    is_found = found is not None and (not beside.exists() or beside.samefile(found))
    command = "hr" if is_found or not beside.exists() else shlex.quote(str(beside))
    home = environ.get(HOME_NAME, "")
    return f"{HOME_NAME}={shlex.quote(home)} {command}" if home else command


def _home(environ: Mapping[str, str]) -> str:
    try:
        return environ.get("HOME", "") or pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return ""


def _calm_collector() -> None:
    """What was made so far lives for ever, what requests make is freed by counting: a full collection is 40 ms for nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 20)
    gc.disable()  # until all is built: of a hundred thousand rows it would look at each again and again


def _raise_file_limit() -> None:
    """Every connection is a file; the soft limit of a login shell is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, FILES_OPEN_MAX) if hard != resource.RLIM_INFINITY else FILES_OPEN_MAX
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
