"""hr limit: ceilings of client keys are listed with what was spent, set and taken away, in force at once."""

import json

import pytest

from hrd.admin.wire.limits import LIMIT_CLEAR, LIMIT_SET, LIMITS, Ceilings, ClientLimits, LimitClear, LimitSet, Spent
from hrd.admin.wire.route import Nothing
from hrd.core.access import Caller
from hrd.core.client_book import Tab
from hrd.core.refusals import Refusal
from tests.hrd.admin.conftest import LAPTOP, SCRIPT
from tests.hrd.world import World

KEY = b"sk-router-test-not-a-key-4"


def caller(world: World) -> Caller:
    found = world.assembled.doorkeeper.caller_of(None, KEY)
    assert found is not None
    return found


def admit(world: World) -> Tab | Refusal:
    one = caller(world)
    return world.pool.clients.admit(one.fingerprint, one.ceilings, sends=10, expects=90, now=world.now)


async def of_laptop(world: World) -> ClientLimits:
    return next(one for one in (await world.ask(LIMITS, Nothing())).clients if one.fingerprint == LAPTOP)


async def test_every_key_is_listed_with_what_holds_and_what_it_has_had(world: World) -> None:
    tab = admit(world)
    assert isinstance(tab, Tab)
    tab.ask(7)
    found = await world.ask(LIMITS, Nothing())
    assert [(one.fingerprint, one.name, one.source, one.holds) for one in found.clients] == [
        (LAPTOP, "laptop", "auth.json", Ceilings(rpm=10)),
        (SCRIPT, "", ".env", Ceilings()),
    ]
    assert found.clients[0].spent == Spent(at_once=1, in_minute=1, requests=1, tokens=100, cost_microusd=7)
    assert (found.now, found.resets_at) == (world.now, world.now + 43200)
    tab.close()


async def test_what_the_settings_say_holds_where_the_key_says_nothing(world: World) -> None:
    world.write(".env", world.read(".env") + "PROXY_LIMIT_RPM=3\nPROXY_LIMIT_COST_DAY=0.25\n")
    assert world.configuration.reload()
    found = await world.ask(LIMITS, Nothing())
    assert found.defaults == Ceilings(rpm=3, cost_per_day=0.25)
    assert [one.holds for one in found.clients] == [Ceilings(rpm=10, cost_per_day=0.25), Ceilings(rpm=3, cost_per_day=0.25)]


async def test_what_is_set_is_in_force_at_once_and_the_rest_stays(world: World) -> None:
    ask = LimitSet(which="laptop", req_per_day=1, cost_per_day=0.5, cost_policy="free-only", priority_max="low")
    done = await world.ask(LIMIT_SET, ask)
    assert done.holds == Ceilings(rpm=10, req_per_day=1, cost_per_day=0.5)
    assert (done.own.rpm, done.own.cost_policy, done.own.priority_max) == (10, "free-only", "low")
    assert (caller(world).cost_policy, caller(world).ceilings.requests_day) == ("free-only", 1)
    assert isinstance(admit(world), Tab)
    assert isinstance(admit(world), Refusal)
    assert world.auth()["proxy_keys"] == {
        KEY.decode(): {
            "name": "laptop",
            "rpm": 10,
            "req_per_day": 1,
            "cost_per_day": 0.5,
            "cost_policy": "free-only",
            "priority_max": "low",
        }
    }


async def test_nought_takes_one_ceiling_away_and_clear_all_of_them(world: World) -> None:
    await world.ask(LIMIT_SET, LimitSet(which=LAPTOP, concurrency=2, cost_policy="free-only"))
    done = await world.ask(LIMIT_SET, LimitSet(which=LAPTOP, rpm=0))
    assert done.holds == Ceilings(concurrency=2)
    done = await world.ask(LIMIT_CLEAR, LimitClear(which="laptop"))
    assert (done.holds, done.own.cost_policy) == (Ceilings(), "free-only")
    assert (await of_laptop(world)).holds == Ceilings()


@pytest.mark.parametrize(
    ("ask", "status", "said"),
    [
        (LimitSet(which="laptop"), 400, "say what to change"),
        (LimitSet(which="nobody", rpm=1), 404, "no client key of that name"),
        (LimitSet(which="", rpm=1), 404, "no client key of that name"),
        (LimitSet(which=SCRIPT, rpm=1), 409, "PROXY_API_KEYS"),
        (LimitSet(which="laptop", rpm=-1), 400, "a number from 0 to 1,000,000,000,000,000"),
        (LimitSet(which="laptop", cost_per_day=1e18), 400, "a number from 0 to 1,000,000,000,000,000"),
        (LimitSet(which="laptop", cost_per_day=1e-7), 400, "or more"),
        (LimitSet(which="laptop", cost_policy="cheap"), 400, "free-only"),
        (LimitSet(which="laptop", priority_max="urgent"), 400, "low, normal, high"),
    ],
)
async def test_what_cannot_be_set_is_refused_and_nothing_is_changed(
    world: World, ask: LimitSet, status: int, said: str
) -> None:
    before = world.read("auth.json")
    found, problem = await world.refused(LIMIT_SET, ask)
    assert found == status
    assert said in problem.message
    assert world.read("auth.json") == before


async def test_a_key_of_the_settings_has_no_ceilings_of_its_own_to_clear(world: World) -> None:
    status, problem = await world.refused(LIMIT_CLEAR, LimitClear(which=SCRIPT))
    assert status == 409
    assert "PROXY_LIMIT" in problem.message


async def test_two_keys_of_one_name_are_told_apart(world: World) -> None:
    keys = {KEY.decode(): {"name": "same"}, "sk-router-test-not-a-key-9": {"name": "same"}}
    world.write("auth.json", json.dumps({"proxy_keys": keys}))
    assert world.configuration.reload()
    status, problem = await world.refused(LIMIT_SET, LimitSet(which="same", rpm=1))
    assert status == 400
    assert LAPTOP in problem.hint
