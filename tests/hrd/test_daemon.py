"""The daemon as a whole, in this process and on virtual time: what changes while it lives, and what the next one remembers.

The disk is one in memory, because a thread would let the clock run away; everything else is what a user runs, down to the
files, the sockets and the control plane. Its life as a process, with signals and SQLite, is tested in tests/e2e.
"""

import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import trio

from hrd.admin.places import Places
from hrd.configuration.live import Configuration
from hrd.daemon import FLUSH_S, Daemon, Surroundings
from hrd.downstream.doors import CannotListen
from hrd.notify import Notify
from hrd.store.contract import Process
from hrd.store.lock import Lock, take_lock
from hrd.store.memory import Disk, MemoryStore
from hrd.upstream.lookups import CHECK_S, DELAY_S
from hrd.waking import CHECK_S as LOOK_AT_CLOCKS_S
from tests.scenarios.client import Client, Reply
from tests.scenarios.failing import refused, says
from tests.upstreams import Answer, Status, Upstream, free_port

EPOCH = 1_795_219_200.0
"""2026-11-21, midnight UTC."""
KEY = "client-test-not-a-key"
KEYS = ("gsk_test-not-a-key-1", "gsk_test-not-a-key-2")
CATALOGUE = (files("hrd.core") / "catalogue.toml").read_text()
WITHIN_S = 2.5
"""When an edited file has been looked at, with the settings as they are."""

pytestmark = pytest.mark.usefixtures("virtual_time")


