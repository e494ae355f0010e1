"""hr reset: blocks are lifted by hand, and stay lifted after a restart."""

import pytest

from hrd.admin.wire.quota import RESET, ResetRequest
from hrd.core.facts import Failed
from hrd.core.failures import Failure, HintSource, Observation, Verdict, WindowKind
from tests.hrd.admin.conftest import GROQ_1, GROQ_2, OPENROUTER
from tests.hrd.world import NOON, World


@pytest.fixture
def blocked(world: World) -> World:
    for name in ("groq", "groq", "openrouter"):
        claim = world.claim(name)
        world.apply(Failed(claim=claim, failure=Failure(verdict=Verdict.REVOKED, message="revoked")))
    assert len(world.disk.blocks) == 3
    return world


async def test_a_provider_is_asked_again_at_once(blocked: World) -> None:
    done = await blocked.ask(RESET, ResetRequest(provider="Groq"))
    assert {(one.scope, one.reason) for one in done.lifted} == {
        (f"credential:{GROQ_1}", "dead"),
        (f"credential:{GROQ_2}", "dead"),
    }
    assert blocked.claim("groq").candidate.provider.name == "groq"
    assert list(blocked.disk.blocks) == [(f"credential:{OPENROUTER}", "dead")], "stored as well"
    assert blocked.releases == 1, "what was refused again and again is asked for anew"


async def test_one_credential_alone(blocked: World) -> None:
    done = await blocked.ask(RESET, ResetRequest(fingerprint=GROQ_2))
    assert [(one.scope, one.title) for one in done.lifted] == [(f"credential:{GROQ_2}", GROQ_2)]
    assert blocked.claim("groq").candidate.credential.fingerprint == GROQ_2


async def test_everything(blocked: World) -> None:
    assert len((await blocked.ask(RESET, ResetRequest(all=True))).lifted) == 3
    assert not blocked.disk.blocks


async def test_a_window_that_was_used_up_is_opened_and_named(world: World) -> None:
    claim = world.claim("groq")
    seen = (Observation(kind=WindowKind.TOKENS_DAY, limit=1000, left=0, resets_at=NOON + 7200, source=HintSource.BODY),)
    world.apply(Failed(claim=claim, failure=Failure(verdict=Verdict.RATE_LIMITED, message="slow down", seen=seen)))
    world.disk.blocks.clear()
    done = await world.ask(RESET, ResetRequest(provider="groq"))
    assert ("account:groq/me", "tokens/day used up") in {(one.scope, one.reason) for one in done.lifted}


async def test_what_is_over_already_is_forgotten_without_a_word(world: World) -> None:
    failure = Failure(verdict=Verdict.RATE_LIMITED, message="slow down", until=NOON + 5)
    world.apply(Failed(claim=world.claim("groq"), failure=failure))
    world.now = NOON + 6
    assert (await world.ask(RESET, ResetRequest(all=True))).lifted == ()
    assert not world.disk.blocks


@pytest.mark.parametrize(
    ("ask", "status", "said", "hint"),
    [
        (ResetRequest(), 400, "say what to reset: one provider, one fingerprint, or all", "see what is blocked: hr quota"),
        (
            ResetRequest(provider="groq", all=True),
            400,
            "say what to reset: one provider, one fingerprint, or all",
            "see what is blocked: hr quota",
        ),
        (ResetRequest(provider="grok"), 404, "there is no provider 'grok'", "did you mean groq?"),
        (
            ResetRequest(fingerprint="groq-00000000"),
            404,
            "there is no credential of that fingerprint",
            "see them: hr auth list",
        ),
    ],
)
async def test_what_is_not_there_cannot_be_reset(blocked: World, ask: ResetRequest, status: int, said: str, hint: str) -> None:
    found, problem = await blocked.refused(RESET, ask)
    assert (found, problem.message, problem.hint) == (status, said, hint)
    assert len(blocked.disk.blocks) == 3
