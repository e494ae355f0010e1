"""A request that is cancelled: at each of its steps, whatever it does there, it is settled once and counted once."""

from collections.abc import Awaitable, Callable

import pytest
import trio

from hrd.core.price import Price
from hrd.core.prices import Prices
from hrd.downstream.call import CLIENT_GONE, STOPPING, TOO_LATE
from tests.scenarios.failing import refused, says
from tests.scenarios.world import World, open_world
from tests.upstreams import Answer, Late

STEPS_MAX = 200
REASONS = (CLIENT_GONE, STOPPING, TOO_LATE)
PRICED = Prices({name: {"model-x": Price(input=1_000_000, output=1_000_000)} for name in ("alpha", "beta")})


class AtStep(trio.abc.Instrument):
    """Cancels the call of a world as its task is about to take step *step*."""

    def __init__(self, world: World, step: int, reason: str) -> None:
        self._world, self._step, self._reason = world, step, reason
        self.steps = 0
        self.is_cancelled = False

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        if not self._world.calls or "ClientConnection.serve" not in task.name:
            return
        self.steps += 1
        if self.steps == self._step:
            self.is_cancelled = True
            for call in self._world.calls.values():
                call.cancel(self._reason)


async def fails_then_serves(world: World) -> None:
    await world.provider("alpha", refused(500))
    await world.provider("beta", Late(Answer(text="some words of a reply", pieces=4, between_s=0.2), 0.5))


async def is_empty_then_serves(world: World) -> None:
    await world.provider("alpha", Answer(text=""))
    await world.provider("beta", says("a reply"))


async def waits_then_serves(world: World) -> None:
    await world.provider("alpha", refused(429, "Too many requests", [("retry-after", "2")]), says("a reply"))


async def nobody_serves(world: World) -> None:
    await world.provider("alpha", refused(401))


WORLDS = (fails_then_serves, is_empty_then_serves, waits_then_serves, nobody_serves)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("made", WORLDS)
async def test_at_each_of_its_steps(virtual_time: None, made: Callable[[World], Awaitable[None]], stream: bool) -> None:
    for step in range(1, STEPS_MAX):
        async with open_world(prices=PRICED, keepalive_s=0.3) as world:
            await made(world)
            at = AtStep(world, step, REASONS[step % len(REASONS)])
            trio.lowlevel.add_instrument(at)
            client = await world.begin(stream=stream)
            await trio.sleep(10)
            await world.come_to_rest()
            trio.lowlevel.remove_instrument(at)
            await client.leave()
            standing = world.pool.clients.standing("client-one", world.now())
            assert (standing.at_once, standing.tokens_aside) == (0, 0)
            assert len(world.journal.entries) == 1
        if not at.is_cancelled:
            break
    assert step > 4, "it has taken all of them"
