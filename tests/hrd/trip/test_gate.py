"""What lets a request begin: its wishes, the brake, the ceilings of its key. And what it is charged, whatever becomes of it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from hrd.core.access import Caller
from hrd.core.ask import Priority
from hrd.core.ceilings import Ceilings
from hrd.core.ledger import Reservation
from hrd.core.price import Price
from hrd.core.prices import Prices
from hrd.core.remembered import Charge
from hrd.pool import Pool
from hrd.store.memory import MemoryStore
from tests.scenarios.client import KEY, Reply
from tests.scenarios.failing import rate_limited, refused
from tests.scenarios.world import HELLO, World, open_world
from tests.upstreams import Answer, Late, Usage, hangs

DEAR = Prices({"alpha": {"model-x": Price(input=1_000_000, output=1_000_000)}})
"""A millionth of a dollar a token."""


@asynccontextmanager
async def world_of(
    priority_max: Priority = Priority.HIGH, prices: Prices | None = None, **ceilings: int
) -> AsyncIterator[World]:
    caller = Caller(fingerprint="client-one", ceilings=Ceilings(**ceilings), priority_max=priority_max)
    async with open_world(
        callers={KEY: caller, "other-key-not-real": Caller(fingerprint="client-two")}, prices=prices or Prices()
    ) as world:
        yield world


def stored(world: World, client: str = "client-one") -> tuple[int, int, int]:
    """What the disk says of the client's day."""
    (charged,) = [row for row in world.disk.charged.values() if row.client == client]
    return charged.requests, charged.tokens, charged.cost_microusd


# ceilings ----------------------------------------------------------------------------------------------------------------


async def test_requests_of_a_day_are_refused_before_anybody_is_asked(virtual_time: None) -> None:
    async with world_of(requests_day=2) as world:
        alpha = await world.provider("alpha", Answer("hello"))
        assert [(await world.chat()).status for _ in range(3)] == [200, 200, 429]
        reply = await world.chat(stream=True)
        assert (reply.status, reply.headers["retry-after"], reply.headers["x-should-retry"]) == (429, "86400", "false")
        assert (reply.error["type"], reply.error["code"]) == ("rate_limit_error", "rate_limit_exceeded")
        assert reply.headers["x-hermes-attempts"] == "0"
        assert "PROXY_LIMIT_REQ_DAY" in reply.error["message"]
        assert len(alpha.asked) == 2
        entry = world.journal.last
        assert (entry.outcome.value, entry.status, entry.model_asked, entry.stream) == ("refused", 429, "model-x", True)
        assert (await world.post({"model": "model-x", "messages": HELLO}, key="other-key-not-real")).status == 200
        world.sleep_through(86400)
        assert (await world.chat()).status == 200


async def test_two_hundred_at_once_never_exceed_a_ceiling_of_fifty(virtual_time: None) -> None:
    async with world_of(requests_day=50) as world:
        world.limit_connections(300)
        alpha = await world.provider("alpha", Late(Answer("hello"), 1.0))
        replies: list[Reply] = []

        async def ask(number: int) -> None:
            replies.append(await world.post({"model": "model-x", "messages": [{"role": "user", "content": str(number)}]}))

        async with trio.open_nursery() as nursery:
            for number in range(200):
                nursery.start_soon(ask, number)
        assert sorted(reply.status for reply in replies) == [200] * 50 + [429] * 150
        assert len(alpha.asked) == 50
        assert stored(world)[0] == 50


async def test_a_minute_slides_and_says_when_to_come_back(virtual_time: None) -> None:
    async with world_of(rpm=2) as world:
        await world.provider("alpha", Answer("hello"))
        assert (await world.chat()).status == 200
        await trio.sleep(30)
        assert (await world.chat()).status == 200
        reply = await world.chat()
        assert (reply.status, reply.headers["retry-after"]) == (429, "31")
        await trio.sleep(31)
        assert [(await world.chat()).status for _ in range(2)] == [200, 429]


async def test_requests_at_once(virtual_time: None) -> None:
    async with world_of(concurrency=1) as world:
        await world.provider("alpha", Late(Answer("hello"), 5.0), Answer("hello"))
        client = await world.begin(stream=True)
        await trio.sleep(1)
        reply = await world.chat()
        assert (reply.status, reply.headers["retry-after"]) == (429, "1")
        assert "as many as it may have at once (1)" in reply.error["message"]
        assert (await client.reply()).text == "hello"
        assert (await world.chat()).status == 200


