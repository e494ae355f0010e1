"""Files come whole, go if they are ours, and nothing of anybody else's is touched."""

import os
from pathlib import Path

import pytest

from hrctl.installation.contents import MARK, Piece
from hrctl.installation.placing import place, remove
from hrctl.problems import Trouble

UNIT = Piece("/lib/hrd.service", f"# {MARK}\nnew\n")
LINK = Piece("/bin/hr", target="/opt/hermes-router/bin/hr")


def test_files_and_links_are_put_below_the_root_for_all_to_read(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        assert place([UNIT, LINK], str(tmp_path)) == ["/lib/hrd.service", "/bin/hr"]
    finally:
        os.umask(before)
    assert (tmp_path / "lib/hrd.service").read_text() == UNIT.text
    assert (tmp_path / "lib/hrd.service").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "lib").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "bin/hr").readlink() == Path("/opt/hermes-router/bin/hr")


def test_an_older_installation_is_renewed(tmp_path: Path) -> None:
    place([Piece(UNIT.path, f"# {MARK}\nold\n"), LINK], str(tmp_path))
    (tmp_path / "lib/.hrd.service.new").write_text("left behind by a crash")
    place([UNIT, LINK], str(tmp_path))
    assert (tmp_path / "lib/hrd.service").read_text() == UNIT.text
    assert [path.name for path in (tmp_path / "lib").iterdir()] == ["hrd.service"]


@pytest.mark.parametrize("piece", [UNIT, LINK], ids=["file", "link"])
def test_somebody_elses_file_is_in_the_way_before_anything_is_written(tmp_path: Path, piece: Piece) -> None:
    foreign = tmp_path / piece.path[1:]
    foreign.parent.mkdir()
    foreign.write_text("mine")
    with pytest.raises(Trouble, match="not a file of hermes-router"):
        place([Piece("/first", f"{MARK}"), piece], str(tmp_path))
    assert foreign.read_text() == "mine"
    assert not (tmp_path / "first").exists()


def test_a_link_to_elsewhere_is_somebody_elses(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/hr").symlink_to("/usr/games/hr")
    with pytest.raises(Trouble, match="bin/hr is not a file of hermes-router"):
        place([LINK], str(tmp_path))
    assert remove([LINK], str(tmp_path)) == []
    assert (tmp_path / "bin/hr").is_symlink()


def test_what_is_ours_is_removed_and_the_rest_stays(tmp_path: Path) -> None:
    place([UNIT, LINK], str(tmp_path))
    foreign = Piece("/lib/other")
    (tmp_path / "lib/other").write_bytes(b"\xff not text")
    assert remove([UNIT, LINK, foreign, Piece("/never/there")], str(tmp_path)) == ["/lib/hrd.service", "/bin/hr"]
    assert [path.name for path in (tmp_path / "lib").iterdir()] == ["other"]


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "lib").write_text("a file where a folder is wanted")
    with pytest.raises(Trouble, match="cannot be written"):
        place([UNIT], str(tmp_path))
