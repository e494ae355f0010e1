"""hr key: what programs show to the router is made, listed and revoked."""

from pathlib import Path

import pytest
import trio

from hrd.admin.keys import client_names
from hrd.admin.wire.keys import (
    KEY_CREATE,
    KEY_REVOKE,
    KEYS,
    KeyCreate,
    KeyLimits,
    KeyRevoke,
    KeysQuestion,
)
from hrd.core.secrets import fingerprint
from tests.hrd.admin.conftest import AUTH, LAPTOP, SCRIPT
from tests.hrd.world import World


def opens(world: World, key: str) -> bool:
    return world.assembled.doorkeeper.caller_of(b"Bearer " + key.encode(), None) is not None


async def test_keys_are_listed_by_fingerprint_with_where_they_stand(world: World) -> None:
    found = await world.ask(KEYS, KeysQuestion())
    assert [(one.fingerprint, one.name, one.source, one.limits.rpm, one.key) for one in found.keys] == [
        (LAPTOP, "laptop", "auth.json", 10, None),
        (SCRIPT, "", ".env", 0, None),
    ]
    assert found.path == str(world.folder / "auth.json")


async def test_keys_are_shown_only_when_asked_for(world: World) -> None:
    found = await world.ask(KEYS, KeysQuestion(reveal=True))
    assert [one.key for one in found.keys] == ["sk-router-test-not-a-key-4", "script-test-not-a-key-5"]
    assert b"not-a-key" not in (await world.http("GET", "/v1/keys")).body


async def test_a_made_key_opens_at_once_with_its_limits(world: World) -> None:
    limits = KeyLimits(
        rpm=5, cost_per_day=0.5, allowed_providers=("GROQ", "or", "groq"), local_only=True, cost_policy="free-only"
    )
    made = await world.ask(KEY_CREATE, KeyCreate(name=" ci ", limits=limits))
    assert (made.name, made.key[:10], len(made.key)) == ("ci", "sk-router-", 42)
    assert made.fingerprint == fingerprint("client", made.key)
    caller = world.assembled.doorkeeper.caller_of(None, made.key.encode())
    assert caller is not None
    assert (caller.name, caller.allowed_providers, caller.local_only, caller.cost_policy) == (
        "ci",
        ("groq", "openrouter"),
        True,
        "free-only",
    )
    assert client_names(world.configuration) == {LAPTOP: "laptop", made.fingerprint: "ci"}


async def test_two_made_keys_are_two(world: World) -> None:
    one = await world.ask(KEY_CREATE, KeyCreate(name="one"))
    two = await world.ask(KEY_CREATE, KeyCreate(name="two"))
    assert one.key != two.key


@pytest.mark.parametrize(
    ("ask", "status", "said"),
    [
        (KeyCreate(name=""), 400, "a name is one line"),
        (KeyCreate(name="x" * 65), 400, "a name is one line"),
        (KeyCreate(name="two\nlines"), 400, "a name is one line"),
        (KeyCreate(name="client-1a2b3c4d"), 400, "a name is one line"),
        (KeyCreate(name="laptop"), 409, "there is a client key named 'laptop' already"),
        (
            KeyCreate(name="ci", limits=KeyLimits(rpm=-1)),
            400,
            "a ceiling is a number from 0 to 1,000,000,000,000,000; 0 is none",
        ),
        (
            KeyCreate(name="ci", limits=KeyLimits(tokens_per_day=10**16)),
            400,
            "a ceiling is a number from 0 to 1,000,000,000,000,000; 0 is none",
        ),
        (KeyCreate(name="ci", limits=KeyLimits(cost_per_day=1e-7)), 400, "a ceiling of costs is 0.000001 dollars or more"),
        (KeyCreate(name="ci", limits=KeyLimits(cost_policy="cheap")), 400, "a cost policy is one of"),
        (KeyCreate(name="ci", limits=KeyLimits(allowed_providers=("groc",))), 404, "there is no provider 'groc'"),
    ],
)
async def test_what_cannot_be_made_changes_nothing(world: World, ask: KeyCreate, status: int, said: str) -> None:
    before = world.read("auth.json")
    found, problem = await world.refused(KEY_CREATE, ask)
    assert (found, problem.message.startswith(said)) == (status, True), problem
    assert world.read("auth.json") == before


@pytest.mark.parametrize("which", ["laptop", LAPTOP])
async def test_a_revoked_key_opens_nothing_any_more(world: World, which: str) -> None:
    assert opens(world, "sk-router-test-not-a-key-4")
    done = await world.ask(KEY_REVOKE, KeyRevoke(which=which))
    assert (done.fingerprint, done.name, done.left) == (LAPTOP, "laptop", 1)
    assert not opens(world, "sk-router-test-not-a-key-4")
    assert opens(world, "script-test-not-a-key-5")


async def test_a_key_of_the_settings_is_not_ours_to_revoke(world: World) -> None:
    status, problem = await world.refused(KEY_REVOKE, KeyRevoke(which=SCRIPT))
    assert (status, problem.message) == (409, f"{SCRIPT} stands in PROXY_API_KEYS of .env")
    assert problem.hint == f"take it out of {world.folder / '.env'}"
    assert opens(world, "script-test-not-a-key-5")


async def test_a_key_of_the_environment_is_changed_where_the_daemon_is_started(tmp_path: Path, nursery: trio.Nursery) -> None:
    world = World(tmp_path, auth=AUTH, environ={"PROXY_API_KEYS": "sk-router-test-not-a-key-4"})
    await world.open(nursery)
    status, problem = await world.refused(KEY_REVOKE, KeyRevoke(which="laptop"))
    assert (status, problem.hint) == (409, "change it where hrd is started, and restart hrd")
    assert "sk-router-test-not-a-key-4" in world.read("auth.json"), "revoking one of two places would be a false comfort"


@pytest.mark.parametrize("which", ["", "nobody", "client-00000000"])
async def test_a_key_that_is_not_there_cannot_be_revoked(world: World, which: str) -> None:
    status, problem = await world.refused(KEY_REVOKE, KeyRevoke(which=which))
    assert (status, problem.hint) == (404, "see: hr key list")
