"""The units are what systemd understands, what the design asks for, and as safe as they can be."""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "systemd"
EXPOSURE_MAX = 2.0

needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")


def analyze(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments], env={**os.environ, **environ}, capture_output=True, text=True
    )


def rendered(scope: str, tmp_path: Path) -> Path:
    """The units of a whole installation below *tmp_path*, with commands and man pages that are there."""
    environ = {**os.environ, "HOME": str(Path(sys.prefix).parent), "XDG_DATA_HOME": "/usr/local/share"}
    command = [sys.executable, "-m", "hrctl", "service", "install", f"--{scope}", "--root", str(tmp_path)]
    subprocess.run(command, env=environ, check=True, capture_output=True)
    lib = "lib/systemd/system" if scope == "system" else "share/systemd/user"
    return tmp_path / "usr/local" / lib


@needs_analyze
@pytest.mark.parametrize("scope", ["system", "user"])
def test_systemd_has_nothing_to_complain_of(scope: str, tmp_path: Path) -> None:
    folder = rendered(scope, tmp_path)
    units = [str(folder / name) for name in ("hrd.service", "hrd.socket")]
    done = analyze(f"--{scope}", "verify", *units, MANPATH=str(tmp_path / "usr/local/share/man"), XDG_RUNTIME_DIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")


@needs_analyze
def test_the_machines_service_is_little_exposed(tmp_path: Path) -> None:
    done = analyze("security", "--offline=yes", str(rendered("system", tmp_path) / "hrd.service"))
    overall = next(line for line in done.stdout.splitlines() if "Overall exposure level" in line)
    assert float(overall.partition(": ")[2].split()[0]) <= EXPOSURE_MAX


@pytest.mark.parametrize("scope", ["system", "user"])
def test_a_service_tells_systemd_how_it_is_and_ends_in_time(scope: str) -> None:
    service = _section(scope, "hrd.service", "Service")
    assert {
        "Type": "notify",
        "NotifyAccess": "main",
        "KillMode": "mixed",
        "TimeoutStopSec": "45",
        "LimitNOFILE": "65536",
        "RestartPreventExitStatus": "2",
        "ExecStart": "@BIN@/hrd",
        "ExecReload": "@BIN@/hr --socket %t/hermes-router/control.sock restart",
    }.items() <= service.items()
    assert "EnvironmentFile" not in service


def test_the_machines_service_has_a_user_and_folders_of_its_own() -> None:
    service = _section("system", "hrd.service", "Service")
    assert {
        "User": "hermes-router",
        "StateDirectoryMode": "0700",
        "ConfigurationDirectoryMode": "0750",
        "ReadWritePaths": "/etc/hermes-router",
    }.items() <= service.items()
    # Users behind a name space of users would all be nobody at the control socket.
    assert not {"PrivateUsers", "DynamicUser"} & service.keys()


def test_a_users_service_leaves_the_folders_to_the_daemon() -> None:
    service = _section("user", "hrd.service", "Service")
    assert not [name for name in service if name.endswith("Directory")]


@pytest.mark.parametrize("scope", ["system", "user"])
@pytest.mark.parametrize(
    ("result", "job", "stops"),
    [
        ("success", "", True),  # hr stop: no job of systemd's
        ("success", "112", False),  # systemctl stop, systemctl restart
        ("exit-code", "", False),  # a crash
        ("watchdog", "", False),
    ],
)
def test_the_port_is_given_up_only_when_hr_has_stopped_the_daemon(
    tmp_path: Path, scope: str, result: str, job: str, stops: bool
) -> None:
    fake = tmp_path / "systemctl"
    fake.write_text(f'#!/bin/sh\ncase "$*" in *show*) echo "{job}";; *) echo "$*" >> {tmp_path}/told;; esac\n')
    fake.chmod(0o755)
    typed = _section(scope, "hrd.service", "Service")["ExecStopPost"].partition("/bin/sh -c '")[2].removesuffix("'")
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SERVICE_RESULT": result}
    # systemd makes one dollar of two (systemd.service(5), Command Lines).
    subprocess.run(["/bin/sh", "-c", typed.replace("$$", "$")], env=environ, check=True)
    told = (tmp_path / "told").read_text() if (tmp_path / "told").exists() else ""
    user = "--user " if scope == "user" else ""
    assert told == (f"{user}stop hrd.socket\n" if stops else "")


def _section(scope: str, name: str, section: str) -> dict[str, str]:
    """A unit as key and last value."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(ROOT / scope / name)
    return dict(parser[section])
