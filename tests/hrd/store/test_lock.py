"""One daemon a database."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hrd.store.lock import HeldBy, Lock, holder_of, take_lock


def test_the_first_takes_it_and_the_second_learns_the_pid(tmp_path: Path) -> None:
    path = tmp_path / "hrd.lock"
    lock = take_lock(path, 4711)
    assert isinstance(lock, Lock)
    assert take_lock(path, 4712) == HeldBy(4711)
    assert path.read_text() == "4711      \n"  # as long as every other: never half written
    lock.release()
    lock.release()
    second = take_lock(path, 5)
    assert isinstance(second, Lock)
    assert path.read_text() == "5         \n"
    second.release()


def test_whoever_looks_learns_the_pid_and_makes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "hrd.lock"
    assert holder_of(path) is None
    assert not path.exists()
    lock = take_lock(path, 4711)
    assert isinstance(lock, Lock)
    assert [holder_of(path) for _ in range(2)] == [HeldBy(4711)] * 2
    lock.release()
    assert holder_of(path) is None
    path.write_text("")
    assert holder_of(path) is None


def test_a_disk_that_does_not_take_the_pid_takes_no_lock_away(tmp_path: Path) -> None:
    """Some need room to write anew what stands there: a hand-over must not end in the middle for that."""
    path = tmp_path / "hrd.lock"
    path.write_text("4711      \n")
    lock = Lock(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    lock.write_pid(4712)
    assert path.read_text() == "4711      \n"
    lock.release()


def test_a_dead_process_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "hrd.lock"
    code = "import sys; from pathlib import Path; from hrd.store.lock import take_lock; "
    code += "lock = take_lock(Path(sys.argv[1]), 1); print(lock, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert "Lock" in child.stdout.readline()
        assert take_lock(path, 2) == HeldBy(1)
        child.kill()
    lock = take_lock(path, 3)
    assert isinstance(lock, Lock)
    lock.release()


def test_a_child_with_the_descriptor_keeps_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "hrd.lock"
    lock = take_lock(path, 1)
    assert isinstance(lock, Lock)
    assert not os.get_inheritable(lock.fileno())
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[lock.fileno()]) as child:
        lock.release()
        assert take_lock(path, 2) == HeldBy(1)
        assert child.stdin is not None
        child.stdin.close()
    after = take_lock(path, 2)
    assert isinstance(after, Lock)
    after.release()


@pytest.mark.parametrize("content", ["", "not a pid", "-3", "9" * 40])
def test_a_pid_that_cannot_be_read_is_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "hrd.lock"
    lock = take_lock(path, 1)
    assert isinstance(lock, Lock)
    path.write_text(content)
    held = take_lock(path, 2)
    assert isinstance(held, HeldBy)
    assert held.pid is None or content.startswith("9")
    lock.release()


def test_a_lock_file_that_was_removed_is_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "hrd.lock"
    first = take_lock(path, 1)
    assert isinstance(first, Lock)
    path.unlink()
    second = take_lock(path, 2)
    assert isinstance(second, Lock)
    assert path.read_text().strip() == "2"
    first.release()
    second.release()


def test_where_no_file_can_be_made_the_folder_is_locked(tmp_path: Path) -> None:
    path = tmp_path / "hrd.lock"
    path.mkdir()
    lock = take_lock(path, 1)
    assert isinstance(lock, Lock)
    assert take_lock(path, 2) == HeldBy(None)
    lock.release()


def test_without_a_folder_there_is_no_lock(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        take_lock(tmp_path / "missing" / "hrd.lock", 1)


def test_the_pid_in_it_follows_who_holds_it(tmp_path: Path) -> None:
    lock = take_lock(tmp_path / "hrd.lock", 4711)
    assert isinstance(lock, Lock)
    lock.write_pid(42)
    assert take_lock(tmp_path / "hrd.lock", 5000) == HeldBy(42)
    lock.release()
