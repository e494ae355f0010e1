"""`hrd --doctor`: what would keep the daemon from working, without one."""

import json
from pathlib import Path

from tests.e2e.daemon import run_hrd


def test_a_fresh_home_lacks_a_key(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    done = run_hrd(tmp_path, "--doctor")
    found = json.loads(done.stdout)
    assert (done.returncode, found["running"]) == (1, False)
    assert [one["subject"] for one in found["findings"] if one["state"] == "problem"] == ["keys"]
    assert not (tmp_path / "auth.json").exists(), "nothing is made by looking"


def test_a_server_that_does_not_run_is_a_problem_with_a_next_step(tmp_path: Path) -> None:
    done = run_hrd(tmp_path, "--doctor", LOCAL_BASE_URL="http://127.0.0.1:9/v1")
    reach = next(one for one in json.loads(done.stdout)["findings"] if one["subject"] == "reach")
    assert (done.returncode, reach["state"]) == (1, "problem")
    assert reach["hint"] == "start the server there, or set LOCAL_BASE_URL to where it listens"


def test_settings_that_cannot_be_read_are_all_named(tmp_path: Path) -> None:
    done = run_hrd(tmp_path, "--doctor", PORT="x", LOG_LEVEL="loud")
    problems = [one["message"] for one in json.loads(done.stdout)["findings"] if one["state"] == "problem"]
    assert done.returncode == 1
    assert [message.partition(" ")[0] for message in problems] == ["PORT", "LOG_LEVEL"]
