"""What is shown, and to whom."""

import pytest

from hrctl.client import Answered, Client
from hrctl.render import Paper
from hrctl.session import Session, pretty
from hrd.admin.wire.daemon import Version

RAW = b'{"version":"0.1.0","pid":42,"mood":"calm"}'


def drawn(version: Version, paper: Paper) -> str:
    return paper.paint(f"hrd {version.version}", "green")


def session(paper: Paper) -> Session:
    return Session(Client([]), paper)


def test_json_is_what_the_daemon_wrote_with_what_hr_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    session(Paper()).show(Answered(RAW, Version), drawn, as_json=True)
    assert capsys.readouterr().out == '{\n  "version": "0.1.0",\n  "pid": 42,\n  "mood": "calm"\n}\n'


def test_one_of_many_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    session(Paper()).show_line(Answered(RAW, Version), drawn, as_json=True)
    assert capsys.readouterr().out == RAW.decode() + "\n"


def test_colours_go_where_they_are_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    session(Paper(colour=True)).show(Answered(RAW, Version), drawn, as_json=False)
    session(Paper(colour=False)).show(Answered(RAW, Version), drawn, as_json=False)
    assert capsys.readouterr().out == "\x1b[32mhrd 0.1.0\x1b[0m\nhrd 0.1.0\n"


def test_a_picture_is_replaced_on_a_terminal_and_followed_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    session(Paper(width=80, clears=True)).redraw("now")
    assert capsys.readouterr().out == "\x1b[H\x1b[2J\x1b[3Jnow\n"
    session(Paper()).redraw("now")
    assert capsys.readouterr().out == "now\n"


def test_pretty_is_the_same_json() -> None:
    assert pretty(b"[1,2]") == "[\n  1,\n  2\n]"
