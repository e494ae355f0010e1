"""hr stop: the daemon is told once, or twice when it is to end at once."""

from hrd.admin.stop import HINT
from hrd.admin.wire.daemon import STOP, StopRequest
from hrd.admin.wire.route import Problem
from tests.hrd.store.samples import answered
from tests.hrd.world import PID, World


async def test_a_stop_lets_running_requests_finish(world: World) -> None:
    done = await world.ask(STOP, StopRequest())
    assert (done.pid, done.in_flight, done.seconds_max, world.stops) == (PID, 2, 30.0, 1)


async def test_a_stop_now_is_the_second_signal_too(world: World) -> None:
    done = await world.ask(STOP, StopRequest(now=True))
    assert (done.seconds_max, world.stops) == (0.0, 2)


async def test_a_second_stop_does_not_hurry_the_first(world: World) -> None:
    await world.ask(STOP, StopRequest())
    await world.ask(STOP, StopRequest())
    assert world.stops == 1
    await world.ask(STOP, StopRequest(now=True))
    assert world.stops == 2


async def test_a_stop_without_a_body_is_a_plain_one(world: World) -> None:
    answer = await world.http("POST", "/v1/stop")
    assert (answer.status, world.stops) == (200, 1)


async def test_looking_does_not_stop(world: World) -> None:
    answer = await world.http("GET", "/v1/stop")
    assert (answer.status, answer.headers["allow"], world.stops) == (405, "POST", 0)


async def test_what_the_disk_does_not_take_is_not_lost_without_a_word(world: World) -> None:
    world.disk.is_writable = False
    world.store.commit_nowait([answered("req-1"), answered("req-2")])
    lost = "not stopped: 2 rows of usage and history wait in memory and would be lost: the disk is full"
    for ask in (StopRequest(), StopRequest(now=True)):
        assert await world.refused(STOP, ask) == (409, Problem(message=lost, hint=HINT))
    assert world.stops == 0
    world.disk.is_writable = True
    assert (await world.ask(STOP, StopRequest())).pid == PID


async def test_who_says_so_loses_what_is_not_written(world: World) -> None:
    world.disk.is_writable = False
    world.store.commit_nowait([answered("req-1")])
    await world.ask(STOP, StopRequest(lose_unwritten=True))
    assert world.stops == 1


async def test_a_stop_that_has_begun_may_be_hurried_whatever_waits(world: World) -> None:
    await world.ask(STOP, StopRequest())
    world.disk.is_writable = False
    world.store.commit_nowait([answered("req-1")])
    await world.ask(STOP, StopRequest(now=True))
    assert world.stops == 2
