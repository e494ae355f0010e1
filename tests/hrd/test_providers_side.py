"""The providers' side of a daemon: its bounds, whose accounts keys are, and which models are listed."""

import pytest
import trio

from hrd.daemon import FLUSH_S
from hrd.upstream.lookups import CHECK_S, DELAY_S
from hrd.waking import CHECK_S as LOOK_AT_CLOCKS_S
from tests.hrd.house import EPOCH, WITHIN_S, House, Resident, groq
from tests.scenarios.failing import refused, says
from tests.upstreams import Status, Upstream

pytestmark = pytest.mark.usefixtures("virtual_time")


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