class House:
    """A home with its files, and whatever outlives the daemons in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.disk = Disk()
        self.slept_s = 0.0
        """By how much wall time has outrun the monotonic clock."""

    def now(self) -> float:
        return EPOCH + trio.current_time() + self.slept_s

    def write_dotenv(self, **settings: str) -> None:
        kept = {"PROXY_API_KEYS": KEY, "PORT": "0", "LOG_LEVEL": "CRITICAL"} | settings
        path = self.home / ".env.new"
        path.touch(0o600)
        path.write_text("".join(f"{name}={value}\n" for name, value in kept.items()))
        path.rename(self.home / ".env")

    @asynccontextmanager
    async def open(self, **settings: str) -> AsyncIterator["Resident"]:
        """A daemon, from ready to its end; *settings* are written to `.env` before."""
        if settings:
            self.write_dotenv(**settings)
        places = Places(config=str(self.home), state=str(self.home), runtime=str(self.home))
        configuration = Configuration(places, {}, CATALOGUE)
        assert configuration.reload(), configuration.troubles
        store = MemoryStore(self.disk, self.now)
        lock = take_lock(self.home / "hrd.lock", os.getpid())
        assert isinstance(lock, Lock)
        process = Process(pid=os.getpid(), started=self.now())
        around = Surroundings(process=process, environ={}, lock=lock, notify=Notify({}, os.getpid()), schema=0)
        daemon = Daemon(configuration, store, store.load(self.now()), around, now=self.now, demo_wanted=False)
        is_ready = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(daemon.run, lambda _: is_ready.set())
            await is_ready.wait()
            try:
                yield Resident(daemon, self.home)
            finally:
                daemon.stop()
                daemon.stop()
                lock.release()


class Resident:
    """A daemon that serves."""

    def __init__(self, daemon: Daemon, home: Path) -> None:
        self.daemon = daemon
        self._home = home

    @property
    def port(self) -> int:
        return int(self.daemon.facts().endpoint.rpartition(":")[2])

    async def chat(self, model: str = "hermes-router", **fields: Any) -> Reply:
        async with await trio.open_tcp_stream("127.0.0.1", self.port) as stream:
            body = {"model": model, "messages": [{"role": "user", "content": "hi"}], **fields}
            return await Client(stream).ask(body, key=KEY)

    async def answers_at(self, port: int) -> bool:
        try:
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                return (await Client(stream).ask(b"", key=KEY, path="/v1/chat/completions")).status == 400
        except OSError:
            return False

    async def control(self, method: str, path: str, body: bytes = b"") -> Any:
        """What a route of the control socket answers."""
        async with await trio.open_unix_socket(str(self._home / "control.sock")) as stream:
            head = f"{method} {path} HTTP/1.1\r\nhost: hrd\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
            client = Client(stream)  # type: ignore[arg-type]
            await client.send(head.encode() + body)
            reply = await client.reply(method)
            assert reply.status == 200, reply.body
            return reply.json


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def groq(upstream: Upstream, keys: int = 1, **more: str) -> dict[str, str]:
    """Settings by which *upstream* is Groq."""
    named = {"GROQ_BASE_URL": upstream.base_url, "GROQ_API_KEYS": ",".join(KEYS[:keys]), "GROQ_MODEL": "model-x"}
    return named | more


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


async def test_bounds_of_the_way_to_providers_change_while_it_lives(house: House) -> None:
    async with Upstream(says("one")) as one, house.open(**groq(one)) as resident:
        for _ in range(2):
            await resident.chat()
        house.write_dotenv(**groq(one, MAX_UPSTREAM_IDLE="0", REQUEST_LOG_SIZE="0"))
        await trio.sleep(WITHIN_S)
        for _ in range(2):
            await resident.chat()
        assert [asked.connection == 1 for asked in one.asked] == [True, True, True, False]
        assert len((await resident.control("GET", "/v1/logs"))["exchanges"]) == 2


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


async def test_the_control_socket_is_given_to_a_group_and_taken_back(house: House) -> None:
    group = 4242 if os.geteuid() == 0 else os.getgroups()[0]
    path = house.home / "control.sock"
    async with house.open(PORT="0") as resident:
        own = path.stat().st_gid
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        house.write_dotenv(CONTROL_GROUP=str(group))
        await trio.sleep(WITHIN_S)
        assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_gid) == (0o660, group)
        assert (await resident.control("GET", "/v1/version"))["pid"] == os.getpid()
        house.write_dotenv()
        await trio.sleep(WITHIN_S)
        assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_gid) == (0o600, own)
    assert not path.exists()


# the machine sleeps ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("slept_s", "are_kept"), [(0.0, True), (29.0, True), (31.0, False)])
async def test_after_a_sleep_idle_connections_are_not_trusted(house: House, slept_s: float, are_kept: bool) -> None:
    async with Upstream(says("one")) as one, house.open(**groq(one)) as resident:
        await resident.chat()
        house.slept_s = slept_s
        await trio.sleep(LOOK_AT_CLOCKS_S + 0.5)
        await resident.chat()
        first, second = one.asked
        assert (first.connection == second.connection) is are_kept


# whose account a key is -------------------------------------------------------------------------------------------------------


def over(kind: str, again: str) -> Status:
    where = "Rate limit reached for model `model-x` in organization `org_test` service tier `on_demand` on "
    return refused(429, f"{where}{kind}: Limit 30, Used 30, Requested 1. Please try again in {again}.", type="requests")


async def accounts(resident: Resident) -> list[tuple[str, str]]:
    return [(row["account"], row["account_by"]) for row in (await resident.control("GET", "/v1/auth"))["credentials"]]


async def test_keys_of_one_account_share_its_limits_from_when_the_provider_names_it(house: House) -> None:
    """Two refusals name the organisation; from then on, and after a restart, a used-up day of one key is the other's too."""
    minute, day = over("requests per minute (RPM)", "2s"), over("tokens per day (TPD)", "5h0m0s")
    async with Upstream([minute, minute, says("one"), day]) as one:
        async with house.open(**groq(one, keys=2, MAX_WAIT_SECONDS="5")) as resident:
            assert await accounts(resident) == [("", ""), ("", "")]
            assert (await resident.chat()).text == "one"
            await trio.sleep(FLUSH_S + 0.5)
            assert await accounts(resident) == [("org_test", "provider")] * 2
            await resident.control("POST", "/v1/reset", b'{"all": true}')
            asked_before = len(one.asked)
            reply = await resident.chat()
            assert (reply.status, len(one.asked) - asked_before) == (429, 1)
            assert "quota" in reply.error["message"]
        async with house.open() as resident:
            assert await accounts(resident) == [("org_test", "provider")] * 2
            await resident.control("POST", "/v1/reset", b'{"all": true}')
            asked_before = len(one.asked)
            assert ((await resident.chat()).status, len(one.asked) - asked_before) == (429, 1)


