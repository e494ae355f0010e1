"""Whether a database is sound: found out without leaving a trace."""

from pathlib import Path

import pytest
import sqlite_utils

from hrd.store.soundness import what_is_broken


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with a name that a URI would read otherwise, of some pages."""
    made = tmp_path / "h?r#d%20.db"
    database = sqlite_utils.Database(made)
    database["t"].insert_all({"a": n, "text": "x" * 500} for n in range(200))
    database["t"].create_index(["a"])
    database.close()
    return made


def test_a_sound_one_is_left_as_it_was(path: Path) -> None:
    before = path.read_bytes()
    assert what_is_broken(path) == ""
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_page_that_was_overwritten_is_found(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[8192:12288] = b"\xff" * 4096
    path.write_bytes(data)
    assert what_is_broken(path)


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\0" + b"\0" * 200])
def test_what_is_none_at_all_is_found(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert "not a database" in what_is_broken(path)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    assert "unable to open" in what_is_broken(tmp_path / "none.db")
