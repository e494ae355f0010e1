"""A machine that does nothing, and remembers what it was told."""

from collections.abc import Sequence

from hrctl.installation.layout import Scope
from hrctl.installation.machine import Ran


class FakeMachine:
    """`answers`: what a command that begins so ends with; all others succeed in silence."""

    def __init__(self, *, systemd: bool = True, lacks: Sequence[str] = (), answers: dict[str, Ran] | None = None) -> None:
        self.told: list[str] = []
        self._systemd = systemd
        self._lacks = lacks
        self._answers = answers or {}

    def has_systemd(self, scope: Scope) -> bool:
        return self._systemd

    def has(self, name: str) -> bool:
        return name not in self._lacks

    def run(self, arguments: Sequence[str]) -> Ran:
        command = " ".join(arguments)
        self.told.append(command)
        return next((ran for begin, ran in self._answers.items() if command.startswith(begin)), Ran(0, "", ""))


NOT_ACTIVE = {"systemctl --no-pager is-active": Ran(3, "", ""), "systemctl --user --no-pager is-active": Ran(3, "", "")}
