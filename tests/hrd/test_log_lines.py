"""Lines are written at once or not at all, and what was lost is counted."""

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hrd.log_lines import LogLines


@contextmanager
def pipe() -> Iterator[tuple[int, LogLines]]:
    """The end to read from, and lines into the other one."""
    read_end, write_end = os.pipe()
    with open(write_end, "w") as out:  # noqa: PTH123 - an open descriptor has no path
        try:
            yield read_end, LogLines(out)
        finally:
            os.close(read_end)


def test_lines_come_out_as_they_were_said(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as out:
        lines = LogLines(out)
        lines.write("one")
        lines.write("zwei ü")
        lines.write("x" * 10_000)
    assert (tmp_path / "log").read_text().splitlines() == ["one", "zwei ü", "x" * 10_000]


def test_text_in_memory_is_written_too() -> None:
    out = io.StringIO()
    LogLines(out).write("one")
    assert out.getvalue() == "one\n"


def test_a_full_pipe_is_not_waited_for_and_what_was_lost_is_said_when_it_is_read() -> None:
    with pipe() as (read_end, lines):
        written = 0
        while not lines.lost:
            lines.write(f"{written:07}" + "x" * 992)
            written += 1
        lines.write("lost too")
        first = b""
        while first.count(b"\n") < 60:
            first += os.read(read_end, 65_536)
        lines.write("heard")
        rest = os.read(read_end, 65_536)
        said = (first + rest).decode().splitlines()
    assert said[-1] == "heard"
    assert json.loads(said[-2]) == {"event": "lines lost", "level": "warning", "lost": 2}
    assert lines.lost == 0
    whole = [line for line in said[:-2] if line]
    assert [line[:7] for line in whole if len(line) == 999] == [f"{number:07}" for number in range(written - 1)]


def test_a_line_that_was_torn_does_not_run_into_the_next_one() -> None:
    with pipe() as (read_end, lines):
        while not lines.lost:
            lines.write("y" * 50_000)
        taken = b""
        os.set_blocking(read_end, False)
        try:
            while True:
                taken += os.read(read_end, 65_536)
        except BlockingIOError:
            pass
        assert not taken.endswith(b"\n")
        lines.write("heard")
        assert os.read(read_end, 65_536).decode().splitlines() == [
            "",
            '{"event": "lines lost", "level": "warning", "lost": 1}',
            "heard",
        ]


def test_a_reader_that_has_gone_ends_nothing() -> None:
    read_end, write_end = os.pipe()
    with open(write_end, "w") as out:  # noqa: PTH123 - an open descriptor has no path
        lines = LogLines(out)
        os.close(read_end)
        lines.write("one")
        lines.write("two")
    assert lines.lost == 2


def test_a_full_disk_ends_nothing() -> None:
    with Path("/dev/full").open("w") as out:
        lines = LogLines(out)
        lines.write("one")
    assert lines.lost == 1
