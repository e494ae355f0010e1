"""hr why: one exchange in full."""

import msgspec
import pytest

from hrd.admin.why import explain
from hrd.admin.wire.journal import WHY, WhyQuestion
from hrd.core.journal import Entry, PassedOver
from hrd.store.contract import StoreUnreadableError
from tests.hrd.admin.conftest import LAPTOP
from tests.hrd.store.samples import answered, attempt
from tests.hrd.world import NOON, World

TRIED = msgspec.structs.replace(
    answered("req-0/1 2", client=LAPTOP),
    attempts=(attempt("rate limited", provider="mistral"), attempt()),
    order=("mistral/m#mistral-1", "groq/llama#groq-00000001"),
    passed_over=(
        PassedOver(candidate="openrouter/x#openrouter-1", why="credits", until=NOON + 60),
        PassedOver(candidate="local/y#local-1", why="the request is larger than its context"),
    ),
    waited_ms=1500.0,
    notes=("seed left out",),
)


async def test_order_attempts_and_who_was_passed_over_are_told_in_words(world: World) -> None:
    world.store.commit_nowait([answered(), TRIED])
    found = await world.ask(WHY, WhyQuestion(request_id="req-0/1 2"))
    one = found.exchange
    assert (found.now, one.request_id, one.client_name, one.waited_ms, one.notes) == (
        NOON,
        "req-0/1 2",
        "laptop",
        1500.0,
        ("seed left out",),
    )
    assert one.order == TRIED.order
    assert [(note.provider, note.outcome) for note in one.attempts] == [("mistral", "rate limited"), ("groq", "ok")]
    assert [(row.candidate, row.why, row.until) for row in one.passed_over] == [
        ("openrouter/x#openrouter-1", "its account has no credit", NOON + 60),
        ("local/y#local-1", "the request is larger than its context", None),
    ]


async def test_an_exchange_that_waits_for_the_disk_can_be_explained(world: World) -> None:
    world.disk.is_writable = False
    world.store.commit_nowait([answered("req-waiting")])
    assert (await world.ask(WHY, WhyQuestion(request_id="req-waiting"))).exchange.request_id == "req-waiting"


OTHER_VERSION = "hr may be of another version: hr restart has the installed one take over; all paths: docs/control.md"


@pytest.mark.parametrize("request_id", ["req-none", "", "../../etc/passwd"])
async def test_an_id_that_the_journal_does_not_have_is_told(world: World, request_id: str) -> None:
    status, problem = await world.refused(WHY, WhyQuestion(request_id=request_id))
    assert (status, problem.hint) == (404, "see the last ones: hr logs" if request_id else OTHER_VERSION)


class Broken:
    async def entry(self, request_id: str) -> Entry | None:
        raise StoreUnreadableError("disk I/O error")


async def test_a_database_that_cannot_be_read_is_told() -> None:
    found = await explain(WhyQuestion(request_id="req-1"), Broken(), {}, NOON)  # type: ignore[arg-type]
    assert getattr(found, "status", None) == 503
