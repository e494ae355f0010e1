"""Wheels of what is installed here, so that an installation can be tried without a network."""

import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement


def collect(name: str, into: Path) -> None:
    """The wheels of all that *name* needs, without *name* itself."""
    for found in _needed_by(distribution(name), {}).values():
        _repack(found, into)


def _needed_by(wanting: Distribution, found: dict[str, Distribution]) -> dict[str, Distribution]:
    for line in wanting.requires or ():
        needed = Requirement(line)
        if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
            continue
        if needed.name not in found:
            found[needed.name] = distribution(needed.name)
            _needed_by(found[needed.name], found)
    return found


def _repack(installed: Distribution, into: Path) -> None:
    """The wheel that it was installed from, without its command line programs and bytecode."""
    wheel = installed.read_text("WHEEL")
    assert wheel is not None, installed.name
    tags = [line.partition(": ")[2] for line in wheel.splitlines() if line.startswith("Tag: ")]
    python, abi, platforms = tags[0].split("-")[0], tags[0].split("-")[1], ".".join(tag.split("-")[2] for tag in tags)
    if len({tag.split("-")[0] for tag in tags}) > 1:
        python, platforms = ".".join(tag.split("-")[0] for tag in tags), tags[0].split("-")[2]
    name = f"{installed.name.replace('-', '_')}-{installed.version}-{python}-{abi}-{platforms}.whl"
    with zipfile.ZipFile(into / name, "w") as archive:
        for file in installed.files or ():
            if not file.is_absolute() and ".." not in file.parts and file.suffix != ".pyc":
                archive.write(str(file.locate()), str(file))
