"""The real daemon as a process with a home of its own, and everything that a user does to it.

    async with running(tmp_path, GROQ_BASE_URL=upstream.base_url, GROQ_API_KEY="gsk_test-not-a-key-1") as router:
        answer = await router.chat("hello")

Waiting is always for a condition, with an end: `wait_until`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import trio

BIN = Path(sys.executable).parent
START_S = 20.0
STOP_S = 20.0
LOOK_S = 0.02
CONTROL_S = 60.0
"""A restart on a busy machine takes long; it is the daemon that ends it then."""
KEPT_NAMES = ("PYTHONPATH", "COV")
"""How names begin that are kept of the tests' own environment: which code is tested, and how. All else is the test's own."""
LOG_SHOWN_CHARS = 8000
DAY_S = 86400.0
MESSAGES = [{"role": "user", "content": "hello"}]


class Router:
    """One home, and the process that serves out of it; it may be started, killed and started again."""

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        self.home = home
        kept = {name: value for name, value in os.environ.items() if name.startswith(KEPT_NAMES)}
        self.environment = kept | {
            "PATH": f"{BIN}:{os.environ.get('PATH', '')}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "HERMES_ROUTER_HOME": str(home),
            "PORT": "0",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.endpoint = ""
        self._log_path = home / "stderr.log"

    # living --------------------------------------------------------------------------------------------------------------

    async def start(self, *arguments: str, under: Sequence[str] = (), log_to: int | None = None, **more: str) -> None:
        """Start and wait until /health answers. *under*: a command that starts it in its own place, such as `prlimit`."""
        self.spawn(*arguments, under=under, log_to=log_to, **more)
        await self.wait_ready()

    def spawn(self, *arguments: str, under: Sequence[str] = (), log_to: int | None = None, **more: str) -> None:
        """Start, and wait for nothing. *log_to*: an open file for its output, in the place of ours."""
        assert self.process is None or self.process.poll() is not None, "one at a time"
        command = [*under, sys.executable, "-W", "error", "-m", "hrd", *arguments]
        with self._log_path.open("ab") as log:
            out = log if log_to is None else log_to
            self.process = subprocess.Popen(
                command, env=self.environment | more, cwd=self.home, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )

    async def wait_ready(self) -> None:
        await wait_until(self._is_ready, START_S)

    async def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"hrd ended with {self.process.returncode}:\n{self.log}"
        try:
            status = await self.status()
            self.endpoint = status["endpoint"]
            async with self.client() as client:
                return (await client.get("/health")).status_code == 200 and status["pid"] == self.process.pid
        except (httpx2.TransportError, OSError):
            return False

    def kill(self) -> None:
        """`kill -9`: no goodbye."""
        self.signal(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(STOP_S)

    def kill_successor(self) -> None:
        """The daemon of the day, if it is another process than was started here and still runs."""
        lock = self.home / "hrd.lock"
        pid = lock.read_text().strip() if lock.exists() else ""
        try:
            if pid and Path(f"/proc/{pid}/cwd").readlink() == self.home:
                os.kill(int(pid), signal.SIGKILL)
        except FileNotFoundError:
            pass

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    async def wait_ended(self) -> int:
        """The exit code, when the process has ended."""
        process = self.process
        assert process is not None

        async def is_over() -> bool:
            return process.poll() is not None

        await wait_until(is_over, STOP_S)
        return int(process.returncode)

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.signal(signal.SIGTERM)
        return await self.wait_ended()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def log(self) -> str:
        """Everything that was ever written to its standard output and error."""
        return self._log_path.read_text() if self._log_path.exists() else ""

    # asking it -----------------------------------------------------------------------------------------------------------

    @property
    def key(self) -> str:
        """The first client key in auth.json."""
        return str(next(iter(json.loads((self.home / "auth.json").read_text())["proxy_keys"])))

    def client(self, key: str = "") -> httpx2.AsyncClient:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return httpx2.AsyncClient(base_url=self.endpoint, headers=headers, verify=False, timeout=30.0, trust_env=False)

    async def chat(self, content: str = "hello", **fields: Any) -> httpx2.Response:
        """One chat request with the first client key; a stream is read to its end."""
        body = {"model": "hermes-router", "messages": [{"role": "user", "content": content}], **fields}
        async with self.client(self.key) as client:
            return await client.post("/v1/chat/completions", json=body)

    @property
    def socket_path(self) -> Path:
        return self.home / "control.sock"

    async def control(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        """What `hr` would ask, without the time that it takes to start."""
        transport = httpx2.AsyncHTTPTransport(uds=str(self.socket_path), verify=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://hrd", timeout=CONTROL_S, trust_env=False) as client:
            return await client.request(method, path, json=body)

    async def status(self) -> dict[str, Any]:
        answer = await self.control("GET", "/v1/status")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def provider(self, name: str) -> dict[str, Any]:
        """*name*'s row of `hr status`."""
        return next(row for row in (await self.status())["providers"] if row["name"] == name)

    async def hr(self, *arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[bytes]:
        """`hr`, as a process of its own."""
        return await trio.run_process(
            [str(BIN / "hr"), *arguments],
            env=self.environment | more,
            cwd=self.home,
            stdin=stdin.encode(),
            capture_stdout=True,
            capture_stderr=True,
            check=False,
        )

    # its files -----------------------------------------------------------------------------------------------------------

    @property
    def dotenv(self) -> str:
        path = self.home / ".env"
        return path.read_text() if path.exists() else ""

    def write_dotenv(self, text: str) -> None:
        path = self.home / ".env"
        path.touch(0o600)
        path.write_text(text)

    def write_auth(self, value: Any, mode: int = 0o600) -> None:
        """auth.json as a careful editor writes it: beside, then in its place."""
        path = self.home / "auth.json"
        beside = self.home / ".auth.json.mine"
        beside.touch(mode)
        beside.chmod(mode)
        beside.write_text(value if isinstance(value, str) else json.dumps(value))
        beside.rename(path)


def run_hrd(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`hrd`, when it is to end by itself."""
    command = [sys.executable, "-W", "error", "-m", "hrd", *arguments]
    environ = Router(home, environment).environment
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=START_S)


def facts_of(log: str, event: str) -> Iterator[dict[str, Any]]:
    """The lines of the log that tell of *event*."""
    for line in log.splitlines():
        if line.startswith("{") and (fact := json.loads(line))["event"] == event:
            yield fact


@asynccontextmanager
async def running(home: Path, *arguments: str, **environment: str) -> AsyncIterator[Router]:
    """A daemon from ready to its end. One that still runs behind the body is ended, and must end well."""
    router = Router(home, environment)
    try:
        await router.start(*arguments)
        yield router
        if router.process is not None and router.process.poll() is None:
            assert await router.stop() == 0
    except BaseException:
        sys.stderr.write(f"the daemon's log:\n{router.log[-LOG_SHOWN_CHARS:]}")
        raise
    finally:
        if router.process is not None and router.process.poll() is None:
            router.kill()
        router.kill_successor()


async def wait_until(holds: Callable[[], Awaitable[bool]], within_s: float = 10.0) -> None:
    """Look again and again until it *holds*."""
    with trio.fail_after(within_s):
        while not await holds():  # noqa: ASYNC110 - another process: there is no event to wait for
            await trio.sleep(LOOK_S)


async def wait_for_a_day(lasting_s: float = 60.0) -> None:
    """So long at least until midnight, for what goes by the day."""
    left_s = DAY_S - time.time() % DAY_S
    if left_s < lasting_s:
        await trio.sleep(left_s + 0.1)


def answered(response: httpx2.Response) -> str:
    """The text of a good reply, whole or streamed; a stream must have come to its end."""
    assert response.status_code == 200, response.text
    if not response.headers["content-type"].startswith("text/event-stream"):
        return str(response.json()["choices"][0]["message"]["content"])
    text = ""
    ended = False
    for line in response.text.splitlines():
        assert not ended or not line, f"something behind [DONE]: {line}"
        if line == "data: [DONE]":
            ended = True
        elif line.startswith("data: "):
            chunk = json.loads(line.removeprefix("data: "))
            assert "error" not in chunk, chunk
            text += "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])
    assert ended, response.text
    return text
