"""hr usage: what was spent, of all or of one client key."""

import msgspec
import pytest

from hrd.admin import usage as usage_of_router
from hrd.admin.usage import usage_of
from hrd.admin.wire.usage import USAGE, Usage, UsageQuestion
from hrd.settings import Settings, read_settings
from hrd.store.contract import StoreHealth, StoreUnreadableError, UsageRow
from hrd.store.contract import UsageQuestion as StoreQuestion
from tests.hrd.admin.conftest import LAPTOP
from tests.hrd.store.samples import ANSWERED, answered, refused
from tests.hrd.world import NOON, World

DAY = 86400.0


@pytest.fixture
def busy(world: World) -> World:
    rows = [
        answered("req-1", at=NOON, client=LAPTOP),
        answered("req-2", at=NOON, client="client-00000002"),
        answered("req-3", at=NOON - 3 * DAY, client=LAPTOP),
        refused("req-4", at=NOON),
    ]
    world.store.commit_nowait(rows)
    return world


async def test_everything_is_added_up_and_keys_have_their_names(busy: World) -> None:
    found = await busy.ask(USAGE, UsageQuestion())
    assert (found.totals.requests, found.totals.errors, found.totals.input_tokens, found.totals.output_tokens) == (
        4,
        1,
        300,
        150,
    )
    assert not found.cut
    names = {(row.client, row.client_name) for row in found.rows}
    assert (LAPTOP, "laptop") in names
    assert ("client-00000002", "") in names
    assert {row.day for row in found.rows} == {"2026-11-18", "2026-11-15"}


async def test_from_a_day_on(busy: World) -> None:
    found = await busy.ask(USAGE, UsageQuestion(since="2026-11-16"))
    assert (found.totals.requests, found.totals.input_tokens) == (3, 200)


@pytest.mark.parametrize("client", ["laptop", LAPTOP])
async def test_of_one_client_key_by_name_or_fingerprint(busy: World, client: str) -> None:
    found = await busy.ask(USAGE, UsageQuestion(client=client))
    assert (found.totals.requests, {row.client for row in found.rows}) == (2, {LAPTOP})


async def test_of_a_key_that_was_revoked_long_ago(busy: World) -> None:
    found = await busy.ask(USAGE, UsageQuestion(client="client-00000002"))
    assert found.totals.requests == 1


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "18.11.2026", "2026-11-18T00:00"])
async def test_what_is_not_a_day_is_refused(busy: World, since: str) -> None:
    status, problem = await busy.refused(USAGE, UsageQuestion(since=since))
    assert (status, problem.message) == (400, "since is a day, such as 2026-11-01")


async def test_an_unknown_client_key_is_told(busy: World) -> None:
    status, problem = await busy.refused(USAGE, UsageQuestion(client="nobody"))
    assert (status, problem.hint) == (404, "see: hr key list")


async def test_what_waits_in_memory_is_said_to_be_missing(busy: World) -> None:
    assert (await busy.ask(USAGE, UsageQuestion())).unwritten == ""
    busy.disk.is_writable = False
    busy.store.commit_nowait([answered("req-5", at=NOON)])
    found = await busy.ask(USAGE, UsageQuestion())
    assert found.totals.requests == 4
    assert found.unwritten.startswith("what is newest is missing here: ")


DEFAULTS = read_settings({}, None, None)
assert isinstance(DEFAULTS, Settings)


class Hoard:
    """A store with more rows than an answer holds, or with none that can be read."""

    def __init__(self, rows: int | None) -> None:
        self._rows = rows

    async def usage(self, question: StoreQuestion) -> list[UsageRow]:
        if self._rows is None:
            raise StoreUnreadableError("disk I/O error")
        row = UsageRow(
            provider="groq",
            model="small",
            credential="groq-1",
            client="client-1",
            day="2026-11-18",
            requests=1,
            errors=0,
            input_tokens=2,
            output_tokens=3,
            cost_microusd=4,
        )
        return [row] * min(self._rows, question.rows_max)

    def health(self) -> StoreHealth:
        return StoreHealth(state="ok")


async def test_an_answer_that_is_cut_says_so() -> None:
    found = await usage_of(Hoard(20_000), UsageQuestion(), client="", names={}, settings=DEFAULTS)  # type: ignore[arg-type]
    assert isinstance(found, Usage)
    assert (found.cut, len(found.rows), found.totals.cost_microusd) == (True, 10_000, 40_000)


async def test_a_database_that_cannot_be_read_is_told() -> None:
    found = await usage_of(Hoard(None), UsageQuestion(), client="", names={}, settings=DEFAULTS)  # type: ignore[arg-type]
    assert found == usage_of_router.Denied(503, "the database cannot be read: disk I/O error", "see how it does: hr status")


async def test_sessions_are_asked_for_apart(busy: World) -> None:
    entry = msgspec.structs.replace(ANSWERED, session="run 7", client=LAPTOP, at=NOON, cost_microusd=None)
    busy.store.commit_nowait([entry, entry])
    found = await busy.ask(USAGE, UsageQuestion(by_session=True))
    assert [(row.session, row.client_name, row.requests, row.unpriced) for row in found.rows] == [("run 7", "laptop", 2, 2)]
    assert found.totals.unpriced == 2


async def test_a_second_currency_goes_along_if_its_rate_is_known(busy: World) -> None:
    assert (await busy.ask(USAGE, UsageQuestion())).currency == ""
    busy.write(".env", "COST_CURRENCY=EUR\nCOST_FX_RATE=0.9")
    assert busy.configuration.reload()
    found = await busy.ask(USAGE, UsageQuestion())
    assert (found.currency, found.fx_rate) == ("EUR", 0.9)
