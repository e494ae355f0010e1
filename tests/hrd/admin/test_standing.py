"""Standing: what a credential can do, out of everything that may hinder it."""

import msgspec
import pytest

from hrd.admin.standing import Hindrance, Hindrances, Standing, candidates_of
from hrd.core.blocks import Block
from hrd.core.facts import Committed
from hrd.core.failures import HintSource, Observation, WindowKind
from hrd.core.snapshot import PoolSnapshot
from hrd.upstream.accounts.accounts import Lapse
from tests.hrd.admin.conftest import GROQ_1, GROQ_2
from tests.hrd.world import NOON, World


def block(scope: str, reason: str, until: float) -> Block:
    return Block(scope=scope, reason=reason, source=HintSource.HEADER, set_at=NOON - 5, until=until)


def blocked(world: World, *blocks: Block, probing: frozenset[str] = frozenset()) -> PoolSnapshot:
    return msgspec.structs.replace(world.pool.snapshot(NOON), blocks=blocks, probing=probing)


def standing(snapshot: PoolSnapshot) -> Standing:
    credential = snapshot.roster.credentials["groq"][0]
    assert credential.fingerprint == GROQ_1
    return Hindrances(snapshot, NOON).standing_of(credential, candidates_of(snapshot, "groq"))


@pytest.mark.parametrize(
    ("scope", "reason", "state"),
    [
        (f"credential:{GROQ_1}", "rejected", "rejected"),
        (f"credential:{GROQ_1}", "dead", "dead"),
        ("account:groq/me", "credits", "no credit"),
        ("account:groq/me", "quota", "cooling"),
        ("free:groq/me", "credits", "no credit"),
        ("endpoint:https://groq.test/v1", "breaker", "cooling"),
        ("provider:groq", "gone", "dead"),
    ],
)
async def test_a_block_that_stops_every_model_stops_the_key(world: World, scope: str, reason: str, state: str) -> None:
    assert standing(blocked(world, block(scope, reason, NOON + 60))) == Standing(state, reason, NOON + 60)


@pytest.mark.parametrize("scope", ["paid:groq/me", "account:groq/other", "credential:groq-00000000", "provider:mistral"])
async def test_a_block_on_somebody_else_does_not(world: World, scope: str) -> None:
    assert standing(blocked(world, block(scope, "quota", NOON + 60))) == Standing("ready")


async def test_a_block_that_is_over_hinders_only_while_a_probe_is_out(world: World) -> None:
    scope = f"credential:{GROQ_1}"
    over = block(scope, "rejected", NOON - 1)
    assert standing(blocked(world, over)) == Standing("ready")
    assert standing(blocked(world, over, probing=frozenset({scope}))) == Standing("probing", "probing")
    limited = block(scope, "rate limit", NOON - 1)
    assert standing(blocked(world, limited, probing=frozenset({scope}))) == Standing("ready"), "nobody waits for that"


async def test_the_longest_block_of_a_candidate_is_told_and_the_soonest_end_of_a_key(world: World) -> None:
    rows = (
        block(f"candidate:{GROQ_1}/small", "rate limit", NOON + 10),
        block(f"candidate:{GROQ_1}/small", "errors", NOON + 30),
        block("model:groq/large", "model", NOON + 90),
    )
    snapshot = blocked(world, *rows)
    assert Hindrances(snapshot, NOON).of(candidates_of(snapshot, "groq")[0].scopes) == Hindrance("errors", NOON + 30)
    assert standing(snapshot) == Standing("cooling", "errors", NOON + 30)


async def test_an_empty_window_cools_a_key_until_it_is_full_again(world: World) -> None:
    seen = (Observation(kind=WindowKind.REQUESTS_DAY, limit=10, left=0, resets_at=NOON + 3600),)
    world.write(".env", "ROTATION_MODE=sequential\n")
    world.configuration.reload()
    world.changed()
    world.apply(Committed(claim=world.claim("groq"), latency_ms=1.0, observations=seen))
    assert standing(world.pool.snapshot(NOON)) == Standing("cooling", "window", NOON + 3600)


@pytest.mark.parametrize(
    ("limit", "found"),
    [
        ('{ kind = "requests/day", limit = 1 }', Standing("cooling", "your limit", NOON + 12 * 3600 + 1)),
        ('{ kind = "at once", limit = 1 }', Standing("busy", "in flight", NOON + 1)),
    ],
)
async def test_what_the_user_allows_is_told_as_such_and_what_is_out_is_no_quota(
    world: World, limit: str, found: Standing
) -> None:
    world.write("config.toml", f'[providers.groq]\nlimits = [{{ kind = "requests/minute", limit = 9 }}, {limit}]\n')
    world.write(".env", "ROTATION_MODE=sequential\nGROQ_MODEL=small\n")
    world.configuration.reload()
    world.changed()
    world.claim("groq")
    assert standing(world.pool.snapshot(NOON)) == found


async def test_a_provider_that_is_not_asked_has_no_candidates(world: World) -> None:
    assert candidates_of(world.pool.snapshot(NOON), "mistral") == ()
    asked = [(one.model, one.credential.fingerprint) for one in candidates_of(world.pool.snapshot(NOON), "groq")]
    assert sorted(asked) == sorted((model, key) for model in ("small", "large") for key in (GROQ_1, GROQ_2))


async def test_a_provider_that_only_embeds_stands_by_its_wider_scopes(world: World) -> None:
    world.write(".env", "GROQ_EXCLUDE_MODELS=small,large\n")
    world.configuration.reload()
    world.changed()
    assert standing(blocked(world)) == Standing("ready")
    snapshot = blocked(world, block("account:groq/me", "quota", NOON + 60))
    assert standing(snapshot) == Standing("cooling", "quota", NOON + 60)


async def test_an_account_whose_renewal_failed_is_not_ready(world: World) -> None:
    snapshot = world.pool.snapshot(NOON)
    credential = snapshot.roster.credentials["groq"][0]
    lapse = Lapse(credential.fingerprint, "login not renewed", None, NOON + 30)
    told = Hindrances(snapshot, NOON, [lapse]).standing_of(credential, candidates_of(snapshot, "groq"))
    assert told == Standing("cooling", "login not renewed", NOON + 30)
