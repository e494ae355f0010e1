"""A Debian package: the program, its service, commands, man pages and completions.

    /usr/bin/python3 packaging/deb.py --wheels DIR --to dist

Offline: *DIR* holds the wheel of hrd and those of all it needs. The package wants the very Python that made it, as a virtualenv
belongs to one minor version, and compiled wheels to one architecture.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from program import NotMadeError, make_folder, make_program

AT: Final = "/opt/hermes-router"
NAME: Final = "hermes-router"
SCRIPTS: Final = ("preinst", "postinst", "prerm", "postrm")
HERE: Final = Path(__file__).resolve().parent


def build(wheels: Path, to: Path) -> Path:
    """The package, as a file in *to*."""
    interpreter = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if sys.base_prefix != "/usr":
        raise NotMadeError(f"{sys.executable} is not the distribution's Python: make deb DEB_PYTHON=/usr/bin/python3")
    version, architecture = _version(), _said(["dpkg", "--print-architecture"])
    stage = to / "stage"
    shutil.rmtree(stage, ignore_errors=True)
    make_folder(stage)
    program = make_program(AT, str(stage), f"hrd=={version}", str(wheels))
    _run([program / "bin/python", "-I", "-m", "hrctl", "service", "install", "--system", "--root", stage, "--prefix", "/usr"])
    documents = stage / "usr/share/doc" / NAME
    make_folder(documents)
    shutil.copyfile(HERE.parent / "LICENSE", documents / "copyright")
    _control(stage, version, architecture, interpreter)
    package = to / f"{NAME}_{debian_version(version)}_{architecture}.deb"
    _run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", stage, package])
    shutil.rmtree(stage)
    return package


def _control(stage: Path, version: str, architecture: str, interpreter: str) -> None:
    files = sorted(path for path in stage.rglob("*") if path.is_file() and not path.is_symlink())
    folder = stage / "DEBIAN"
    make_folder(folder)
    text = (HERE / "debian/control").read_text()
    for name, value in {
        "@VERSION@": debian_version(version),
        "@ARCHITECTURE@": architecture,
        "@PYTHON@": interpreter,
        "@SIZE@": str(sum(path.stat().st_size for path in files) // 1024),
    }.items():
        text = text.replace(name, value)
    (folder / "control").write_text(text)
    sums = (f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(stage)}\n" for path in files)
    (folder / "md5sums").write_text("".join(sums))
    for name in SCRIPTS:
        shutil.copyfile(HERE / "debian" / name, folder / name)
        (folder / name).chmod(0o755)


def _version() -> str:
    found: dict[str, str] = {}
    exec((HERE.parent / "hrd/__init__.py").read_text(), found)
    return found["__version__"]


def debian_version(version: str) -> str:
    """A version before a release is older than the release (deb-version(7))."""
    for mark in (".dev", "a", "b", "rc"):
        head, found, tail = version.partition(mark)
        if found:
            return f"{head}~{mark.strip('.')}{tail}"
    return version


def _said(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _run(command: list[str | Path]) -> None:
    done = subprocess.run(command, check=False)
    if done.returncode:
        raise NotMadeError(f"{' '.join(str(word) for word in command)} ended with {done.returncode}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    asked = parser.parse_args()
    os.umask(0o022)
    try:
        print(build(asked.wheels.resolve(), asked.to.resolve()))
    except NotMadeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
