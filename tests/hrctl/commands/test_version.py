"""`hr version`: always has an answer."""

import json
import platform

from hrd import __version__
from hrd.admin.wire.daemon import VERSION, Version
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon

HERE = f"hr {__version__} (Python {platform.python_version()})"


def test_without_a_daemon(hr: Hr) -> None:
    assert hr("version") == (0, f"{HERE}\nhrd is not running\n", "")
    assert json.loads(hr("version", "--json").out) == {"hr": __version__, "hrd": None}


def test_with_the_same_daemon(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(VERSION, Version(version=__version__, pid=42, python="3.11.7", started_at=1.0))
    assert hr("version").out == f"{HERE}\nhrd {__version__}, pid 42 (Python 3.11.7)\n"
    shown = json.loads(hr("version", "--json").out)
    assert shown == {"hr": __version__, "hrd": {"version": __version__, "pid": 42, "python": "3.11.7", "started_at": 1.0}}


def test_with_an_older_daemon(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(VERSION, Version(version="0.0.1", pid=42))
    assert hr("version").out == f"{HERE}\nhrd 0.0.1, pid 42\nThey differ. Have hrd run the same with: hr restart\n"
