"""hr forecast: the pool's own numbers, today's pace, and the catalogue's claims."""

from hrd.admin.wire.forecast import FORECAST
from hrd.admin.wire.status import STATUS
from hrd.core.facts import Committed, Ended, Failed
from hrd.core.failures import Failure, HintSource, Observation, Verdict, WindowKind
from hrd.core.journal import Usage, UsageSource
from tests.hrd.world import NOON, NOTHING, World

USED = Usage(input_tokens=700, output_tokens=300, source=UsageSource.KNOWN)


def asks(world: World, model: str, *seen: Observation) -> None:
    claim = world.claim(model)
    world.apply(Committed(claim=claim, latency_ms=20.0, observations=seen))
    world.apply(Ended(claim=claim, outcome="ok", usage=USED))


def day(left: int) -> Observation:
    return Observation(kind=WindowKind.REQUESTS_DAY, limit=100, left=left, resets_at=NOON + 12 * 3600)


async def test_without_a_request_there_is_no_pace(world: World) -> None:
    found = await world.ask(FORECAST, NOTHING)
    assert (found.now, found.requests_today, found.requests_an_hour, found.empty_at) == (NOON, 0, 0.0, None)
    assert found.unlimited == ("groq/small", "groq/large", "openrouter/nvidia/nemotron:free")
    assert (await world.ask(STATUS, NOTHING)).next_out is None


async def test_a_request_that_nobody_served_makes_no_pace(world: World) -> None:
    failure = Failure(verdict=Verdict.RATE_LIMITED, message="no", until=None, source=HintSource.GUESS)
    world.apply(Failed(claim=world.claim("groq:small"), failure=failure))
    assert [counts.requests for counts in world.pool.snapshot(world.now).today.values()] == [1]
    found = await world.ask(FORECAST, NOTHING)
    assert (found.requests_today, found.requests_an_hour, found.limited) == (0, 0.0, 0)


async def test_what_runs_out_first_stands_in_the_forecast_and_in_the_status(world: World) -> None:
    world.write(".env", "ROTATION_MODE=sequential\n")
    world.configuration.reload()
    world.changed()
    asks(world, "groq:small", day(20))
    found = await world.ask(FORECAST, NOTHING)
    assert (found.requests_today, found.tokens_today, found.tokens_each) == (1, 1000, 1000)
    (out,) = found.running_out
    assert (out.title, out.kind, out.left, out.limit, out.standing) == ("account me at groq", "requests/day", 20, 100, "known")
    assert out.at == NOON + 3 * 3600
    assert (await world.ask(STATUS, NOTHING)).next_out == out


async def test_paid_candidates_come_after_and_only_if_the_policy_permits(world: World) -> None:
    world.write(".env", "OPENROUTER_API_KEY=sk-or-test-not-a-key-3\nOPENROUTER_MODEL=some/model\n")
    world.configuration.reload()
    world.changed()
    found = await world.ask(FORECAST, NOTHING)
    assert (found.candidates, found.paid) == (4, ("openrouter/some/model",))
    world.write(".env", "OPENROUTER_API_KEY=sk-or-test-not-a-key-3\nOPENROUTER_MODEL=some/model\nCOST_POLICY=free-only\n")
    world.configuration.reload()
    world.changed()
    assert (await world.ask(FORECAST, NOTHING)).paid == ()


async def test_who_is_away_for_longer_than_a_day_is_not_counted_on(world: World) -> None:
    before = (await world.ask(FORECAST, NOTHING)).candidates
    failure = Failure(verdict=Verdict.REVOKED, message="gone", until=None, source=HintSource.BODY)
    world.apply(Failed(claim=world.claim("groq:small"), failure=failure))
    assert (await world.ask(FORECAST, NOTHING)).candidates == before - 2
