"""The clients' side of a daemon: requests go by the settings of their beginning, and each has a name of its own."""

import pytest
import trio

from tests.hrd.house import WITHIN_S, House, groq
from tests.scenarios.client import Reply
from tests.scenarios.failing import says
from tests.upstreams import Answer, Upstream

pytestmark = pytest.mark.usefixtures("virtual_time")


async def test_a_running_request_keeps_what_it_began_with(house: House) -> None:
    async with Upstream(Answer("slow words", pieces=2, between_s=20.0)) as one, house.open(**groq(one)) as resident:
        replies: list[Reply] = []

        async def ask() -> None:
            replies.append(await resident.chat(stream=True))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await trio.sleep(1)
            house.write_dotenv(IDLE_SECONDS="1")
            await trio.sleep(WITHIN_S)
            assert (await resident.chat()).status == 503, "nobody has a key any more"
        assert [(reply.text, reply.is_done) for reply in replies] == [("slow words", True)]


async def test_a_client_key_is_good_from_the_look_at_which_it_is_found(house: House) -> None:
    async with Upstream(says("one")) as one, house.open(**groq(one)) as resident:
        house.write_dotenv(**groq(one, PROXY_API_KEYS="another-client-test-key"))
        assert (await resident.chat()).status == 200
        await trio.sleep(WITHIN_S)
        assert (await resident.chat()).status == 401


async def test_answers_carry_their_request_and_the_date(house: House) -> None:
    async with Upstream(says("one")) as one, house.open(**groq(one)) as resident:
        first, second = await resident.chat(), await resident.chat("no-such-model:x")
        assert first.headers["x-request-id"] != second.headers["x-request-id"]
        assert {reply.headers["date"] for reply in (first, second)} == {"Sat, 21 Nov 2026 00:00:00 GMT"}