async def test_keys_of_which_nothing_is_known_have_accounts_of_their_own(house: House) -> None:
    """The other side of the same coin: without a name both are asked."""
    day = refused(429, "Rate limit reached on tokens per day (TPD): Limit 9, Used 9. Please try again in 5h0m0s.")
    async with Upstream(day) as one, house.open(**groq(one, keys=2)) as resident:
        assert ((await resident.chat()).status, len(one.asked)) == (429, 2)
        await trio.sleep(FLUSH_S + 0.5)
        assert await accounts(resident) == [("", ""), ("", "")]


# what providers list --------------------------------------------------------------------------------------------------------


def listed(one: Upstream) -> int:
    """How often its list was read."""
    return sum(asked.method == "GET" for asked in one.seen)


async def test_a_model_that_only_its_providers_list_knows_is_found_by_name_and_never_chosen(house: House) -> None:
    async with (
        Upstream(says("groq"), models=["model-x", "only-listed"]) as one,
        Upstream(says("mistral"), models=["model-y", "only-here"]) as two,
    ):
        settings = {"MISTRAL_BASE_URL": two.base_url, "MISTRAL_API_KEY": "test-not-a-key-4", "MISTRAL_MODEL": "model-y"}
        async with house.open(**groq(one, ROTATION_MODE="sequential"), **settings) as resident:
            assert listed(one) == 0, "the first requests come first"
            await resident.chat("only-listed")
            assert one.asked[-1].model == "model-x", "not known yet: the router chooses"
            await trio.sleep(DELAY_S + 0.5)
            for name, text in (("only-listed", "groq"), ("only-here", "mistral")):
                reply = await resident.chat(name)
                assert (reply.text, reply.headers["x-hermes-model"]) == (text, name)
            assert (one.asked[-1].model, two.asked[-1].model) == ("only-listed", "only-here")
            for name in ("hermes-router", "nobody-has-this", "groq"):
                await resident.chat(name)
                assert one.asked[-1].model == "model-x"
            one.turn_to(refused(429, "slow down", [("retry-after", "900")]))
            assert (await resident.chat()).headers["x-hermes-model"] == "model-y"
            two.turn_to(refused(429, "slow down", [("retry-after", "900")]))
            before = len(one.asked) + len(two.asked)
            assert (await resident.chat()).status == 429
            assert {asked.model for asked in (*one.asked, *two.asked)[before:]} <= {"model-x", "model-y"}
            found = (await resident.control("GET", "/v1/models?provider=groq"))["providers"][0]
            assert found["discovered_at"] == pytest.approx(EPOCH + DELAY_S, abs=1)
            assert [(row["name"], row["place"]) for row in found["models"]][:1] == [("model-x", 1)]
            assert ("only-listed", None) in [(row["name"], row["place"]) for row in found["models"]]


async def test_lists_outlive_the_process_and_are_read_again_when_they_are_old(house: House) -> None:
    async with Upstream(says("groq"), models=["model-x", "only-listed"]) as one:
        async with house.open(**groq(one, DISCOVERY_SECONDS="600")):
            await trio.sleep(DELAY_S + 0.5)
            assert listed(one) == 1
        async with house.open() as resident:
            await resident.chat("only-listed")
            assert one.asked[-1].model == "only-listed", "known from the start"
            await trio.sleep(590 - trio.current_time())
            assert listed(one) == 1
            await trio.sleep(20 + CHECK_S)
            assert listed(one) == 2
