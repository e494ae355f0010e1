"""Starting hrd by hand, in the background."""

import os
from pathlib import Path

import pytest

from hrctl.client import Client
from hrctl.problems import Trouble
from hrctl.starting import start_daemon
from hrd.admin.wire.daemon import STOP, VERSION, StopRequest
from hrd.admin.wire.route import Nothing


def test_it_outlives_us_and_logs_where_it_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "0")
    client = Client([str(folder / "control.sock")])
    log = start_daemon(client, os.environ, str(folder))
    try:
        pid = client.ask(VERSION, Nothing()).value.pid
        assert os.getsid(pid) == pid != os.getsid(0)
        assert (log, log.stat().st_mode & 0o777) == (folder / "hrd.log", 0o600)
        assert '"ready"' in log.read_text()
    finally:
        client.ask(STOP, StopRequest(now=True))
        os.waitpid(pid, 0)


def test_why_it_did_not_start_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "many")
    with pytest.raises(Trouble) as told:
        start_daemon(Client([str(folder / "control.sock")]), os.environ, str(folder))
    assert told.value.message.startswith("hrd did not start: PORT = many (environment)")
    assert told.value.hint == f"see all of it: less {folder}/hrd.log"


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Trouble, match="HERMES_ROUTER_HOME"):
        start_daemon(Client([]), {}, "")