async def test_a_client_that_leaves_gives_its_place_back_and_is_charged_what_it_may_have_cost(virtual_time: None) -> None:
    async with world_of(concurrency=1, prices=DEAR) as world:
        await world.provider("alpha", hangs(), Answer("hello"), cost_class="paid")
        client = await world.begin(stream=True)
        await trio.sleep(1)
        client.stream.socket.close()
        await world.come_to_rest()
        requests, tokens, cost = stored(world)
        assert (requests, tokens) == (1, world.journal.last.usage.input_tokens)
        assert 0 < cost == world.journal.last.cost_microusd
        assert (await world.chat()).status == 200


async def test_tokens_of_a_day(virtual_time: None) -> None:
    async with world_of(tokens_day=1000) as world:
        await world.provider("alpha", Answer("hello", usage=Usage(600, 350)), Answer("hello", usage=Usage(600, 350)))
        assert (await world.chat()).status == 200
        assert stored(world) == (1, 950, 0)
        assert (await world.chat()).status == 200, "what it sends fits into what is left"
        assert stored(world) == (2, 1900, 0), "a reply that turned out longer is finished and counts"
        reply = await world.chat()
        assert reply.status == 429
        assert "PROXY_LIMIT_TOKENS_DAY" in reply.error["message"]


async def test_a_request_that_nobody_was_asked_for_costs_nothing_of_the_day(virtual_time: None) -> None:
    async with world_of(requests_day=1, tokens_day=1000) as world:
        assert (await world.chat()).status == 503
        assert world.disk.charged == {}
        await world.provider("alpha", Answer("hello"))
        assert (await world.chat()).status == 200


async def test_attempts_in_vain_are_charged_with_the_one_that_served(virtual_time: None) -> None:
    prices = Prices({name: {"model-x": Price(input=1_000_000, output=1_000_000)} for name in ("alpha", "beta")})
    async with world_of(prices=prices) as world:
        await world.provider("alpha", Late(Answer("too late"), 1000.0), cost_class="paid")
        await world.provider("beta", Answer("hello", usage=Usage(20, 5)), cost_class="paid")
        assert await world.ask(stream=True) == "hello"
        entry = world.journal.last
        in_vain = next(row.settlement.tokens for row in world.disk.ledger.values() if row.settlement)
        assert in_vain > 0
        assert entry.cost_microusd == in_vain + 25
        assert stored(world) == (1, in_vain + 25, in_vain + 25)


# cost --------------------------------------------------------------------------------------------------------------------


async def test_what_a_reply_costs_is_in_the_journal_and_in_the_totals(virtual_time: None) -> None:
    async with world_of(prices=DEAR) as world:
        await world.provider("alpha", Answer("hello", usage=Usage(20, 5)), cost_class="paid")
        await world.chat()
        await world.chat(stream=True)
        assert [entry.cost_microusd for entry in world.journal.entries] == [25, 25]
        assert sum(counts.cost_microusd for counts in world.disk.usage.values()) == 50
        assert stored(world) == (2, 50, 50)


async def test_a_cost_that_nobody_knows_is_not_nothing(virtual_time: None) -> None:
    async with world_of() as world:
        await world.provider("alpha", Answer("hello"), cost_class="paid")
        await world.chat()
        assert world.journal.last.cost_microusd is None
        assert [counts.unpriced for counts in world.disk.usage.values()] == [1]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_provider_that_states_what_a_reply_cost_is_believed(virtual_time: None, stream: bool) -> None:
    async with world_of(prices=DEAR) as world:
        answer = Answer("hello", usage=Usage(20, 5, cost=0.0012345))
        await world.provider("alpha", answer, cost_class="paid", states_cost=True)
        await world.ask(stream=stream)
        assert world.journal.last.cost_microusd == 1235


async def test_what_is_set_aside_is_on_disk_before_the_request_is_sent(virtual_time: None) -> None:
    async with world_of(prices=DEAR) as world:
        seen: list[tuple[int, int, int]] = []

        def look(_: object) -> Answer:
            seen.append(stored(world))
            return Answer("hello", usage=Usage(20, 5))

        await world.provider("alpha", look, cost_class="paid")
        await world.chat(max_tokens=100)
        (reservation,) = [row for row in world.store.given if isinstance(row, Reservation)]
        assert (reservation.client, reservation.cost_microusd) == ("client-one", reservation.tokens)
        assert seen == [(1, reservation.tokens, reservation.tokens)]
        assert stored(world) == (1, 25, 25)


