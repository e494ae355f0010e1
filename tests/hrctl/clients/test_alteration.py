"""Files on the disk: changed whole or not at all, with what stood there kept beside, for nobody else to read."""

import os
import stat
import time
from pathlib import Path

import pytest

from hrctl.clients.alteration import alter, altered, backup_of, path_of, restore
from hrctl.clients.shapes import ConfigFile, Home, Setting
from hrctl.problems import Trouble

SECRET = ConfigFile(Home("", ""), "s.json", "json", (Setting(("key",), "{key}"),))
PLAIN = ConfigFile(Home("", ""), "s.json", "json", (Setting(("url",), "{base}"),))
OURS = [Setting(("key",), "k")]


def put(path: Path, file: ConfigFile = SECRET, settings: list[Setting] = OURS) -> Path | None:
    change = altered(path, file, settings)
    assert change.text is not None
    return alter(change)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_and_its_folder_are_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / ".client" / "s.json"
    assert put(path) is None
    assert path.read_text() == '{\n  "key": "k"\n}\n'
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


def test_a_file_that_others_can_read_is_closed_when_it_gets_the_key(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('{"a": 1}')
    path.chmod(0o644)
    backup = put(path)
    assert backup == backup_of(path)
    assert (mode(path), backup.read_text()) == (0o600, '{"a": 1}')


def test_a_file_without_the_key_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text("{}")
    path.chmod(0o644)
    put(path, PLAIN)
    assert mode(path) == 0o644


def test_nothing_is_written_over_what_says_so_already(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    put(path)
    assert altered(path, SECRET, OURS).text is None


def test_the_key_that_others_can_read_is_a_reason_to_write(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    put(path)
    path.chmod(0o640)
    put(path)
    assert mode(path) == 0o600


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "dotfiles.json").write_text('{"a": 1}')
    (tmp_path / "s.json").symlink_to("dotfiles.json")
    put(tmp_path / "s.json")
    assert (tmp_path / "s.json").is_symlink()
    assert '"key"' in (tmp_path / "dotfiles.json").read_text()


@pytest.mark.parametrize("data", [b"{", b"\xff\xfe", b'{"a": 1} // by hand'])
def test_what_is_not_understood_is_left_alone(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(data)
    with pytest.raises(Trouble, match=r"s\.json"):
        altered(path, SECRET, OURS)
    assert path.read_bytes() == data


def test_a_folder_in_its_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "s.json").mkdir()
    with pytest.raises(Trouble, match="folder"):
        altered(tmp_path / "s.json", SECRET, OURS)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text("{}")
    path.chmod(0)
    with pytest.raises(Trouble, match="permission denied"):
        altered(path, SECRET, OURS)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_is_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text("{}")
    os.chown(path, 12345, 12345)
    with pytest.raises(Trouble, match="belongs to user 12345"):
        altered(path, SECRET, OURS)


def test_a_change_in_the_meantime_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text("{}")
    change = altered(path, SECRET, OURS)
    path.write_text('{"by": "somebody"}')
    with pytest.raises(Trouble, match="in the meantime"):
        alter(change)
    assert path.read_text() == '{"by": "somebody"}'


def test_it_can_be_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('{ "a":1 }')
    path.chmod(0o644)
    put(path)
    assert restore(path)
    assert (path.read_text(), mode(path)) == ('{ "a":1 }', 0o644)
    assert [one.name for one in tmp_path.iterdir()] == ["s.json"]
    assert not restore(path)


def test_a_file_that_was_not_there_goes_again(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    put(path)
    assert restore(path)
    assert list(tmp_path.iterdir()) == []


def test_several_changes_of_ours_are_taken_back_at_once(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('{"a": 1}')
    put(path)
    assert put(path, settings=[Setting(("key",), "another")]) == backup_of(path)
    assert restore(path)
    assert path.read_text() == '{"a": 1}'


def test_of_a_file_that_was_not_there_no_copy_is_named(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    assert put(path) is None
    assert put(path, settings=[Setting(("key",), "another")]) is None


def test_what_somebody_changed_since_is_not_thrown_away(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('{"a": 1}')
    put(path)
    _later(path, '{"key": "k", "b": 2}')
    with pytest.raises(Trouble, match="changed after"):
        restore(path)
    assert path.read_text() == '{"key": "k", "b": 2}'


def test_after_a_change_of_somebody_else_that_is_what_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    put(path)
    _later(path, '{"b": 2}')
    put(path)
    assert restore(path)
    assert path.read_text() == '{"b": 2}'


def _later(path: Path, text: str) -> None:
    path.write_text(text)
    os.utime(path, (time.time() + 1, time.time() + 1))


def test_where_files_are(tmp_path: Path) -> None:
    file = ConfigFile(Home("CODEX_HOME", ".codex"), "config.toml", "toml", ())
    assert path_of(file, {}, tmp_path) == tmp_path / ".codex/config.toml"
    assert path_of(file, {"CODEX_HOME": "/elsewhere"}, tmp_path) == Path("/elsewhere/config.toml")
    at_home = ConfigFile(Home("", ""), ".aider.conf.yml", "yaml", ())
    assert path_of(at_home, {}, tmp_path) == tmp_path / ".aider.conf.yml"
    xdg = ConfigFile(Home("LLM_USER_PATH", ".config/llm"), "keys.json", "json", ())
    assert path_of(xdg, {"XDG_CONFIG_HOME": "/xdg"}, tmp_path) == Path("/xdg/llm/keys.json")
    assert path_of(xdg, {"XDG_CONFIG_HOME": "not/absolute"}, tmp_path) == tmp_path / ".config/llm/keys.json"
