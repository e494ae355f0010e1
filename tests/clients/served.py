"""Daemons that serve one test after the other, each over one emulated provider: what failed in one is nothing to the next."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import trio

from tests.e2e.daemon import Router
from tests.upstreams import Upstream
from tests.upstreams.threads import serving

Environment = Callable[[str], Mapping[str, str]]
"""Of a daemon, given its provider's base URL."""


class Served:
    """Starts them when they are first asked for."""

    def __init__(self, stack: ExitStack, make_home: Callable[[], Path]) -> None:
        """*stack*: they end with it."""
        self._stack = stack
        self._make_home = make_home
        self._made: dict[str, tuple[Upstream, Router]] = {}

    @asynccontextmanager
    async def over(
        self, name: str, upstream: Callable[[], Upstream], environment: Environment, script: Any, *, toml: str = ""
    ) -> AsyncIterator[tuple[Upstream, Router]]:
        """The daemon of this *name*, whose provider does as the *script* says and has been asked nothing yet."""
        if name not in self._made:
            self._made[name] = await self._start(upstream(), environment, toml)
        provider, router = self._made[name]
        provider.turn_to(script)
        provider.seen.clear()
        yield provider, router
        done = await router.control("POST", "/v1/reset", {"all": True})
        assert done.status_code == 200, done.text

    async def _start(self, provider: Upstream, environment: Environment, toml: str) -> tuple[Upstream, Router]:
        self._stack.enter_context(serving([provider]))
        home = self._make_home()
        (home / "config.toml").write_text(toml)
        router = Router(home, {**environment(provider.base_url), "MAX_WAIT_SECONDS": "0"})
        self._stack.callback(trio.run, _stop, router)
        await router.start()
        return provider, router


async def _stop(router: Router) -> None:
    assert await router.stop() == 0, router.log[-4000:]
