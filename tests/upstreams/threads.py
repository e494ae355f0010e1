"""Emulators in a thread of their own, for who waits without trio or outlives one loop."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import trio

from tests.upstreams.codex_oauth import CodexOAuth
from tests.upstreams.server import Upstream


@contextmanager
def serving(servers: Sequence[Upstream | CodexOAuth]) -> Iterator[None]:
    """The emulators, in a thread with a loop of its own."""
    ready = threading.Event()
    stop: list[tuple[trio.lowlevel.TrioToken, trio.Event]] = []

    async def serve() -> None:
        async with trio.open_nursery() as nursery:
            for server in servers:
                await nursery.start(server.serve)
            stop.append((trio.lowlevel.current_trio_token(), trio.Event()))
            ready.set()
            await stop[0][1].wait()
            nursery.cancel_scope.cancel()

    thread = threading.Thread(target=trio.run, args=(serve,))
    thread.start()
    assert ready.wait(10), "the emulators have not started"
    try:
        yield
    finally:
        token, over = stop[0]
        token.run_sync_soon(over.set)
        thread.join(10)
