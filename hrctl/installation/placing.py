"""Pieces on the disk: put there whole or not at all, and taken away only if they are ours."""

import contextlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from hrctl.installation.contents import MARK, Piece
from hrctl.problems import Trouble

FILE_MODE: Final = 0o644
FOLDER_MODE: Final = 0o755


def place(pieces: Sequence[Piece], root: str) -> list[str]:
    """Put *pieces* below *root*, replacing ours of before. Raises `Trouble`, before anything is written, if one is not ours."""
    for piece in pieces:
        if not is_ours(piece, root):
            raise Trouble(f"{root}{piece.path} is not a file of hermes-router", "look at it, and move it away")
    try:
        for piece in pieces:
            _put(piece, root)
    except OSError as error:
        raise Trouble(f"{error.filename} cannot be written: {error.strerror}", "look at its owner and mode") from None
    return [piece.path for piece in pieces]


def remove(pieces: Iterable[Piece], root: str) -> list[str]:
    """Take those away that are ours."""
    removed = []
    for piece in pieces:
        path = Path(root + piece.path)
        if os.path.lexists(path) and is_ours(piece, root):
            try:
                path.unlink()
            except OSError as error:
                raise Trouble(f"{path} cannot be removed: {error.strerror}", "look at its folder's owner and mode") from None
            removed.append(piece.path)
    return removed


def is_ours(piece: Piece, root: str) -> bool:
    """Whether what stands at its place is nothing, or was put there by an installation."""
    path = Path(root + piece.path)
    if piece.target:
        return not os.path.lexists(path) or (path.is_symlink() and str(path.readlink()) == piece.target)
    if not os.path.lexists(path):
        return True
    try:
        return MARK in path.read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return False


def _put(piece: Piece, root: str) -> None:
    path = Path(root + piece.path)
    _make_folder(path.parent)
    beside = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    if piece.target:
        beside.symlink_to(piece.target)
    else:
        beside.write_text(piece.text, encoding="utf-8")
        beside.chmod(FILE_MODE)
    beside.replace(path)


def _make_folder(folder: Path) -> None:
    """With the same mode for all, whatever the umask: others are to read what is in it."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir()
        folder.chmod(FOLDER_MODE)
