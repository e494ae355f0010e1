"""`hr auth import-codex` and `hr auth login`: what is read, what is sent, what is said."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from hrctl.commands.accounts import has_browser
from hrd.admin.wire.accounts import LOGIN, LOGIN_IMPORT, AccountKept, LoginImport, LoginImported, LoginStep, LoginWish
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon

KEPT = AccountKept(fingerprint="codex-1a2b3c4d", fate="added", label="me@example.org", plan="plus")


@pytest.fixture
def codex_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "codex"
    home.mkdir()
    monkeypatch.setenv("CODEX_HOME", str(home))
    return home


def asked(daemon: FakeDaemon) -> LoginImport:
    return msgspec.json.decode(daemon.asked[-1].body, type=LoginImport)


# import ----------------------------------------------------------------------------------------------------------------------


def test_the_file_is_read_here_and_handed_over(daemon: FakeDaemon, hr: Hr, codex_home: Path) -> None:
    (codex_home / "auth.json").write_text('{"tokens": {}}')
    daemon.answers(LOGIN_IMPORT, LoginImported(accounts=(KEPT,), warnings=("it is shared now",)))
    ran = hr("auth", "import-codex", "--label", "work")
    assert ran == (0, "Added codex-1a2b3c4d (me@example.org, plus)\nnote: it is shared now\n", "")
    assert asked(daemon) == LoginImport(content='{"tokens": {}}', path=str(codex_home / "auth.json"), label="work")


def test_without_codex_home_it_is_in_the_users_folder(
    daemon: FakeDaemon, hr: Hr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CODEX_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".codex").mkdir()
    (tmp_path / ".codex" / "auth.json").write_text("{}")
    daemon.answers(LOGIN_IMPORT, LoginImported(accounts=(KEPT,)))
    assert hr("auth", "import-codex").code == 0
    assert asked(daemon).path == str(tmp_path / ".codex" / "auth.json")


def test_another_file(daemon: FakeDaemon, hr: Hr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.json").write_text("{}")
    updated = msgspec.structs.replace(KEPT, fate="updated", plan="")
    there = msgspec.structs.replace(KEPT, fate="kept", label="", plan="")
    daemon.answers(LOGIN_IMPORT, LoginImported(accounts=(updated, there), key="openai-1a2b3c4d"))
    ran = hr("auth", "import-codex", "--path", "mine.json")
    assert ran.out == (
        "Updated codex-1a2b3c4d (me@example.org)\n"
        "Already there: codex-1a2b3c4d; the router's login is as new, or newer\n"
        "Added a key for openai: openai-1a2b3c4d\n"
    )
    assert asked(daemon).path == str(tmp_path / "mine.json")


def test_a_refusal_says_what_to_type(daemon: FakeDaemon, hr: Hr, codex_home: Path) -> None:
    (codex_home / "auth.json").write_text("{}")
    daemon.refuses(LOGIN_IMPORT, 409, "nothing was imported: no login", "hr auth login codex")
    assert hr("auth", "import-codex") == (1, "", "hr: nothing was imported: no login\n    hr auth login codex\n")


def test_a_file_that_is_not_there_is_explained(daemon: FakeDaemon, hr: Hr, codex_home: Path) -> None:
    ran = hr("auth", "import-codex")
    assert ran.code == 1
    assert "the Codex CLI is signed out, or keeps its login in the system's keyring" in ran.err
    assert "hr auth login codex" in ran.err
    (codex_home / "config.toml").write_text('model = "x"\ncli_auth_credentials_store = "keyring"\n')
    assert "keeps its login in the system's keyring, not in a file" in hr("auth", "import-codex").err
    (codex_home / "config.toml").unlink()
    codex_home.rmdir()
    assert "the Codex CLI has not been used here" in hr("auth", "import-codex").err
    ran = hr("auth", "import-codex", "--path", "/nowhere/auth.json")
    assert ran.err.startswith("hr: there is no /nowhere/auth.json\n")
    assert daemon.asked == []


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff\xfe", "is no text: that is no login"), (b" " * ((1 << 20) + 1), "is larger than 1 MiB: that is no login")],
)
def test_what_is_no_login_stays_here(daemon: FakeDaemon, hr: Hr, codex_home: Path, content: bytes, said: str) -> None:
    (codex_home / "auth.json").write_bytes(content)
    ran = hr("auth", "import-codex")
    assert (ran.code, said in ran.err) == (1, True)
    assert daemon.asked == []


def test_of_a_folder_the_login_in_it(daemon: FakeDaemon, hr: Hr, tmp_path: Path) -> None:
    (tmp_path / "copied").mkdir()
    missing = hr("auth", "import-codex", "--path", str(tmp_path / "copied"))
    assert (missing.code, f"there is no {tmp_path}/copied/auth.json" in missing.err) == (1, True)
    (tmp_path / "copied" / "auth.json").write_text("{}")
    daemon.answers(LOGIN_IMPORT, LoginImported(accounts=(KEPT,)))
    assert hr("auth", "import-codex", "--path", str(tmp_path / "copied")).code == 0
    assert asked(daemon).path == str(tmp_path / "copied" / "auth.json")


def test_a_file_that_cannot_be_read(daemon: FakeDaemon, hr: Hr, codex_home: Path) -> None:
    (codex_home / "auth.json").mkdir()
    ran = hr("auth", "import-codex")
    assert (ran.code, "auth.json is a folder: that is no login" in ran.err) == (1, True)
    assert daemon.asked == []


# login -----------------------------------------------------------------------------------------------------------------------


def lines(*steps: LoginStep) -> list[bytes]:
    return [b"\n", *(msgspec.json.encode(step) + b"\n" for step in steps)]


VISIT = LoginStep(kind="visit", page="https://login.test/codex/device", code="ABCD-1234", within_s=900.0, warnings=("terms",))
DONE = LoginStep(kind="done", account=KEPT)


def test_signing_in_with_a_code(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.streams(LOGIN, *lines(VISIT, DONE))
    ran = hr("auth", "login", "codex", "--device", "--label", "work")
    assert ran.out.splitlines() == [
        "note: terms",
        "Open   https://login.test/codex/device",
        "enter  ABCD-1234",
        "in any browser, on any machine. Enter no code that you did not ask for.",
        "Waiting for you, 15 min at most; Ctrl-C ends it.",
        "Signed in. Added codex-1a2b3c4d (me@example.org, plus)",
    ]
    assert (ran.code, ran.err) == (0, "")
    assert msgspec.json.decode(daemon.asked[-1].body, type=LoginWish) == LoginWish(provider="codex", label="work")


def test_signing_in_with_a_browser(daemon: FakeDaemon, hr: Hr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which browser is opened is the user's to say: here one that writes down where it was sent."""
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/visited\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    daemon.streams(LOGIN, *lines(msgspec.structs.replace(VISIT, code="", page="https://login.test/x?y=1"), DONE))
    ran = hr("auth", "login", "codex", "--browser")
    assert ran.code == 0
    assert "Sign in on this page, which should have opened in your browser:\n  https://login.test/x?y=1\n" in ran.out
    assert (tmp_path / "visited").read_text() == "https://login.test/x?y=1\n"
    assert msgspec.json.decode(daemon.asked[-1].body, type=LoginWish).browser


