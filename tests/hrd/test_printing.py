"""Output that cannot be written is one line, wherever it is closed, full or gone."""

import subprocess
import sys

import pytest

from hrd.printing import printing

BEGIN = "import os, sys\nfrom hrd.printing import open_closed_streams, printing\n"


def ran(program: str, elsewhere: str) -> subprocess.CompletedProcess[str]:
    command = ["/bin/sh", "-c", f'exec "$0" -c "$1" {elsewhere}', sys.executable, BEGIN + program]
    return subprocess.run(command, capture_output=True, text=True, timeout=20)


def test_what_can_be_written_is() -> None:
    done = ran("with printing('hr'):\n    print('well')", "")
    assert (done.returncode, done.stdout, done.stderr) == (0, "well\n", "")


def test_where_errors_cannot_be_written_either_it_fails_in_silence() -> None:
    done = ran("with printing('hr'):\n    print('well', flush=True)", ">/dev/full 2>/dev/full")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_closed_streams_keep_their_numbers_from_files() -> None:
    done = ran("open_closed_streams()\nprint('lost')\nos._exit(10 * sys.stdout.fileno() + sys.stderr.fileno())", ">&- 2>&-")
    assert done.returncode == 12


@pytest.mark.parametrize("error", [FileNotFoundError(2, "no such file"), OSError(28, "full", "/var/lib/x"), ValueError("x")])
def test_what_is_about_something_else_is_not_taken_for_it(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, printing("hr"):
        raise error
    assert raised.value is error
