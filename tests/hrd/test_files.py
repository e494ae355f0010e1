"""Files are read whole or refused with a reason, and replaced whole or not at all."""

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hrd.files import Content, FileProblem, Stamp, read_bounded, stamp_of, turn_in, write_atomically
from tests.hrd.nobody import as_nobody


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def problem(result: object) -> str:
    assert isinstance(result, FileProblem)
    return result.reason


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_read_with_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    path.chmod(0o640)
    content = read_bounded(path, 5)
    assert isinstance(content, Content)
    assert (content.data, content.mode, content.uid) == (b"12345", 0o640, os.geteuid())
    found = path.stat()
    assert content.stamp == stamp_of(path) == Stamp(found.st_mtime_ns, 5, found.st_ino, found.st_mode, found.st_uid)


def test_a_turn_is_waited_for_and_not_for_ever(tmp_path: Path) -> None:
    """Whoever has it may have been stopped in the middle."""
    with turn_in(tmp_path):
        began = time.monotonic()
        with turn_in(tmp_path, within_s=0.03):
            assert 0.03 <= time.monotonic() - began < 3
    with turn_in(tmp_path), turn_in(tmp_path / "none"):
        pass


def test_no_file_is_none_and_not_a_problem(tmp_path: Path) -> None:
    assert read_bounded(tmp_path / "none", 5) is None
    assert stamp_of(tmp_path / "none") is None


def test_one_byte_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"123456")
    assert problem(read_bounded(tmp_path / "a", 5)) == "is larger than 5 bytes: it cannot be what belongs here"


def test_an_endless_file_is_neither_read_nor_waited_for() -> None:
    assert problem(read_bounded(Path("/dev/zero"), 5)) == "is a special file; a file is wanted here: move it away"


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / "file").write_bytes(b"")
    assert problem(read_bounded(tmp_path, 5)) == "is a folder; a file is wanted here: move it away"
    assert problem(read_bounded(tmp_path / "pipe", 5)) == "is a pipe; a file is wanted here: move it away"
    assert problem(read_bounded(tmp_path / "circle", 5)) == "cannot be read: symbolic links lead in a circle"
    assert problem(read_bounded(tmp_path / "file" / "x", 5)) == "cannot be read: a folder on the way to it is none"
    assert problem(read_bounded(tmp_path / "nul\0", 5)) == "cannot be read: embedded null byte"


def test_what_may_not_be_read_says_who_asked_and_where_to_look(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1")
    path.chmod(0)
    with as_nobody():
        reason = problem(read_bounded(path, 5))
        assert reason.startswith(f"cannot be read: permission denied for user {os.geteuid()}:")


def test_running_out_of_descriptors_is_not_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = os.open(path, os.O_RDONLY)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (held, hard))
        taken = []
        while True:  # descriptors below the limit that happen to be free
            try:
                taken.append(os.open(path, os.O_RDONLY))
            except OSError:
                break
        result = read_bounded(path, 5)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in (held, *taken):
            os.close(descriptor)
    assert problem(result) == "cannot be read: too many files are open (ulimit -n)"


def test_a_new_file_is_written_with_its_mode_and_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a"
    stamp = write_atomically(path, b"12345", 0o600, replaces=None)
    assert stamp == stamp_of(path)
    assert path.read_bytes() == b"12345"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert names(path.parent) == ["a"]


def test_a_file_is_replaced_by_another_one(tmp_path: Path) -> None:
    path = tmp_path / "a"
    first = write_atomically(path, b"first", 0o600, replaces=None)
    assert isinstance(first, Stamp)
    with path.open("rb") as reader:  # whoever reads the old file reads all of it
        second = write_atomically(path, b"2", 0o640, replaces=first)
        assert reader.read() == b"first"
    assert second == stamp_of(path)
    assert path.read_bytes() == b"2"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_file_that_is_not_the_one_to_be_replaced_stays(tmp_path: Path) -> None:
    path = tmp_path / "a"
    stamp = write_atomically(path, b"ours", 0o600, replaces=None)
    assert isinstance(stamp, Stamp)
    path.write_bytes(b"theirs")
    refused = write_atomically(path, b"ours again", 0o600, replaces=stamp)
    assert isinstance(refused, FileProblem)
    assert refused.is_stale
    assert str(refused) == f"{path}: was changed by somebody else in the meantime; nothing was written"
    assert path.read_bytes() == b"theirs"
    assert names(tmp_path) == ["a"]


def test_a_file_that_came_or_went_meanwhile_is_not_made_up_for(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"theirs")
    assert problem(write_atomically(path, b"ours", 0o600, replaces=None)).startswith("was changed")
    stamp = stamp_of(path)
    path.unlink()
    assert problem(write_atomically(path, b"ours", 0o600, replaces=stamp)).startswith("was changed")
    assert names(tmp_path) == []


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    kept, link = tmp_path / "dotfiles" / "env", tmp_path / ".env"
    kept.write_bytes(b"old")
    link.symlink_to(kept)
    assert write_atomically(link, b"new", 0o600, replaces=stamp_of(link)) == stamp_of(kept)
    assert link.is_symlink()
    assert kept.read_bytes() == b"new"


def test_when_the_disk_takes_no_more_the_old_file_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    stamp = write_atomically(path, b"old", 0o600, replaces=None)
    assert isinstance(stamp, Stamp)
    with file_size_limit(8):
        refused = write_atomically(path, b"n" * 1000, 0o600, replaces=stamp)
    assert problem(refused) == "cannot be written: the file would be larger than is allowed here (ulimit -f)"
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_a_folder_that_may_not_be_written_to_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    tmp_path.chmod(0o500)
    with as_nobody():
        reason = problem(write_atomically(path, b"new", 0o600, replaces=None))
    tmp_path.chmod(0o700)
    assert reason.startswith("cannot be written: permission denied for user ")
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("name", ["x/y", "nul\0", "n" * 300])
def test_places_where_no_file_can_be_are_a_reason_and_no_exception(tmp_path: Path, name: str) -> None:
    (tmp_path / "x").write_bytes(b"")
    assert problem(write_atomically(tmp_path / name, b"new", 0o600, replaces=None)).startswith("cannot be written")
    assert names(tmp_path) == ["x"]


def test_a_folder_in_the_place_of_the_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert problem(write_atomically(tmp_path / "a", b"new", 0o600, replaces=stamp_of(tmp_path / "a"))).startswith(
        "cannot be written"
    )
    assert names(tmp_path) == ["a"]


def test_what_a_killed_process_left_is_cleared_away_and_what_another_writes_now_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for name in (".a.old.tmp", ".a.now.tmp", ".ab.old.tmp"):
        (tmp_path / name).write_bytes(b"half")
        if "old" in name:
            os.utime(tmp_path / name, (1000, 1000))
    write_atomically(path, b"new", 0o600, replaces=None)
    assert names(tmp_path) == [".a.now.tmp", ".ab.old.tmp", "a"]


def test_a_change_of_mode_alone_changes_the_stamp(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"hello")
    path.chmod(0o644)
    before = stamp_of(path)
    path.chmod(0o600)
    assert stamp_of(path) != before
