"""A daemon whose parent is the small supervisor of `tests.e2e.supervisor`."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.e2e.daemon import Router, wait_until

ROOT = Path(__file__).parents[2]


class Supervised:
    """`router.process` is the supervisor."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.router = Router(home, {"PYTHONPATH": str(ROOT), **environment})

    def notified(self) -> list[dict[str, Any]]:
        path = self.router.home / "notified"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def said(self, name: str) -> list[tuple[int, str]]:
        """Who said *name* and was believed."""
        return [(one["pid"], one[name]) for one in self.notified() if name in one and one["believed"]]

    async def start(self) -> None:
        self.router.spawn(under=[sys.executable, "-m", "tests.e2e.supervisor", str(self.router.home)])
        await wait_until(self._is_ready, 20.0)
        self.router.endpoint = (await self.router.status())["endpoint"]

    async def _is_ready(self) -> bool:
        return bool(self.said("READY"))


@asynccontextmanager
async def supervised(home: Path, **environment: str) -> AsyncIterator[Supervised]:
    """A daemon from ready to its end. One that still runs behind the body is ended, and must end well."""
    world = Supervised(home, environment)
    try:
        await world.start()
        yield world
        if world.router.process is not None and world.router.process.poll() is None:
            assert await world.router.stop() == 0
    except BaseException:
        sys.stderr.write(world.router.log[-4000:])
        raise
    finally:
        if world.router.process is not None and world.router.process.poll() is None:
            world.router.kill()
        world.router.kill_successor()
