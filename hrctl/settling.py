"""Having hrd start by itself: whether it can be a service here, whether it is one, and making it one."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from hrctl.client import Client
from hrctl.commands.stop import stop_daemon
from hrctl.commands.unit import PACKAGED, layout_of, pieces_of
from hrctl.installation.arriving import Outcome, install
from hrctl.installation.layout import Scope, out_of_reach
from hrctl.installation.machine import Machine
from hrctl.installation.unit_state import unit_states
from hrctl.problems import Trouble
from hrd.admin.places import HOME_NAME, SOCKET_NAME


class Settling:
    """For root the machine's service, for everybody else their own."""

    def __init__(self, machine: Machine, environ: Mapping[str, str], uid: int) -> None:
        self.scope: Scope = "user" if uid else "system"
        self._machine = machine
        self._environ = environ

    @property
    def begins(self) -> str:
        """When a service of that scope starts by itself."""
        return "at boot" if self.scope == "system" else "when you log in"

    @property
    def why_not(self) -> str:
        """Why there can be no service here; empty if there can."""
        for name in (HOME_NAME, SOCKET_NAME):
            if self._environ.get(name):
                return f"a service has folders of its own, and {name} is set"
        if not self._machine.has_systemd(self.scope):
            return f"no systemd of this {'machine' if self.scope == 'system' else 'user'} runs here"
        if self.scope == "user":
            return ""
        if Path(PACKAGED).exists():
            return "a package has installed it: systemctl enable --now hrd.service"
        return out_of_reach(sys.prefix, sys.base_prefix)

    def is_settled(self, pid: int) -> bool:
        """Whether the daemon that runs as *pid* is a service."""
        return any(state.pid == pid for state in unit_states(self._machine))

    def settle(self) -> Outcome:
        """Install the service, and start it. Raises `Trouble`."""
        layout = layout_of(self.scope)
        return install(layout, pieces_of(layout), self._machine, root="", start=True)

    def settle_instead(self, client: Client, start_again: Callable[[], object]) -> Outcome:
        """The same in the place of a daemon that was started by hand, with the same settings and keys. If the service does not
        start, *start_again* is called."""
        stop_daemon(client)
        try:
            return self.settle()
        except Trouble:
            start_again()
            raise
