"""Draining: running calls may finish; those that take too long are told why they end."""

from collections.abc import Callable, Collection, Mapping

import trio

from hrd.downstream.call import STOPPING, Call

LOOK_S = 0.02
"""Looked at instead of waited for, only while stopping, so that a call that ends pays nothing for it."""
GOODBYE_S = 3.0
"""How long cancelled calls may take to say why."""


async def drain(calls: Mapping[int, Call], *, within_s: float, at_once: trio.Event) -> None:
    """Return when *calls* is empty; after *within_s* seconds, or at *at_once*, those left are cancelled."""
    with trio.move_on_after(within_s):
        await _wait_until(lambda: not calls or at_once.is_set())
    for call in list(calls.values()):
        call.cancel(STOPPING)
    with trio.move_on_after(GOODBYE_S):
        await _wait_until(lambda: not calls)


async def wait_empty(what: Collection[object], *, hurry: trio.Event) -> None:
    """Return when *what* is empty, or at *hurry*."""
    await _wait_until(lambda: not what or hurry.is_set())


async def _wait_until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - see LOOK_S
        await trio.sleep(LOOK_S)
