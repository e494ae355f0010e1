"""The whole examination, of a daemon that runs and of one that does not."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from pathlib import Path

import trio

from hrd import __version__
from hrd.admin.auth import held
from hrd.admin.doctor import machine
from hrd.admin.doctor.credentials import keys, turned_away
from hrd.admin.doctor.database import database_at_rest, database_in_use
from hrd.admin.doctor.doors import control_socket, daemon_at_rest, port_at_rest, port_in_use
from hrd.admin.doctor.finding import fine, odd, wrong
from hrd.admin.doctor.folders import permissions
from hrd.admin.doctor.ways import proxies_used, reach, switched_off, ways
from hrd.admin.places import Places
from hrd.admin.standing import Hindrances
from hrd.admin.wire.doctor import Diagnosis, Finding
from hrd.configuration.assemble import address_of
from hrd.configuration.live import Configuration
from hrd.core.roster import Roster
from hrd.core.snapshot import PoolSnapshot
from hrd.downstream.doors import Address
from hrd.settings import Settings
from hrd.store.contract import StoreHealth
from hrd.upstream.accounts.accounts import Lapse
from hrd.upstream.connections import Origin, Transport
from hrd.upstream.proxies import proxies_of

Connect = Callable[[Origin], Awaitable[Transport]]


async def examine_running(
    configuration: Configuration,
    snapshot: PoolSnapshot,
    lapses: Iterable[Lapse],
    connect: Connect,
    health: StoreHealth,
    listening_on: list[Address],
    now: float,
) -> Diagnosis:
    """As the daemon sees itself, its own network and trust included."""
    settings, places = configuration.settings, configuration.places
    findings = [
        *_of_machine(places, now),
        *_troubles(configuration),
        *permissions(places),
        control_socket(places.control_socket),
    ]
    findings += port_in_use((settings.host, settings.port), listening_on)
    away = turned_away(snapshot, Hindrances(snapshot, now, lapses))
    findings += [*database_in_use(health), *await _of_providers(configuration, snapshot.roster, away, connect)]
    return _diagnosis(findings, settings, snapshot.roster, now, running=True)


async def examine_at_rest(configuration: Configuration, roster: Roster, connect: Connect, now: float) -> Diagnosis:
    """As this user's daemon would find everything if it were started now."""
    settings, places = configuration.settings, configuration.places
    running = [*daemon_at_rest(Path(places.lock), places.control_socket)]
    findings = [*running, *_of_machine(places, now), *_troubles(configuration), *permissions(places)]
    findings += port_at_rest((settings.host, settings.port)) if not running else []
    findings.append(await trio.to_thread.run_sync(database_at_rest, Path(places.database)))
    findings += await _of_providers(configuration, roster, {}, connect)
    return _diagnosis(findings, settings, roster, now, running=False)


def _diagnosis(findings: list[Finding], settings: Settings, roster: Roster, now: float, *, running: bool) -> Diagnosis:
    askable = tuple(name for name, one in roster.providers.items() if one.keyless or roster.credentials.get(name))
    return Diagnosis(
        now=now,
        version=__version__,
        running=running,
        findings=tuple(findings),
        host=settings.host,
        port=settings.port,
        askable=askable,
    )


def examine_broken(problems: tuple[str, ...], now: float) -> Diagnosis:
    """The configuration cannot be used, so all else is unknown."""
    clock = machine.clock(now, machine.installed_at(), is_kept=machine.is_clock_kept())
    settings = [wrong("settings", problem, "mend it, then: hrd --check-config") for problem in problems]
    return Diagnosis(now=now, version=__version__, running=False, findings=(machine.program(), clock, *settings))


def _of_machine(places: Places, now: float) -> Iterator[Finding]:
    yield machine.program()
    yield machine.clock(now, machine.installed_at(), is_kept=machine.is_clock_kept())
    yield machine.disk(places.state)


def _troubles(configuration: Configuration) -> Iterator[Finding]:
    """What is wrong with the settings and auth.json as they stand, and what is odd."""
    for trouble in configuration.troubles:
        yield wrong("settings", f"not taken, the last good ones hold: {trouble}", "mend it, then: hrd --check-config")
    warnings = (*configuration.settings.warnings, *configuration.auth.warnings)
    yield from (odd("settings", warning) for warning in warnings)
    if not configuration.troubles and not warnings:
        yield fine("settings", f"good: {configuration.read_from()}")


def _remedies(roster: Roster, settings: Settings) -> dict[str, str]:
    """Of providers that are off because they lead back to us; nobody brings back one that has ended its service."""
    remedies = {}
    for name in roster.off:
        if not roster.providers[name].retired:
            written, place, remedy = address_of(name, settings)
            remedies[name] = f"{written} stands in {place}: {remedy}"
    return remedies


async def _of_providers(
    configuration: Configuration, roster: Roster, away: Mapping[str, str], connect: Connect
) -> list[Finding]:
    settings = configuration.settings
    if roster.demo:
        return [odd("keys", "the demo answers: no provider has a key yet", "hr setup")]
    proxies = proxies_of(settings)
    origins = ways([roster.providers[name] for name in roster.enabled], proxies)
    credentials = held(configuration)
    ordered = {name: credentials[name] for name in (*roster.providers, *credentials) if name in credentials}
    found = [*keys(ordered, away), proxies_used(origins, proxies), *switched_off(roster.off, _remedies(roster, settings))]
    return found + await reach(origins, connect, connect_s=settings.connect_seconds)
