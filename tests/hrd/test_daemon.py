"""The daemon as a whole, in this process and on virtual time: what changes while it lives, and where it listens. Its life as a
process, with signals and SQLite, is tested in tests/e2e."""

import pytest
import trio

from hrd.downstream.doors import CannotListen
from tests.hrd.house import KEY, WITHIN_S, House, groq
from tests.scenarios.client import Client
from tests.scenarios.failing import says
from tests.upstreams import Upstream, free_port

pytestmark = pytest.mark.usefixtures("virtual_time")


# the files -----------------------------------------------------------------------------------------------------------------


async def test_an_edited_file_is_in_force_at_the_next_look(house: House) -> None:
    async with Upstream(says("one")) as one, Upstream(says("two")) as two, house.open(**groq(one)) as resident:
        assert (await resident.chat()).text == "one"
        house.write_dotenv(**groq(two, MAX_REQUEST_BYTES="1024"))
        assert (await resident.chat()).text == "one"
        await trio.sleep(WITHIN_S)
        assert (await resident.chat()).text == "two"
        assert (await resident.chat(user="x" * 2000)).status == 413


async def test_a_broken_file_changes_nothing_and_is_told_until_it_is_mended(house: House) -> None:
    async with Upstream(says("one")) as one, house.open(**groq(one)) as resident:
        house.write_dotenv(**groq(one, KEEPALIVE_SECONDS="soon"))
        await trio.sleep(WITHIN_S)
        assert (await resident.chat()).text == "one"
        (warning,) = (await resident.control("GET", "/v1/status"))["warnings"]
        assert "KEEPALIVE_SECONDS" in warning
        house.write_dotenv(**groq(one))
        await trio.sleep(WITHIN_S)
        assert (await resident.control("GET", "/v1/status"))["warnings"] == []


# where it listens ----------------------------------------------------------------------------------------------------------


async def test_another_port_is_listened_on_and_the_old_one_left(house: House) -> None:
    async with Upstream(says("one")) as one, house.open(**groq(one)) as resident:
        before = resident.port
        async with await trio.open_tcp_stream("127.0.0.1", before) as kept:
            client = Client(kept)
            assert (await client.ask(b"", key=KEY)).status == 400
            house.write_dotenv(**groq(one, PORT=str(free := free_port())))
            await trio.sleep(WITHIN_S)
            assert resident.port == free
            assert [await resident.answers_at(port) for port in (before, free)] == [False, True]
            assert (await client.ask(b"", key=KEY)).status == 400, "whoever is connected is still served"


async def test_a_port_that_is_taken_leaves_it_where_it_is_until_another_is_named(house: House) -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with Upstream(says("one")) as one, house.open(**groq(one)) as resident, listeners[0]:
        before = resident.port
        taken = listeners[0].socket.getsockname()[1]
        house.write_dotenv(**groq(one, PORT=str(taken), HOST="127.0.0.1"))
        await trio.sleep(WITHIN_S)
        assert resident.port == before
        assert (await resident.chat()).text == "one"
        house.write_dotenv(**groq(one, PORT=str(free := free_port())))
        await trio.sleep(WITHIN_S)
        assert (resident.port, (await resident.chat()).text) == (free, "one")


async def test_an_address_that_is_taken_at_the_start_is_a_reason_not_to_start(house: House) -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener:
        with pytest.raises(BaseException) as raised:  # noqa: PT011 - a nursery of the test's own may wrap it
            async with house.open(PORT=str(listener.socket.getsockname()[1])):
                pass
    assert raised.group_contains(CannotListen, match="another program listens there")


async def test_a_provider_that_points_at_the_new_port_is_switched_off(house: House) -> None:
    free = free_port()
    settings = {"OPENAI_BASE_URL": f"http://localhost:{free}/v1", "OPENAI_API_KEY": "sk-test-not-a-key-3"}
    async with Upstream(says("one")) as one, house.open(**groq(one), **settings) as resident:
        assert (await resident.control("GET", "/v1/status"))["warnings"] == []
        house.write_dotenv(**groq(one), **settings, PORT=str(free))
        await trio.sleep(WITHIN_S)
        (warning,) = (await resident.control("GET", "/v1/status"))["warnings"]
        assert "OPENAI_BASE_URL points at this router itself" in warning