async def test_a_cost_ceiling_passes_over_who_is_paid_and_leaves_the_others(virtual_time: None) -> None:
    async with world_of(prices=DEAR, cost_day_microusd=100) as world:
        alpha = await world.provider("alpha", Answer("paid", usage=Usage(60, 60)), cost_class="paid")
        assert await world.ask() == "paid"
        assert stored(world)[2] == 120
        reply = await world.chat()
        assert (reply.status, reply.headers["retry-after"]) == (429, "86400")
        assert "PROXY_LIMIT_COST_DAY" in reply.error["message"]
        assert "has spent what it may cost a day" in reply.error["message"], "120 of 100"
        assert "more than is left today" in world.journal.last.passed_over[0].why
        await world.provider("beta", Answer("free"))
        assert await world.ask() == "free"
        assert len(alpha.asked) == 1


async def test_who_is_too_dear_for_what_is_left_hears_how_much_that_is(virtual_time: None) -> None:
    async with world_of(prices=DEAR, cost_day_microusd=100) as world:
        await world.provider("alpha", Answer("paid", usage=Usage(50, 44)), cost_class="paid")
        assert await world.ask() == "paid"
        assert stored(world)[2] == 94
        message = (await world.chat(messages=[{"role": "user", "content": "word " * 200}])).error["message"]
        assert "has $0.000006 left of what it may cost a day" in message
        assert re.search(r"would alone cost about \$0\.000[1-9]\d* at the least", message), message


async def test_with_a_cost_ceiling_nobody_is_asked_whose_price_is_not_known(virtual_time: None) -> None:
    async with world_of(cost_day_microusd=10**9) as world:
        alpha = await world.provider("alpha", Answer("paid"), cost_class="paid")
        reply = await world.chat()
        assert reply.status == 403
        assert "MODEL_PRICES_FILE" in reply.error["message"]
        assert alpha.asked == []


# a new process -----------------------------------------------------------------------------------------------------------


async def test_a_killed_process_forgets_nothing_that_was_set_aside(virtual_time: None) -> None:
    """The disk as it stands in the middle of a request is what the next process finds."""
    async with world_of(requests_day=1, prices=DEAR) as world:
        remembered: list[Any] = []

        def look(_: object) -> Answer:
            remembered.append(MemoryStore(world.disk, world.now).load(world.now()))
            return Answer("hello")

        await world.provider("alpha", look, cost_class="paid")
        await world.chat()
        pool = Pool(world.pool.roster, world.pool.rules, remembered[0])
        standing = pool.clients.standing("client-one", world.now())
        assert (standing.requests, standing.in_minute) == (1, 1)
        assert standing.tokens == standing.cost_microusd > 500


async def test_what_a_former_process_spends_and_holds_counts_in_the_new_one(virtual_time: None) -> None:
    async with world_of() as world:
        pool, now = world.pool, world.now()
        reservation = Reservation(
            id=9, at=now, request_id="req-9", provider="p", model="m", credential="c", scopes=(), tokens=5, client="client-one"
        )
        assert pool.elsewhere.lend(reservation, now, insists=False) == []
        pool.follow(Charge(client="client-one", day=int(now // 86400), requests=1, tokens=5), now)
        standing = pool.clients.standing("client-one", now)
        assert (standing.at_once, standing.requests, standing.tokens) == (1, 1, 5)
        pool.elsewhere.all_gone(now)
        assert pool.clients.standing("client-one", now).at_once == 0
        world.disk.charged.clear()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"model": "model-x", "messages": HELLO}),
        ("/v1/messages", {"model": "model-x", "messages": HELLO, "max_tokens": 5}),
        ("/v1/responses", {"model": "model-x", "input": "hi"}),
        ("/v1/embeddings", {"model": "model-x", "input": "hi"}),
    ],
)
async def test_every_dialect_says_in_its_shape_when_to_come_back(virtual_time: None, path: str, body: dict[str, Any]) -> None:
    async with world_of(requests_day=1) as world:
        alpha = await world.provider("alpha", Answer("hello"))
        await world.chat()
        reply = await world.post(body, path=path)
        assert (reply.status, reply.headers["retry-after"]) == (429, "86400")
        assert reply.json["error"]["type"] == "rate_limit_error"
        assert "PROXY_LIMIT_REQ_DAY" in reply.json["error"]["message"]
        assert reply.json.get("type") == ("error" if path == "/v1/messages" else None)
        assert len(alpha.asked) == 1


