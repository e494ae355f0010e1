"""hr quota: what is left, what is blocked, by scope."""

import pytest

from hrd.admin.quota import title_of
from hrd.admin.wire.quota import QUOTA
from hrd.core.facts import Committed, Failed
from hrd.core.failures import Failure, HintSource, Observation, Verdict, WindowKind
from tests.hrd.admin.conftest import GROQ_1, GROQ_2
from tests.hrd.world import NOON, NOTHING, World


async def test_a_router_that_knows_nothing_says_nothing(world: World) -> None:
    found = await world.ask(QUOTA, NOTHING)
    assert (found.now, found.scopes) == (NOON, ())


async def test_windows_stand_with_their_scope_as_the_provider_said_less_what_was_reserved(world: World) -> None:
    world.write(".env", "ROTATION_MODE=sequential\n")
    world.configuration.reload()
    world.changed()
    seen = (
        Observation(kind=WindowKind.REQUESTS_DAY, limit=1000, left=400, resets_at=NOON + 3600),
        Observation(kind=WindowKind.TOKENS_MINUTE, limit=6000, left=5000),
    )
    world.apply(Committed(claim=world.claim("groq:small"), latency_ms=20.0, observations=seen))
    world.claim("groq:small")
    found = await world.ask(QUOTA, NOTHING)
    assert [(scope.scope, scope.title) for scope in found.scopes] == [("account:groq/me", "account me at groq")]
    day, minute = found.scopes[0].windows
    assert (day.kind, day.limit, day.left, day.resets_at, day.source, day.seen_at) == (
        "requests/day",
        1000,
        399,
        NOON + 3600,
        "header",
        NOON,
    )
    assert (minute.kind, minute.left, minute.resets_at) == ("tokens/minute", 5000 - 512, NOON + 60)
    world.now = NOON + 61
    found = await world.ask(QUOTA, NOTHING)
    assert [(window.kind, window.left) for window in found.scopes[0].windows] == [
        ("requests/day", 399),
        ("tokens/minute", 6000),
    ]


async def test_blocks_stand_with_reason_word_and_end_until_they_are_over(world: World) -> None:
    claim = world.claim("groq:large")
    failure = Failure(verdict=Verdict.RATE_LIMITED, message="slow down", until=NOON + 30, source=HintSource.HEADER)
    world.apply(Failed(claim=claim, failure=failure))
    found = await world.ask(QUOTA, NOTHING)
    mark = claim.candidate.credential.fingerprint
    assert [(one.scope, one.title) for one in found.scopes] == [(f"candidate:{mark}/large", f"large with {mark}")]
    block = found.scopes[0].blocks[0]
    assert (block.reason, block.source, block.until, block.message) == ("rate limit", "header", NOON + 30, "slow down")
    world.now = NOON + 31
    assert not (await world.ask(QUOTA, NOTHING)).scopes


@pytest.mark.parametrize(
    ("scope", "title"),
    [
        (f"candidate:{GROQ_1}/openai/gpt-oss-120b", f"openai/gpt-oss-120b with {GROQ_1}"),
        (f"credential:{GROQ_1}", GROQ_1),
        (f"account:groq/{GROQ_1}", GROQ_1),
        ("account:groq/org_1", "account org_1 at groq"),
        (f"paid:openrouter/{GROQ_2}", f"paid models of account {GROQ_2} at openrouter"),
        ("free:openrouter/me", "free models of account me at openrouter"),
        ("accountmodel:gemini/me/gemini-flash", "gemini-flash of account me at gemini"),
        ("model:groq/openai/gpt-oss-20b", "openai/gpt-oss-20b at groq, every key"),
        ("endpoint:https://groq.test/v1", "everything at https://groq.test/v1"),
        ("endpoint:https://groq.test/v1 small", "small at https://groq.test/v1"),
        ("model:groq/embed@embeddings", "embed (embeddings) at groq, every key"),
        ("endpoint:https://groq.test/v1 embed@embeddings", "embed (embeddings) at https://groq.test/v1"),
        ("provider:groq", "groq as a whole"),
        ("something new", "something new"),
    ],
)
def test_every_scope_has_words(scope: str, title: str) -> None:
    assert title_of(scope) == title
