"""The way to the daemon: the first control socket that somebody listens on, or why there is none for us."""

import os
import shutil
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from hrctl.problems import SILENT_HINT, NotRunning, Trouble
from hrd.admin.places import HOME_NAME, SOCKET_BYTES_MAX, SOCKET_NAME


def connect(paths: Sequence[str], wait_s: float) -> socket.socket:
    """A connection that waits *wait_s* at most for each piece of an answer."""
    denied = ""
    stale = ""
    for path in paths:
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        door.settimeout(wait_s)
        try:
            door.connect(path)
        except PermissionError:
            denied = denied or path
        except ConnectionRefusedError:
            stale = stale or path
        except (FileNotFoundError, NotADirectoryError):
            pass
        except (TimeoutError, BlockingIOError):  # the second: its queue of callers is full (unix(7))
            door.close()
            raise NotRunning(f"hrd does not answer at {path}: it hangs, or is very busy", SILENT_HINT) from None
        except OSError as error:
            door.close()
            raise Trouble(f"{path} cannot be used as a control socket: {error}", _another_place(path)) from None
        else:
            return door
        door.close()
    if denied:
        raise _denied(denied)
    raise _not_running(paths, stale)


def _another_place(path: str) -> str:
    if len(os.fsencode(path)) <= SOCKET_BYTES_MAX:
        return "say where it is: hr --socket PATH …"
    return f"set XDG_RUNTIME_DIR or {HOME_NAME} to a folder with a shorter path: a socket's may have {SOCKET_BYTES_MAX} bytes"


def _not_running(paths: Sequence[str], stale: str) -> NotRunning:
    why = f"nobody listens at {stale}" if stale else f"no control socket at {', '.join(paths)}"
    return NotRunning(f"hrd is not running ({why})", f"start it: {daemon_command()}")


def daemon_command() -> str:
    """How `hrd` is started from here: as the service that it is, by its name if the shell finds it, else where `hr` stands."""
    from hrctl.units import ask_systemctl, starting_command, unit_folders  # noqa: PLC0415 - hr is to start quickly

    if not any(os.environ.get(name) for name in (HOME_NAME, SOCKET_NAME)):
        command = starting_command(unit_folders(os.environ, os.environ.get("HOME", "")), ask_systemctl)
        if command:
            return command
    beside = Path(sys.argv[0]).absolute().with_name("hrd")
    return "hrd" if shutil.which("hrd") or not beside.exists() else str(beside)


def _denied(path: str) -> Trouble:
    import grp  # noqa: PLC0415 - only here, and hr is to start quickly
    import pwd  # noqa: PLC0415 - as above

    try:
        found = _visible(path)
        owner = pwd.getpwuid(found.st_uid).pw_name
        group = grp.getgrgid(found.st_gid).gr_name
    except (OSError, KeyError):
        return Trouble(f"you may not use {path}", "run hr as root, or as the user that hrd runs as")
    if not found.st_mode & 0o060:
        hint = f"run hr as {owner}, or let a group in: CONTROL_GROUP=GROUP in hrd's .env"
        return Trouble(f"you may not use {path}: it is for {owner} alone", hint)
    hint = f"join the group and log in again: sudo usermod -aG {group} {_me()}"
    return Trouble(f"you may not use {path}: it is for {owner} and the group {group}", hint)


def _visible(path: str) -> os.stat_result:
    """The socket, or the folder that hides it."""
    try:
        return Path(path).stat()
    except PermissionError:
        return Path(path).parent.stat()


def _me() -> str:
    import pwd  # noqa: PLC0415 - as above

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return "YOU"
