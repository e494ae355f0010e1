"""`hr version`: who answers."""

import platform

from hrd.admin.status import DaemonFacts
from hrd.admin.wire.daemon import Version


def version_of(facts: DaemonFacts, now: float) -> Version:
    return Version(
        version=facts.version, pid=facts.pid, python=platform.python_version(), started_at=round(now - facts.uptime_s, 3)
    )
