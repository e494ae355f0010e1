"""The daemon as a process: which version answers, and how it is told to end."""

from hrd.admin.wire.route import Answer, Ask, Nothing, Route


class Version(Answer, frozen=True, kw_only=True):
    """Who answers."""

    version: str
    pid: int
    python: str = ""
    started_at: float = 0.0


class StopRequest(Ask, frozen=True, kw_only=True):
    """Finish what runs, for the seconds of STOP_SECONDS at most; or end at once. It is refused while the database takes nothing
    and rows wait in memory, but with `lose_unwritten`."""

    now: bool = False
    lose_unwritten: bool = False


class Stopping(Answer, frozen=True, kw_only=True):
    """The daemon no longer listens for clients; its control socket goes when it has ended."""

    pid: int
    in_flight: int
    seconds_max: float


class Restarted(Answer, frozen=True, kw_only=True):
    """Another process serves now; the old one finishes what it had and ends."""

    pid: int
    version: str
    old_pid: int
    finishing: int
    """Requests that the old one still finishes."""
    seconds_max: float


RESTART = Route("POST", "/v1/restart", Nothing, Restarted)
VERSION = Route("GET", "/v1/version", Nothing, Version)
STOP = Route("POST", "/v1/stop", StopRequest, Stopping)
