"""A simulation: scenarios drawn from a seed, and four laws that hold whatever happens.

One journal entry for each exchange; nothing in flight when idle; every reservation settled exactly once (all three checked as
the world ends); exactly one ending for each reply. A failing seed is in the test's name and replays with it.
"""

import random
from collections.abc import Callable
from typing import Any

import pytest
import trio

from hrd.downstream import call as call_
from tests.scenarios.client import Reply
from tests.scenarios.failing import rate_limited, refused
from tests.scenarios.world import HELLO, World, open_world
from tests.upstreams import (
    CLOSE,
    DONE,
    HANG,
    RESET,
    Answer,
    Asked,
    Behaviour,
    Cut,
    Drip,
    Ends,
    Events,
    Late,
    Quirk,
    Raw,
    Status,
    empty,
    error_in_stream,
    free_port,
    hangs,
    html,
)

pytestmark = pytest.mark.uncounted

SEEDS = range(24)
CLIENTS = 5
REQUESTS = 8
ENDINGS = ("[DONE]", "error")


def behaviour(draw: random.Random) -> Behaviour | Callable[[Asked], Behaviour]:
    """Half of the time all is well."""
    text = "word " * draw.randrange(1, 60)
    fine = Answer(text, before_first_s=draw.choice([0, 0, 1, 8]), between_s=draw.choice([0, 0, 0.5, 6]))
    if draw.random() < 0.5:
        return fine
    cut = Cut(fine, draw.randrange(1, 1200), draw.choice([CLOSE, RESET, HANG]))
    choices: list[Behaviour | Callable[[Asked], Behaviour]] = [
        rate_limited(draw.choice([1, 4, 20, 600])),
        rate_limited(),
        refused(draw.choice([400, 401, 402, 403, 404, 408, 413, 422, 500, 502, 503, 529])),
        refused(400, "Unsupported parameter: 'temperature'", param="temperature"),
        empty(),
        html(draw.choice([200, 502])),
        hangs(),
        Ends(draw.choice([CLOSE, RESET])),
        Raw(b"SSH-2.0-nobody\r\n"),
        error_in_stream({"code": 503, "message": "gone"}, after=draw.randrange(3)),
        Answer(text, quirks=frozenset({Quirk.NO_DONE})),
        Answer(text, quirks=frozenset({Quirk.NO_FINISH})),
        Events([{"choices": [{"index": 0, "delta": {"content": "half"}}]}, draw.choice([0.5, 200.0])]),
        Events([DONE]),
        Status(200, b'{"choices":[]}'),
        Drip(fine, 40, 0.01),
        Late(fine, draw.choice([3.0, 70.0])),
        cut,
        cut,
    ]
    return draw.choice(choices)


class Clients:
    """Some clients, each with its own turn of mind."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.seed = seed
        self.replies: list[tuple[bool, Reply]] = []
        self.sent = 0

    async def run(self, number: int) -> None:
        draw = random.Random(f"{self.seed} {number}")
        for _ in range(REQUESTS):
            await trio.sleep(draw.choice([0, 0, 0.5, 3, 40]))
            await self._one(draw)

    async def _one(self, draw: random.Random) -> None:
        stream = draw.random() < 0.6
        fields: dict[str, Any] = {"model": draw.choice(["model-x", "model-y", "hermes-router", "alpha"]), "messages": HELLO}
        if stream:
            fields["stream"] = True
        if draw.random() < 0.3:
            fields["temperature"] = 1
        patience_s = draw.choice([0.0, 0.3, 2.0, 30.0]) if draw.random() < 0.25 else None
        client = await self.world.client()
        reply = Reply()
        with trio.move_on_after(2000.0 if patience_s is None else patience_s) as scope:
            self.sent += 1
            await client.ask(fields, into=reply)
        await client.leave()
        if not scope.cancelled_caught:
            self.replies.append((stream, reply))
        else:
            assert patience_s is not None, "every client that waits is answered"


@pytest.mark.parametrize("seed", SEEDS)
async def test_laws_hold(seed: int) -> None:
    draw = random.Random(seed)
    tuned = {"deadline_s": draw.choice([50.0, 600.0]), "mode": draw.choice(["parallel", "sequential"])}
    async with open_world(**tuned) as world:
        for name in ("alpha", "beta", "gamma")[: draw.randrange(1, 4)]:
            script = [behaviour(draw) for _ in range(12)]
            keys = ("",) * draw.randrange(1, 4)
            await world.provider(name, _in_turn(script), keys=keys, models=("model-x", "model-y"))
        if draw.random() < 0.3:
            world.add("closed", f"http://127.0.0.1:{free_port()}/v1")
        clients = Clients(world, seed)
        async with trio.open_nursery() as nursery:
            for number in range(CLIENTS):
                nursery.start_soon(clients.run, number)
            if draw.random() < 0.3:
                nursery.start_soon(_cancel_somebody, world, draw)
        await world.come_to_rest()
        for stream, reply in clients.replies:
            check_ending(stream, reply)
        entries = world.journal.entries
        assert len(entries) == len({entry.request_id for entry in entries})
        assert len(entries) <= clients.sent
        assert len(entries) >= len(clients.replies)
        assert all(entry.outcome.value != "crashed" for entry in entries)


def check_ending(stream: bool, reply: Reply) -> None:
    """Exactly one ending: a whole body, or a terminator, or an error event; nothing after it, and never silence."""
    assert not reply.is_cut
    if not stream or reply.status != 200:
        assert reply.json.keys() & {"choices", "error"}
        return
    endings = [event for event in reply.events if event == "[DONE]" or (isinstance(event, dict) and event.get("error"))]
    assert len(endings) == 1, reply.body
    assert reply.events[-1] == endings[0]


async def _cancel_somebody(world: World, draw: random.Random) -> None:
    """As the daemon does when it stops; the others are served on."""
    await trio.sleep(draw.choice([1.0, 30.0]))
    for call in list(world.calls.values())[:2]:
        call.cancel(call_.STOPPING)


def _in_turn(script: list[Behaviour | Callable[[Asked], Behaviour]]) -> Callable[[Asked], Behaviour]:
    asked_so_far = 0

    def behave(asked: Asked) -> Behaviour:
        nonlocal asked_so_far
        chosen = script[asked_so_far % len(script)]
        asked_so_far += 1
        return chosen(asked) if callable(chosen) else chosen

    return behave
