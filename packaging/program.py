"""The program in a folder of its own: a virtualenv that stands somewhere else than it was made.

    python packaging/program.py --at /opt/hermes-router [--root DESTDIR] [--wheels DIR] [SOURCE]

It is made beside its place and tried there; only then does it take the place of an older one, so that a failed upgrade leaves
everything as it was. The Python that runs this is the one that the program will run with. Standard library only.
"""

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Final

KEPT_SCRIPTS: Final = frozenset({"hr", "hrd"})
HIDDEN: Final = ("/home/", "/root/", "/tmp/", "/var/tmp/")
"""A service with ProtectHome= and PrivateTmp= sees nothing of these (systemd.exec(5))."""


class NotMadeError(Exception):
    """Why there is no program, and what to type."""


def make_program(at: str, root: str, source: str, wheels: str) -> Path:
    """Install *source* below *root* for the place *at*. Returns the folder."""
    place = Path(root + at)
    made = place.with_name(f".{place.name}.new")
    shutil.rmtree(made, ignore_errors=True)
    make_folder(made.parent)
    try:
        _install(made, source, wheels)
        _strip(made)
        _settle(made, at)
        _try(made)
        _exchange(made, place)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return place


def make_folder(folder: Path) -> None:
    """One that all may read, whatever the umask."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir()
        folder.chmod(0o755)


def _install(made: Path, source: str, wheels: str) -> None:
    _run([sys.executable, "-I", "-m", "venv", made])
    where = ["--no-index", "--find-links", wheels] if wheels else []
    pip: list[str | Path] = [made / "bin/python", "-I", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "install", "--no-compile", "--no-warn-script-location", *where, source])
    # sqlite-utils asks for pip, to install plugins with; there are none here.
    _run([*pip, "uninstall", "--yes", "pip", *(["setuptools"] if sys.version_info < (3, 12) else [])])


def _strip(made: Path) -> None:
    """What a virtualenv is worked in with is of no use here, and other packages' commands are not ours to offer."""
    for script in (made / "bin").iterdir():
        if script.name not in KEPT_SCRIPTS and not script.name.startswith("python"):
            script.unlink()
    shutil.rmtree(made / "include", ignore_errors=True)


def _settle(made: Path, at: str) -> None:
    """Have it believe that it was made at its place: commands name their Python in full, and so does bytecode its source."""
    for name in KEPT_SCRIPTS:
        script = made / "bin" / name
        script.write_text(script.read_text().replace(str(made), at))
    interpreter = made / "bin/python3"
    interpreter.unlink()
    interpreter.symlink_to(Path(sys.executable).resolve())  # /usr/bin/python3 may lead to a newer one some day
    settings = made / "pyvenv.cfg"
    settings.write_text("".join(line for line in settings.open() if not line.startswith("command")))
    library = sysconfig.get_path("purelib", "venv", {"base": str(made), "platbase": str(made)})
    _run([made / "bin/python", "-I", "-m", "compileall", "-q", "-s", str(made), "-p", at, library])
    for path in [made, *made.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or (os.access(path, os.X_OK) and path.parent.name == "bin") else 0o644)


def _try(made: Path) -> None:
    """Both commands load what they need to say what they are."""
    for command in ("hrctl", "hrd"):
        done = subprocess.run(
            [made / "bin/python", "-I", "-m", command, "--version"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise NotMadeError(f"what was installed does not start; nothing was changed: {done.stderr}")


def _exchange(made: Path, place: Path) -> None:
    """A running daemon keeps the files that it has open."""
    old = place.with_name(f".{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    made.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def _run(command: Sequence[str | Path]) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    done = subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
    if done.returncode:
        raise NotMadeError(f"{' '.join(str(word) for word in command)} ended with {done.returncode}; nothing was changed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at", required=True, help="where the program will stand")
    parser.add_argument("--root", default="", help="the folder that stands for / meanwhile")
    parser.add_argument("--wheels", default="", help="a folder of wheels, so that no network is needed")
    parser.add_argument("source", nargs="?", default=str(Path(__file__).resolve().parent.parent), help="what pip installs")
    asked = parser.parse_args()
    if not asked.root and asked.at.startswith("/opt/"):
        if os.geteuid():
            sys.exit("only root may install for the machine: sudo make install (for you alone: make install-user)")
        if sys.base_prefix.startswith(HIDDEN):
            sys.exit(f"a system service cannot see the Python in {sys.base_prefix}: make install PYTHON=/usr/bin/python3")
    os.umask(0o022)
    try:
        make_program(asked.at, asked.root.rstrip("/"), asked.source, asked.wheels)
    except NotMadeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
