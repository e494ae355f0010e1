"""The control socket and `hr`: one daemon a home, exit codes, curl."""

from __future__ import annotations

import json
import shutil
import signal
import socket
from pathlib import Path

import pytest
import trio

from hrctl.problems import SILENT_HINT
from tests.e2e.daemon import Router, answered, running, wait_until
from tests.upstreams import Answer, Upstream

pytestmark = pytest.mark.e2e

DONE, FAILED, MISUSED, NOT_RUNNING = 0, 1, 2, 3


async def test_a_second_daemon_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    async with running(tmp_path) as first:
        before = len(first.log)
        second = Router(tmp_path, {})
        second.spawn()
        assert await second.wait_ended() == 1
        assert f"already running, pid {first.pid}" in first.log[before:]
        assert "Traceback" not in first.log
        assert (await first.status())["pid"] == first.pid


@pytest.mark.skipif(shutil.which("pgrep") is None, reason="pgrep is not installed here")
async def test_what_is_typed_to_find_a_silent_daemon_finds_it(tmp_path: Path) -> None:
    command = SILENT_HINT.rpartition(": ")[2].split()
    async with running(tmp_path) as router:
        found = (await trio.run_process(command, capture_stdout=True)).stdout.decode()
        assert str(router.pid) in [line.split()[0] for line in found.splitlines()]


async def test_the_socket_of_a_killed_daemon_is_replaced(tmp_path: Path) -> None:
    async with running(tmp_path) as router:
        assert router.socket_path.stat().st_mode & 0o777 == 0o600
        router.kill()
        assert router.socket_path.exists()
        await router.start()
        assert (await router.status())["pid"] == router.pid
    assert not router.socket_path.exists()


async def test_a_socket_where_somebody_else_answers_is_left_alone(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as somebody:
        somebody.bind(str(tmp_path / "control.sock"))
        somebody.listen()
        router = Router(tmp_path, {})
        router.spawn()
        assert await router.wait_ended() == 1
        assert "control.sock" in router.log
        assert "Traceback" not in router.log
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "control.sock"))


async def test_a_port_that_is_taken_is_named_with_another_to_try(tmp_path: Path) -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        port = somebody.getsockname()[1]
        router = Router(tmp_path, {"PORT": str(port)})
        router.spawn()
        assert await router.wait_ended() == 1
    assert f"cannot listen on 127.0.0.1 port {port}: another program listens there" in router.log
    assert "PORT=" in router.log
    assert "Traceback" not in router.log


async def test_curl_can_ask_what_hr_asks(tmp_path: Path) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("there is no curl here")
    async with running(tmp_path) as router:
        command = [curl, "-sS", "--unix-socket", str(router.socket_path), "http://hrd/v1/status"]
        done = await trio.run_process(command, capture_stdout=True, capture_stderr=True)
        same = await router.hr("status", "--json")
    said, by_hr = json.loads(done.stdout), json.loads(same.stdout)
    assert said["pid"] == by_hr["pid"] == router.pid
    assert said.keys() == by_hr.keys() >= {"version", "pid", "uptime_s", "mode", "providers", "store", "draining"}


async def test_every_command_ends_with_the_code_that_fits(tmp_path: Path) -> None:
    async with running(tmp_path) as router:
        key = "gsk_test-not-a-key-of-real-length"
        for code, command, stdin in (
            (DONE, ("status",), ""),
            (DONE, ("version",), ""),
            (DONE, ("auth", "add", "groq", "--key-stdin"), f"{key}\n"),
            (DONE, ("mode", "sequential"), ""),
            (DONE, ("model", "set", "groq", "one", "two"), ""),
            (DONE, ("model", "reset", "groq"), ""),
            (DONE, ("auth", "remove", "groq", "1"), ""),
            (FAILED, ("auth", "remove", "groq", "1"), ""),
            (FAILED, ("auth", "add", "no-such-provider", "--key-stdin"), "x\n"),
            (FAILED, ("why", "req-nobody-1"), ""),
            (FAILED, ("key", "revoke", "nobody"), ""),
            (MISUSED, ("auth", "add", "groq", key), ""),
            (MISUSED, ("mode", "sideways"), ""),
            (MISUSED, ("no-such-command",), ""),
            (MISUSED, ("reset",), ""),
        ):
            done = await router.hr(*command, stdin=stdin)
            assert done.returncode == code, (command, done.stdout, done.stderr)
            assert bool(done.stderr) == (code != DONE), (command, done.stderr)
            assert b"Traceback" not in done.stderr
        assert "ROTATION_MODE=sequential" in (tmp_path / ".env").read_text()
    for command in (("status",), ("auth", "list"), ("stop",), ("logs",)):
        done = await router.hr(*command)
        assert done.returncode == NOT_RUNNING, command
        assert b"hrd" in done.stderr


async def test_what_hr_says_of_a_request_is_what_happened(tmp_path: Path) -> None:
    async with Upstream(Answer("fine")) as upstream:
        environment = {"GROQ_BASE_URL": upstream.base_url, "GROQ_API_KEY": "gsk_test-not-a-key-1"}
        async with running(tmp_path, **environment) as router:
            answer = await router.chat()
            assert answered(answer) == "fine"
            request_id = answer.headers["x-request-id"]
            why = json.loads((await router.hr("why", request_id, "--json")).stdout)
            logs = json.loads((await router.hr("logs", "--json")).stdout)
            usage = json.loads((await router.hr("usage", "--json")).stdout)
            shown = (await router.hr("status")).stdout.decode()
    assert request_id in json.dumps(why)
    assert [one["request_id"] for one in logs["exchanges"]] == [request_id]
    totals = usage["totals"]
    assert (totals["requests"], totals["errors"], totals["input_tokens"], totals["output_tokens"]) == (1, 0, 7, 3)
    assert {"provider", "model", "credential", "client", "day"} <= usage["rows"][0].keys()
    assert "groq" in shown
    assert "\x1b" not in shown, "colours are for terminals"


async def test_logs_are_followed_as_they_happen(tmp_path: Path) -> None:
    async with Upstream(Answer("fine")) as upstream:
        environment = {"GROQ_BASE_URL": upstream.base_url, "GROQ_API_KEY": "gsk_test-not-a-key-1"}
        async with running(tmp_path, **environment) as router, trio.open_nursery() as nursery:
            following = await nursery.start(_follow, router)

            async def is_told() -> bool:
                await router.chat()
                return '"request_id"' in following[0].decode()

            await wait_until(is_told)
            nursery.cancel_scope.cancel()


async def _follow(router: Router, task_status: trio.TaskStatus[list[bytes]]) -> None:
    said = [b""]
    process = await trio.lowlevel.open_process(  # its output is read as it comes
        [shutil.which("hr", path=router.environment["PATH"]) or "hr", "logs", "-f", "--json"],
        env=router.environment,
        stdout=-1,
    )
    assert process.stdout is not None
    try:
        task_status.started(said)
        while data := await process.stdout.receive_some(4096):
            said[0] += data
    finally:
        process.send_signal(signal.SIGKILL)
        with trio.CancelScope(shield=True, deadline=trio.current_time() + 5):
            await process.wait()
        await process.stdout.aclose()
