"""Those who ask for a restart all hear what became of it."""

import trio
import trio.testing

from hrd.handover.restart import Restart


async def test_all_who_wait_hear_the_same_and_the_next_begins_anew(nursery: trio.Nursery) -> None:
    restart: Restart[str] = Restart()
    heard: list[str] = []

    async def ask() -> None:
        heard.append(await restart.ask())

    nursery.start_soon(ask)
    nursery.start_soon(ask)
    await restart.wait_asked()
    assert restart.is_asked
    restart.answer("the first is bad")
    await trio.testing.wait_all_tasks_blocked()
    assert (heard, restart.is_asked) == (["the first is bad"] * 2, False)
    nursery.start_soon(ask)
    await restart.wait_asked()
    restart.answer("the second is good")
    await trio.testing.wait_all_tasks_blocked()
    assert heard[2:] == ["the second is good"]
