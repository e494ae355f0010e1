"""How a command of `hr` ends when it does not succeed: what happened and what it means, then what to type.

| exit | when |
|---|---|
| 0 | done |
| 1 | refused or failed |
| 2 | used in a way that it is not meant to be |
| 3 | the daemon is not running |
| 130 | interrupted |
"""

INTERRUPTED = 130
"""128 and the number of SIGINT, as shells count."""


SILENT_HINT = "try again, or find and end it: pgrep -af hrd"
"""By its whole command: a daemon that was started as `python -m hrd`, or that took over, is called python."""


class Trouble(Exception):  # noqa: N818 - a refusal is not an error of the program
    """Refused, or failed."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Misused(Trouble):
    """Asked for in a way that makes no sense."""

    exit_code = 2


class NotRunning(Trouble):
    """Nobody answers."""

    exit_code = 3
