"""`hrd` as a user starts it: real processes, their words and their exit codes."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from hrd import __version__
from tests.e2e.daemon import facts_of, run_hrd, running

pytestmark = pytest.mark.e2e
CURL = shutil.which("curl")
needs_curl = pytest.mark.skipif(CURL is None, reason="curl is not installed here")


def test_version_and_help(tmp_path: Path) -> None:
    assert run_hrd(tmp_path, "--version").stdout == f"hrd {__version__}\n"
    told = run_hrd(tmp_path, "--help")
    assert told.returncode == 0
    assert all(option in told.stdout for option in ("--check-config", "--demo", "--version"))
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_option_is_a_usage_error(tmp_path: Path) -> None:
    done = run_hrd(tmp_path, "--prot", "1")
    assert done.returncode == 2
    assert "No such option" in done.stderr


def test_a_good_configuration_is_said_to_be_good_with_its_warnings(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ROTATION_MODE=sequential\nROTATION_MOD=parallel\n")
    done = run_hrd(tmp_path, "--check-config")
    assert done.returncode == 0
    assert done.stdout == (
        "warning: ROTATION_MOD in .env is not a setting: did you mean ROTATION_MODE?\n"
        f"The configuration is good: read from {tmp_path}/.env; "
        f"{tmp_path}/config.toml and {tmp_path}/auth.json do not exist, and need not.\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env"]


def test_what_is_odd_in_auth_json_is_told_too(tmp_path: Path) -> None:
    (tmp_path / "auth.json").write_text('{"credentials": {}}')
    (tmp_path / "auth.json").chmod(0o600)
    first, *_ = run_hrd(tmp_path, "--check-config").stdout.splitlines()
    assert first.startswith("warning: auth.json has a part that is not known here, 'credentials'")


@pytest.mark.parametrize("arguments", [("--check-config",), ()])
def test_every_problem_of_the_configuration_is_listed(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / ".env").write_text("KEEPALIVE_SECONDS=soon\nGROQ_BASE_URL=ftp://groq\n")
    (tmp_path / "config.toml").write_text("[providers.groq]\ncost_class = 'cheap'\n")
    (tmp_path / "auth.json").write_text('{"providers": ')
    (tmp_path / "auth.json").chmod(0o600)
    done = run_hrd(tmp_path, *arguments, ROTATION_MODE="both")
    assert done.returncode == 2
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert all(line.startswith("hrd: ") for line in lines)
    for wanted in ("KEEPALIVE_SECONDS", "GROQ_BASE_URL", "ROTATION_MODE", "auth.json"):
        assert any(wanted in line for line in lines), wanted
    assert not (tmp_path / "hrd.db").exists()


def test_an_auth_file_that_others_can_read_is_refused_with_the_command_to_type(tmp_path: Path) -> None:
    auth = tmp_path / "auth.json"
    auth.write_text('{"providers": {"groq": ["gsk_test-not-a-key-1"]}}')
    auth.chmod(0o644)
    done = run_hrd(tmp_path)
    assert done.returncode == 2
    assert f"chmod 600 {auth}" in done.stderr
    assert "gsk_test" not in done.stderr
    assert auth.read_text() == '{"providers": {"groq": ["gsk_test-not-a-key-1"]}}'


def test_a_file_where_the_folder_belongs_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run_hrd(tmp_path / "file" / "home")
    assert done.returncode in (1, 2)
    assert str(tmp_path / "file" / "home") in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_an_unreadable_folder_is_named(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o000)
    done = run_hrd(home)
    home.chmod(0o700)
    assert done.returncode in (1, 2)
    assert str(home) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_path_too_long_for_a_socket_is_refused_with_what_to_set(tmp_path: Path) -> None:
    done = run_hrd(tmp_path / ("long" * 30))
    assert done.returncode == 2
    assert "set XDG_RUNTIME_DIR or HERMES_ROUTER_HOME to a folder with a shorter path" in done.stderr


async def test_a_second_daemon_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    async with running(tmp_path) as first:
        second = run_hrd(tmp_path)
        assert second.returncode == 1
        assert second.stderr == f"hrd: already running, pid {first.pid}; look at it with: hr status, end it with: hr stop\n"
        assert (await first.status())["pid"] == first.pid


def test_a_port_in_use_is_said_with_what_to_type(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = run_hrd(tmp_path, PORT=port)
    assert done.returncode == 1
    assert done.stderr == (
        f"hrd: cannot listen on 127.0.0.1 port {port}: another program listens there; "
        "end it (who: ss -ltnp), or take another: PORT=8320 hrd\n"
    )


def test_an_address_that_is_not_ours_is_said_to_be_none(tmp_path: Path) -> None:
    done = run_hrd(tmp_path, HOST="192.0.2.1")
    assert done.returncode == 1
    assert "this machine has no such address; set HOST" in done.stderr


async def test_without_a_key_it_starts_and_answers_503_with_what_to_type(tmp_path: Path) -> None:
    async with running(tmp_path) as daemon:
        refused = await daemon.chat()
        assert refused.status_code == 503
        assert "hr auth add" in refused.text
        assert "No provider has a key yet" in daemon.log


async def test_the_client_key_is_made_once_and_never_written_to_the_log(tmp_path: Path) -> None:
    async with running(tmp_path, LOG_LEVEL="DEBUG") as daemon:
        key = daemon.key
        assert key.startswith("sk-router-")
        assert (tmp_path / "auth.json").stat().st_mode & 0o777 == 0o600
    assert key not in daemon.log
    async with running(tmp_path) as again:
        assert again.key == key
        assert key in (await again.hr("key", "list", "--reveal")).stdout.decode()


@needs_curl
async def test_the_line_of_the_welcome_can_be_typed_as_it_stands(tmp_path: Path) -> None:
    async with running(tmp_path, "--demo") as daemon:
        [line] = [line for line in daemon.log.splitlines() if "| curl " in line]
        typed = await trio.run_process(
            ["/bin/sh", "-c", line], env=daemon.environment, capture_stdout=True, capture_stderr=True, check=False, cwd="/"
        )
        assert typed.returncode == 0, typed.stderr
        reply = json.loads(typed.stdout)
        assert "demo" in reply["choices"][0]["message"]["content"]


async def test_a_service_gets_no_welcome(tmp_path: Path) -> None:
    async with running(tmp_path, INVOCATION_ID="0123456789abcdef0123456789abcdef") as daemon:
        assert [fact["event"] for fact in map(json.loads, daemon.log.splitlines())] == ["ready"]


async def test_keys_out_of_the_environment_are_named_at_start_and_not_shown(tmp_path: Path) -> None:
    async with running(tmp_path, GROQ_API_KEY="gsk_test-not-a-key-1") as daemon:
        [fact] = facts_of(daemon.log, "key taken from the environment")
        assert fact["variable"] == "GROQ_API_KEY"
        assert fact["credential"].startswith("groq-")
        assert "gsk_test" not in daemon.log
        assert "Add another key at any time" in daemon.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_well_and_takes_the_socket_away(tmp_path: Path, number: signal.Signals) -> None:
    async with running(tmp_path) as daemon:
        assert daemon.socket_path.exists()
        daemon.signal(number)
        assert await daemon.wait_ended() == 0
        assert not daemon.socket_path.exists()
        assert "Traceback" not in daemon.log


@pytest.mark.parametrize("module", ["hrd.start", "hrd.checkup"])
def test_an_interrupt_before_it_is_ready_is_no_failure(tmp_path: Path, module: str) -> None:
    program = f"""
