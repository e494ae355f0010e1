"""`hrd --doctor`: looks for what would keep the daemon from working, without starting it. `hr doctor` asks for this when none
runs."""

import time
from collections.abc import Mapping

import click
import msgspec
import trio

from hrd.admin.doctor.examine import examine_at_rest, examine_broken
from hrd.admin.wire.doctor import Diagnosis, FindingState
from hrd.configuration.assemble import assemble
from hrd.configuration.live import Configuration
from hrd.core.roster import Roster
from hrd.start import EXIT_FAILED, NotStartedError, read_configuration
from hrd.upstream.connections import Dialer
from hrd.upstream.trust import SystemTrust


def check_up(environ: Mapping[str, str]) -> int:
    """Print the diagnosis as JSON. Returns the exit code: 1 with a problem in it."""
    diagnosis = trio.run(diagnose, environ)
    click.echo(msgspec.json.format(msgspec.json.encode(diagnosis), indent=2))
    return EXIT_FAILED if any(one.state == FindingState.PROBLEM for one in diagnosis.findings) else 0


async def diagnose(environ: Mapping[str, str]) -> Diagnosis:
    try:
        configuration = read_configuration(environ)
    except NotStartedError as reason:
        return examine_broken(reason.lines, time.time())
    return await examine_at_rest(configuration, roster_of(configuration), Dialer(SystemTrust()).connect, time.time())


def roster_of(configuration: Configuration) -> Roster:
    """Whom a daemon would ask if it were started now."""
    settings = configuration.settings
    return assemble(
        catalogue_text=configuration.catalogue_text,
        settings=settings,
        auth=configuration.auth,
        discovered={},
        accounts={},
        listening_on=[(settings.host, settings.port)],
        demo=None,
        generation=0,
    ).roster
