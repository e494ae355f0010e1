"""The daemon's command line: `hrd`."""

import importlib.resources
import os
import pwd
import resource
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from hrd import __version__

FILES_OPEN_MAX = 65_536
EXIT_FAILED = 1
EXIT_BAD_CONFIGURATION = 2


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--check-config", is_flag=True, help="Say what is wrong with the settings, or that nothing is; then exit.")
@click.option("--demo", is_flag=True, help="Run on three built-in demo providers while no credential is there.")
@click.version_option(__version__, "-V", "--version", message="hrd %(version)s")
def main(*, check_config: bool, demo: bool) -> None:
    """The hermes-router daemon: one OpenAI-compatible endpoint over all the keys you have.

    It is controlled with `hr` and configured in `.env` and config.toml; `hr status` says where they are.
    """
    sys.exit(start(os.environ, check_only=check_config, demo_wanted=demo))


def start(environ: Mapping[str, str], *, check_only: bool, demo_wanted: bool) -> int:
    """Read, lock, open, serve. Returns the exit code."""
    from hrd.admin.places import Nowhere, find_places
    from hrd.configuration.live import Configuration, Unusable

    places = find_places(environ, os.geteuid(), _home(environ))
    if isinstance(places, Nowhere):
        return _complain([places.reason], EXIT_BAD_CONFIGURATION)
    catalogue_text = (importlib.resources.files("hrd.core") / "catalogue.toml").read_text()
    configuration = Configuration(places, environ, catalogue_text)
    found = configuration.read()
    if isinstance(found, Unusable):
        return _complain(found.lines, EXIT_BAD_CONFIGURATION)
    configuration.loaded = found
    if check_only:
        for warning in found.settings.warnings:
            click.echo(f"warning: {warning}")
        click.echo(f"hrd: the configuration in {places.config} is good")
        return 0
    return _serve(configuration, demo_wanted=demo_wanted)


def _serve(configuration, *, demo_wanted: bool) -> int:  # type: ignore[no-untyped-def]
    import trio

    from hrd.daemon import CannotListen, Daemon
    from hrd.store.lock import HeldBy, take_lock
    from hrd.store.retention import Retention
    from hrd.store.rows import Process
    from hrd.store.sqlite import StoreLimits, open_store
    from hrd.store.trouble import NewerSchemaError

    places, settings = configuration.places, configuration.settings
    for folder in {places.config, places.state, places.runtime}:
        try:
            Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            return _complain([f"cannot make the folder {folder}: {error.strerror}"], EXIT_FAILED)
    _raise_file_limit()
    try:
        lock = take_lock(Path(places.lock), os.getpid())
    except OSError as error:
        return _complain([f"cannot take {places.lock}: {error.strerror}"], EXIT_FAILED)
    if isinstance(lock, HeldBy):
        return _complain([f"already running, pid {lock.pid}; see it with: hr status"], EXIT_FAILED)
    trouble = configuration.make_first_key()
    if trouble:
        return _complain([f"no client key could be made: {trouble}"], EXIT_BAD_CONFIGURATION)
    limits = StoreLimits(
        retention=Retention(
            journal_rows=settings.request_log_size,
            ledger_days=settings.ledger_days,
            usage_hours_days=settings.usage_hours_days,
        ),
        buffer_rows=settings.write_buffer_rows,
    )
    started = Daemon.now()
    try:
        store = open_store(Path(places.database), limits, Process(pid=os.getpid(), started=started), Daemon.now)
    except NewerSchemaError as error:
        return _complain([str(error)], EXIT_FAILED)
    daemon = Daemon(configuration, store, store.load(started), demo_wanted=demo_wanted)
    try:
        trio.run(daemon.run, places.control_socket, _announce)
    except* CannotListen as errors:
        return _complain([str(error) for error in errors.exceptions], EXIT_FAILED)
    return 0


def _announce(daemon) -> None:  # type: ignore[no-untyped-def]
    """Ready: one line for the log, and for whoever started us by hand what to do next."""
    facts = daemon.facts()
    daemon.log.info("ready", endpoint=facts.endpoint, pid=facts.pid, version=facts.version)


def _complain(lines: object, code: int) -> int:
    for line in lines:  # type: ignore[attr-defined]
        click.echo(f"hrd: {line}", err=True)
    return code


def _home(environ: Mapping[str, str]) -> str:
    try:
        return environ.get("HOME", "") or pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return ""


def _raise_file_limit() -> None:
    """Every connection is a file; the soft limit of a login shell is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, FILES_OPEN_MAX) if hard != resource.RLIM_INFINITY else FILES_OPEN_MAX
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    main()