# wishes ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["X-Hermes-Priority: urgent", "X-Hermes-Privacy: yes"])
async def test_a_wish_that_cannot_be_read_is_refused_before_anybody_is_asked(virtual_time: None, field: str) -> None:
    async with world_of() as world:
        alpha = await world.provider("alpha", Answer("hello"))
        reply = await world.post({"model": "model-x", "messages": HELLO}, headers=f"{field}\r\n")
        assert (reply.status, reply.error["type"]) == (400, "invalid_request_error")
        assert reply.error["param"] == field.partition(":")[0].lower()
        assert alpha.asked == []


async def test_a_session_stands_in_the_journal_and_has_totals_of_its_own(virtual_time: None) -> None:
    async with world_of() as world:
        await world.provider("alpha", Answer("hello", usage=Usage(20, 5)))
        await world.post({"model": "model-x", "messages": HELLO}, headers="X-Hermes-Session: nightly run 7\r\n")
        await world.chat()
        assert [entry.session for entry in world.journal.entries] == ["nightly run 7", ""]
        ((key, counts),) = world.disk.sessions.items()
        assert (key[1:], counts.requests, counts.input_tokens) == (("nightly run 7", "client-one"), 1, 20)


async def test_what_must_not_leave_this_machine_does_not_whatever_fails_here(virtual_time: None) -> None:
    local = Caller(fingerprint="client-local", local_only=True)
    async with open_world(callers={KEY: Caller(fingerprint="client-one"), "local-key-not-real": local}) as world:
        here = await world.provider("here", *[refused(500)] * 4, cost_class="local")
        away = await world.provider("away", Answer("hello"))
        body = {"model": "hermes-router", "messages": HELLO}
        for key, headers in ((KEY, "X-Hermes-Privacy: local\r\n"), ("local-key-not-real", "")):
            for stream in (False, True):
                reply = await world.post({**body, "stream": stream}, key=key, headers=headers)
                assert reply.error["type"] in ("rate_limit_error", "server_error")
        assert (len(here.asked) > 0, away.asked) == (True, [])
        assert (await world.post(body)).status == 200, "others may"


async def test_low_priority_spends_neither_subscription_nor_money_whatever_fails(virtual_time: None) -> None:
    async with world_of(Priority.LOW) as world:
        await world.provider("free", refused(500))
        plan = await world.provider("plan", Answer("hello"), cost_class="subscription")
        paid = await world.provider("paid", Answer("hello"), cost_class="paid")
        reply = await world.post({"model": "hermes-router", "messages": HELLO}, headers="X-Hermes-Priority: high\r\n")
        assert reply.status in (429, 503)
        assert (plan.asked, paid.asked) == ([], [])


# the brake ---------------------------------------------------------------------------------------------------------------


async def test_a_body_that_is_refused_again_and_again_is_answered_from_memory(virtual_time: None) -> None:
    async with world_of() as world:
        alpha = await world.provider("alpha", refused(422, "no such thing"))
        replies = []
        for _ in range(7):
            replies.append(await world.chat())
            await trio.sleep(1)
        assert {reply.status for reply in replies} == {422}
        assert replies[6].body == replies[4].body
        assert len(alpha.asked) == 5
        assert "retry brake" in world.journal.last.notes[0]
        other = await world.post({"model": "model-x", "messages": [{"role": "user", "content": "another"}]})
        assert other.status == 422
        assert len(alpha.asked) == 6
        await trio.sleep(8)
        await world.chat()
        assert len(alpha.asked) == 7, "the brake is off"


async def test_the_brake_is_off_when_an_answer_comes(virtual_time: None) -> None:
    async with world_of() as world:
        await world.provider("alpha", rate_limited(3600))
        for _ in range(5):
            assert (await world.chat()).status == 429
        await world.provider("beta", Answer("hello"))
        reply = await world.chat()
        assert reply.status == 429
        assert int(reply.headers["retry-after"]) >= 3590
        await trio.sleep(10)
        assert await world.ask() == "hello"


async def test_a_streams_refusal_is_remembered_like_any_other(virtual_time: None) -> None:
    async with world_of() as world:
        alpha = await world.provider("alpha", refused(422))
        for _ in range(6):
            assert (await world.chat(stream=True)).status == 422
        assert len(alpha.asked) == 5
