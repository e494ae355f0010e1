"""Other programs are run, and their refusals become ours."""

import sys

import pytest

from hrctl.installation.machine import Ran, ThisMachine, must, systemctl
from hrctl.problems import Trouble


def test_a_program_runs_to_its_end() -> None:
    script = "import sys; print('out'); print('error', file=sys.stderr); sys.exit(3)"
    assert ThisMachine().run([sys.executable, "-c", script]) == Ran(3, "out\n", "error\n")


def test_a_program_that_is_not_there_is_a_refusal_too() -> None:
    assert ThisMachine().run(["/nowhere/systemctl"]) == Ran(127, "", "/nowhere/systemctl: No such file or directory")
    assert not ThisMachine().has("a-program-that-nobody-has")
    assert ThisMachine().has("sh")


def test_without_a_runtime_folder_there_is_no_systemd_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert not ThisMachine().has_systemd("user")


def test_the_right_systemd_is_told() -> None:
    assert systemctl("system", "start", "x") == ["systemctl", "--no-pager", "start", "x"]
    assert systemctl("user", "start", "x") == ["systemctl", "--user", "--no-pager", "start", "x"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("import sys; sys.exit('first\\nUnit is masked.')", "Unit is masked."),
        ("print('on stdout'); raise SystemExit(1)", "on stdout"),
        ("raise SystemExit(4)", "it ended with 4"),
    ],
)
def test_what_must_succeed_and_does_not_is_trouble_in_its_own_words(script: str, said: str) -> None:
    with pytest.raises(Trouble) as caught:
        must(ThisMachine(), [sys.executable, "-c", script], "do this")
    assert caught.value.message.endswith(f": {said}")
    assert caught.value.hint == "do this"
