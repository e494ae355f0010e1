"""The files of systemd/, with what differs from machine to machine filled in."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from hrctl.installation.layout import Layout


def unit(layout: Layout, name: str) -> str:
    """The unit *name* for a layout."""
    return _filled(f"{layout.scope}/{name}", layout)


def declaration(layout: Layout, name: str) -> str:
    """What sysusers.d or tmpfiles.d is told: *name* is `sysusers` or `tmpfiles`."""
    return _filled(f"{name}.conf", layout)


def _filled(name: str, layout: Layout) -> str:
    text = _folder().joinpath(name).read_text(encoding="utf-8")
    return text.replace("@BIN@", f"{layout.program}/bin")


def _folder() -> Traversable:
    """Beside this file when we are installed; in a checkout the folder has its own place."""
    installed = files("hrctl.installation").joinpath("systemd")
    return installed if installed.is_dir() else Path(__file__).parents[2] / "systemd"