def test_as_json_each_step_is_a_line(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.streams(LOGIN, *lines(VISIT, DONE))
    ran = hr("auth", "login", "codex", "--device", "--json")
    assert [msgspec.json.decode(line)["kind"] for line in ran.out.splitlines()] == ["visit", "done"]


def test_signing_in_that_comes_to_nothing(daemon: FakeDaemon, hr: Hr) -> None:
    failed = LoginStep(kind="failed", message="it was not permitted", hint="hr auth login codex")
    daemon.streams(LOGIN, *lines(VISIT, failed))
    ran = hr("auth", "login", "codex", "--device")
    assert (ran.code, ran.err) == (1, "hr: not signed in: it was not permitted\n    hr auth login codex\n")


def test_a_daemon_that_ends_meanwhile(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.streams(LOGIN, *lines(VISIT))
    ran = hr("auth", "login", "codex", "--device")
    assert (ran.code, "nothing was kept" in ran.err, "hr auth login codex" in ran.err) == (1, True, True)


@pytest.mark.parametrize(
    ("environ", "has"),
    [
        ({}, False),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}, False),
        ({"WAYLAND_DISPLAY": "wayland-0", "BROWSER": "true"}, True),
        ({"DISPLAY": ":0", "BROWSER": "true"}, True),
    ],
)
def test_where_a_browser_is(environ: Mapping[str, str], has: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert has_browser(environ) is has
