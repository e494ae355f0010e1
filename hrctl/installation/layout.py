"""Where each file of an installation belongs: for the machine below a prefix, for a user below the home folder. Pure."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

Scope = Literal["system", "user"]

FOLDER: Final = "hermes-router"
ACCOUNT: Final = "hermes-router"
"""The user of the system service, and its group."""


class Layout(NamedTuple):
    """Absolute paths, as the machine sees them that it is for."""

    scope: Scope
    program: str
    """The folder whose bin/ holds `hr` and `hrd`."""
    commands: str
    man: str
    bash: str
    zsh: str
    fish: str
    units: str
    declarations: str
    """The folder of sysusers.d and tmpfiles.d; empty for a user, whose account is there."""
    data: tuple[str, ...]
    """What outlives the installation: settings, then keys and what was spent."""


def system_layout(prefix: str, program: str) -> Layout:
    """Below *prefix*: /usr/local for what an administrator installs, /usr for a package of the distribution."""
    share = f"{prefix}/share"
    return Layout(
        scope="system",
        program=program,
        commands=f"{prefix}/bin",
        man=f"{share}/man",
        bash=f"{share}/bash-completion/completions",
        zsh=f"{share}/zsh/{'vendor-completions' if prefix == '/usr' else 'site-functions'}",
        fish=f"{share}/fish/vendor_completions.d",
        units=f"{prefix}/lib/systemd/system",
        declarations=f"{prefix}/lib",
        data=(f"/etc/{FOLDER}", f"/var/lib/{FOLDER}"),
    )


def user_layout(home: str, environ: Mapping[str, str], program: str) -> Layout:
    """By the XDG base directory specification; systemd.unit(5), bash-completion and fish look there by themselves."""

    def folder(name: str, default: str) -> str:
        said = environ.get(name, "")
        return said.rstrip("/") if said.startswith("/") else f"{home}/{default}"

    share = folder("XDG_DATA_HOME", ".local/share")
    return Layout(
        scope="user",
        program=program,
        commands=f"{home}/.local/bin",
        man=f"{share}/man",
        bash=f"{share}/bash-completion/completions",
        zsh=f"{share}/zsh/site-functions",
        fish=f"{share}/fish/vendor_completions.d",
        units=f"{share}/systemd/user",
        declarations="",
        data=(f"{folder('XDG_CONFIG_HOME', '.config')}/{FOLDER}", f"{folder('XDG_STATE_HOME', '.local/state')}/{FOLDER}"),
    )


def out_of_reach(program: str, interpreter: str) -> str:
    """Why the system service could not run *program* with the Python at *interpreter*; empty if it can."""
    for what, path in (("hermes-router", program), ("its Python", interpreter)):
        hidden = next((top for top in ("/home", "/root", "/run/user", "/tmp", "/var/tmp") if _is_below(path, top)), "")  # noqa: S108 - names
        if hidden:
            return f"{what} stands in {path}, and a system service sees nothing of {hidden}"
    return ""


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
