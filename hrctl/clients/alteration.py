"""The files of clients, changed on the disk: what stood there is kept beside, and can be put back.

The copy carries the time of the file that was written over the original. As long as both times are equal nobody has changed the
file since: a second change keeps the older copy then, and the first one can be taken back.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple, cast

from hrctl.clients.grafting import Unsuitable
from hrctl.clients.shapes import ConfigFile, Home, Setting
from hrctl.problems import Trouble
from hrd.files import Content, FileProblem, Stamp, read_bounded, stamp_of, write_atomically

BYTES_MAX: Final = 4_000_000
"""No client's own settings are larger."""

CONFIGURATION: Final = ".config/"
PRIVATE: Final = 0o600
SUFFIX: Final = ".before-hr-connect"


class Alteration(NamedTuple):
    """What a file is to hold. `text` None: it holds that already."""

    path: Path
    found: Content | None
    text: str | None
    mode: int


def path_of(file: ConfigFile, environ: Mapping[str, str], home: Path) -> Path:
    return _folder(file.home, environ, home) / file.name


def _folder(place: Home, environ: Mapping[str, str], home: Path) -> Path:
    named = environ.get(place.variable, "") if place.variable else ""
    if named:
        return Path(named).expanduser()
    configuration = environ.get("XDG_CONFIG_HOME", "")
    if place.usual.startswith(CONFIGURATION) and configuration.startswith("/"):
        return Path(configuration) / place.usual.removeprefix(CONFIGURATION)
    return home / place.usual


def written_as(format_: str) -> Callable[[str, Sequence[Setting]], str]:
    """The one that puts settings into a text of this format."""
    module = import_module(f"hrctl.clients.{format_}_text")  # each brings a library that hr otherwise does without
    return cast("Callable[[str, Sequence[Setting]], str]", module.changed)


def altered(path: Path, file: ConfigFile, settings: Sequence[Setting]) -> Alteration:
    """How the file at *path* has to change. One that is not understood is `Trouble`: it is never written over."""
    found = read_bounded(path, BYTES_MAX)
    if isinstance(found, FileProblem):
        raise Trouble(str(found), "nothing was written")
    if found is not None and found.uid != os.geteuid():
        raise Trouble(f"{path} belongs to user {found.uid}, not to you", "run hr as that user, or put it there by hand")
    try:
        before = found.data.decode() if found is not None else ""
        after = written_as(file.format)(before, settings)
    except UnicodeDecodeError:
        raise Trouble(f"{path} is not text in UTF-8", "nothing was written: look at it, and move it away") from None
    except Unsuitable as problem:
        raise Trouble(f"{path} {problem}", "nothing was written: mend it, or put the settings there by hand") from None
    mode = PRIVATE if found is None else found.mode & PRIVATE if file.holds_key else found.mode
    is_done = found is not None and after == before and found.mode == mode
    return Alteration(path, found, None if is_done else after, mode)


def alter(change: Alteration) -> Path | None:
    """Write it; where the copy of what stood there before us is, if anything did."""
    assert change.text is not None, "there is something to write"
    backup = _kept(change.path, change.found)
    replaces = change.found.stamp if change.found is not None else None
    stamp = _written(change.path, change.text.encode(), change.mode, replaces)
    os.utime(backup, ns=(stamp.mtime_ns, stamp.mtime_ns))
    return backup if backup.stat().st_size else None


def restore(path: Path) -> bool:
    """Put back what stood at *path* before; False when there is no copy of it. Changed since by somebody else: `Trouble`."""
    backup = backup_of(path)
    kept, now = stamp_of(backup), stamp_of(path)
    if kept is None:
        return False
    if now is not None and now.mtime_ns != kept.mtime_ns:
        raise Trouble(f"{path} was changed after hr connect wrote it", f"take back by hand what you want to: it was {backup}")
    before = read_bounded(backup, BYTES_MAX)
    if not isinstance(before, Content):
        raise Trouble(str(before or f"{backup}: is gone"), "nothing was changed")
    if before.data:
        _written(path, before.data, before.mode, now)
    else:
        path.unlink(missing_ok=True)
    backup.unlink()
    return True


def backup_of(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)


def _kept(path: Path, found: Content | None) -> Path:
    """The copy; an empty one of a file that was not there."""
    backup = backup_of(path)
    there = stamp_of(backup)
    if found is None:
        _written(backup, b"", PRIVATE, there)
    elif there is None or there.mtime_ns != found.stamp.mtime_ns:
        _written(backup, found.data, found.mode, there)
    return backup


def _written(path: Path, data: bytes, mode: int, replaces: Stamp | None) -> Stamp:
    stamp = write_atomically(path, data, mode, replaces=replaces)
    if isinstance(stamp, FileProblem):
        raise Trouble(str(stamp), "look at it, then again")
    return stamp
