"""The folders and files: whether we can use them, and whether others can."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from hrd.admin.doctor.finding import fine, wrong
from hrd.admin.places import Places
from hrd.admin.wire.doctor import Finding

SUBJECT = "permissions"


def permissions(places: Places) -> Iterator[Finding]:
    """Everything that is wrong with them, or that nothing is."""
    folders = tuple(dict.fromkeys((places.config, places.state, places.runtime)))
    found = [finding for folder in folders for finding in _of_folder(Path(folder))]
    found += _of_database(Path(places.database))
    alone = "nobody else can write there" if any(map(_is_open_to_see, folders)) else "by nobody else"
    yield from found or [fine(SUBJECT, f"{', '.join(folders)} can be used, and {alone}")]


def _is_open_to_see(folder: str) -> bool:
    path = Path(folder)
    return path.exists() and path.stat().st_mode & 0o055 != 0


def _of_folder(folder: Path) -> Iterator[Finding]:
    try:
        mode = folder.stat().st_mode
    except FileNotFoundError:
        yield from _of_missing(folder)
        return
    except OSError as error:
        yield wrong(SUBJECT, f"{folder} cannot be looked at: {error.strerror or error}", f"see: namei -l {folder}")
        return
    if not stat.S_ISDIR(mode):
        yield wrong(SUBJECT, f"{folder} is no folder", f"move it away: mv {folder} {folder}.old")
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield wrong(SUBJECT, f"{folder} is not ours to write to", f"sudo chown {os.geteuid()} {folder}; chmod u+rwx {folder}")
    elif mode & 0o022:
        yield wrong(SUBJECT, f"others may put files into {folder}", f"chmod go-w {folder}")


def _of_missing(folder: Path) -> Iterator[Finding]:
    """It is made at start, if it can be."""
    above = next((path for path in folder.parents if path.exists()), Path("/"))
    if not os.access(above, os.W_OK | os.X_OK):
        yield wrong(
            SUBJECT, f"{folder} is not there, and cannot be made in {above}", f"sudo install -d -o $USER -m 700 {folder}"
        )


def _of_database(path: Path) -> Iterator[Finding]:
    """SQLite gives the files beside it the mode that it has itself."""
    if not path.exists():
        return
    if not os.access(path, os.R_OK | os.W_OK):
        yield wrong(SUBJECT, f"{path} is not ours to write to", f"sudo chown {os.geteuid()} {path}*")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        may = "change" if mode & 0o022 else "read"
        yield wrong(SUBJECT, f"{path} has mode {mode:04o}: others may {may} what was spent", f"chmod 600 {path}*")