import os, signal, sys

class Interrupting:
    def find_spec(self, name, path, target=None):
        if name == "{module}":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
from hrd.__main__ import main
main(["--doctor"] if "{module}" == "hrd.checkup" else [], prog_name="hrd")
"""
    environment = os.environ | {"HERMES_ROUTER_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_what_is_odd_is_told_beside_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=abc\nGROQ_MODLE=x\n'no end\n")
    done = run_hrd(tmp_path, "--check-config", PORT="")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "hrd: PORT = abc (.env): a whole number from 0 to 65535",
        "warning: .env, line 3, cannot be read: nothing on it counts",
        "warning: GROQ_MODLE in .env is not a setting: did you mean GROQ_MODEL?",
    ]


@pytest.mark.parametrize("argument", ["--check-config", "--doctor", "--version"])
@pytest.mark.parametrize(
    ("elsewhere", "reason"), [(">/dev/full", "No space left on device"), (">&-", "standard output is closed")]
)
def test_an_output_that_cannot_be_written_is_said_in_a_line(tmp_path: Path, argument: str, elsewhere: str, reason: str) -> None:
    environment = os.environ | {"HERMES_ROUTER_HOME": str(tmp_path), "PYTHON": sys.executable}
    command = ["/bin/sh", "-c", f'exec "$PYTHON" -m hrd {argument} {elsewhere}']
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"hrd: cannot write: {reason}\n")
