"""A house with a daemon in it, in this process and on virtual time.

The disk is one in memory, because a thread would let the clock run away; everything else is what a user runs, down to the
files, the sockets and the control plane.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import trio

from hrd.admin.places import Places
from hrd.configuration.live import Configuration
from hrd.daemon import Daemon, Surroundings
from hrd.notify import Notify
from hrd.store.contract import Process
from hrd.store.lock import Lock, take_lock
from hrd.store.memory import Disk, MemoryStore
from tests.scenarios.client import Client, Reply
from tests.upstreams import Upstream

EPOCH = 1_795_219_200.0
"""2026-11-21, midnight UTC."""
KEY = "client-test-not-a-key"
KEYS = ("gsk_test-not-a-key-1", "gsk_test-not-a-key-2")
CATALOGUE = (files("hrd.core") / "catalogue.toml").read_text()
WITHIN_S = 2.5
"""When an edited file has been looked at, with the settings as they are."""


class House:
    """A home with its files, and whatever outlives the daemons in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.disk = Disk()
        self.slept_s = 0.0
        """By how much wall time has outrun the monotonic clock."""

    def now(self) -> float:
        return EPOCH + trio.current_time() + self.slept_s

    def write_dotenv(self, **settings: str) -> None:
        kept = {"PROXY_API_KEYS": KEY, "PORT": "0", "LOG_LEVEL": "CRITICAL"} | settings
        path = self.home / ".env.new"
        path.touch(0o600)
        path.write_text("".join(f"{name}={value}\n" for name, value in kept.items()))
        path.rename(self.home / ".env")

    @asynccontextmanager
    async def open(self, **settings: str) -> AsyncIterator["Resident"]:
        """A daemon, from ready to its end; *settings* are written to `.env` before, and at its first start a free port: only
        one on this machine can have the usual one."""
        if settings or not (self.home / ".env").exists():
            self.write_dotenv(**settings)
        places = Places(config=str(self.home), state=str(self.home), runtime=str(self.home))
        configuration = Configuration(places, {}, CATALOGUE)
        assert configuration.reload(), configuration.troubles
        store = MemoryStore(self.disk, self.now)
        lock = take_lock(self.home / "hrd.lock", os.getpid())
        assert isinstance(lock, Lock)
        process = Process(pid=os.getpid(), started=self.now())
        around = Surroundings(process=process, environ={}, lock=lock, notify=Notify({}, os.getpid()), schema=0)
        daemon = Daemon(configuration, store, store.load(self.now()), around, now=self.now, demo_wanted=False)
        is_ready = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(daemon.run, lambda _: is_ready.set())
            await is_ready.wait()
            try:
                yield Resident(daemon, self.home)
            finally:
                daemon.stop()
                daemon.stop()
                lock.release()


class Resident:
    """A daemon that serves."""

    def __init__(self, daemon: Daemon, home: Path) -> None:
        self.daemon = daemon
        self._home = home

    @property
    def port(self) -> int:
        return int(self.daemon.facts().endpoint.rpartition(":")[2])

    async def chat(self, model: str = "hermes-router", **fields: Any) -> Reply:
        async with await trio.open_tcp_stream("127.0.0.1", self.port) as stream:
            body = {"model": model, "messages": [{"role": "user", "content": "hi"}], **fields}
            return await Client(stream).ask(body, key=KEY)

    async def answers_at(self, port: int) -> bool:
        try:
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                return (await Client(stream).ask(b"", key=KEY, path="/v1/chat/completions")).status == 400
        except OSError:
            return False

    async def control(self, method: str, path: str, body: bytes = b"") -> Any:
        """What a route of the control socket answers."""
        async with await trio.open_unix_socket(str(self._home / "control.sock")) as stream:
            head = f"{method} {path} HTTP/1.1\r\nhost: hrd\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
            client = Client(stream)  # type: ignore[arg-type]
            await client.send(head.encode() + body)
            reply = await client.reply(method)
            assert reply.status == 200, reply.body
            return reply.json


def groq(upstream: Upstream, keys: int = 1, **more: str) -> dict[str, str]:
    """Settings by which *upstream* is Groq."""
    named = {"GROQ_BASE_URL": upstream.base_url, "GROQ_API_KEYS": ",".join(KEYS[:keys]), "GROQ_MODEL": "model-x"}
    return named | more
