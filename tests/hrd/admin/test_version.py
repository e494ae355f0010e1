"""hr version: who answers."""

import platform

from hrd.admin.wire.daemon import VERSION
from tests.hrd.world import NOON, NOTHING, PID, World


async def test_the_daemon_names_itself(world: World) -> None:
    found = await world.ask(VERSION, NOTHING)
    assert (found.version, found.pid, found.python, found.started_at) == ("9.9", PID, platform.python_version(), NOON - 90)
