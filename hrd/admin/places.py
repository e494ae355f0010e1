"""Where the files are: the same answer for the daemon that makes them and the client that looks for the socket.

Pure and part of the wire: `hr` imports it too. First HERMES_ROUTER_HOME, which holds everything; then the folders that
systemd hands to a system service; then those of the XDG base directory specification.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

import msgspec

HOME_NAME: Final = "HERMES_ROUTER_HOME"
SOCKET_NAME: Final = "HERMES_ROUTER_SOCKET"
FOLDER: Final = "hermes-router"
SYSTEM_SOCKET: Final = f"/run/{FOLDER}/control.sock"

SOCKET_BYTES_MAX: Final = 107
"""A Unix socket's path ends with a NUL within 108 bytes (unix(7))."""


class Places(msgspec.Struct, frozen=True):
    """The three folders, and what is in them."""

    config: str
    state: str
    runtime: str

    @property
    def dotenv(self) -> str:
        return f"{self.config}/.env"

    @property
    def config_toml(self) -> str:
        return f"{self.config}/config.toml"

    @property
    def auth_json(self) -> str:
        return f"{self.state}/auth.json"

    @property
    def database(self) -> str:
        return f"{self.state}/hrd.db"

    @property
    def lock(self) -> str:
        return f"{self.state}/hrd.lock"

    @property
    def control_socket(self) -> str:
        return f"{self.runtime}/control.sock"


class Nowhere(msgspec.Struct, frozen=True):
    """Why there is no place, with what to set."""

    reason: str

    def __str__(self) -> str:
        return self.reason


def find_places(environ: Mapping[str, str], uid: int, home: str) -> Places | Nowhere:
    """Where the daemon of user *uid* keeps its files; *home* is that user's folder, empty when there is none."""
    at_home = environ.get(HOME_NAME, "")
    if at_home:
        if not _is_usable(at_home):
            return Nowhere(f"{HOME_NAME} is {_shown(at_home)}: set it to an absolute path, such as /home/you/hermes")
        folder = _tidy(at_home)
        return _checked(Places(config=folder, state=folder, runtime=folder))
    config = _handed("CONFIGURATION_DIRECTORY", environ) or _xdg("XDG_CONFIG_HOME", ".config", environ, home)
    state = _handed("STATE_DIRECTORY", environ) or _xdg("XDG_STATE_HOME", ".local/state", environ, home)
    if config is None or state is None:
        return Nowhere(f"this user has no home folder: set {HOME_NAME} to a folder for the files of hermes-router")
    runtime = _handed("RUNTIME_DIRECTORY", environ) or _runtime(environ, uid) or state
    return _checked(Places(config=config, state=state, runtime=runtime))


def socket_candidates(environ: Mapping[str, str], uid: int, home: str, asked_for: str | None = None) -> tuple[str, ...]:
    """Where a daemon may listen, in the order to look: what the user names is the only place to look at.

    Otherwise this user's own daemon comes first, wherever its environment has put the socket, then the system's.
    """
    named = asked_for or environ.get(SOCKET_NAME, "")
    if named:
        return (named,)
    if environ.get(HOME_NAME, ""):
        return (f"{_tidy(environ[HOME_NAME])}/control.sock",)
    state = _xdg("XDG_STATE_HOME", ".local/state", environ, home)
    folders = (_runtime(environ, uid), f"/run/user/{uid}/{FOLDER}", state)
    return tuple(dict.fromkeys([*(f"{folder}/control.sock" for folder in folders if folder), SYSTEM_SOCKET]))


def _checked(places: Places) -> Places | Nowhere:
    length = len(places.control_socket.encode("utf-8", "surrogateescape"))
    if length <= SOCKET_BYTES_MAX:
        return places
    return Nowhere(
        f"the path of the control socket, {_shown(places.control_socket)}, has {length} bytes and a socket's may have "
        f"{SOCKET_BYTES_MAX}: set XDG_RUNTIME_DIR or {HOME_NAME} to a folder with a shorter path"
    )


def _handed(name: str, environ: Mapping[str, str]) -> str | None:
    """The folder that systemd hands over (of several, with colons between them, the first)."""
    folder = environ.get(name, "").split(":", 1)[0]
    return _tidy(folder) if _is_usable(folder) else None


def _xdg(name: str, default: str, environ: Mapping[str, str], home: str) -> str | None:
    """The specification wants relative paths to be ignored."""
    folder = environ.get(name, "")
    if _is_usable(folder):
        return f"{_tidy(folder)}/{FOLDER}"
    return f"{_tidy(home)}/{default}/{FOLDER}" if _is_usable(home) else None


def _runtime(environ: Mapping[str, str], uid: int) -> str | None:
    """After su or sudo the variable may still be another user's, whose folder is not ours to use."""
    folder = environ.get("XDG_RUNTIME_DIR", "")
    if not _is_usable(folder):
        return None
    path = PurePosixPath(folder)
    anothers = path.parent == PurePosixPath("/run/user") and path.name.isdecimal() and path.name != str(uid)
    return None if anothers else f"{path}/{FOLDER}"


def _is_usable(folder: str) -> bool:
    return folder.startswith("/") and "\0" not in folder


def _tidy(folder: str) -> str:
    path = str(PurePosixPath(folder))
    return path if path != "/" else ""


def _shown(path: str) -> str:
    return repr(path if len(path) <= 200 else path[:200] + "…")
