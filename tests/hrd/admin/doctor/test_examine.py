"""hr doctor as a whole: over the control socket of a daemon that runs, and of one that does not."""

from pathlib import Path

import trio

from hrd.admin.doctor.examine import examine_at_rest, examine_broken
from hrd.admin.wire.doctor import DOCTOR, Diagnosis, FindingState
from hrd.core.facts import Failed
from hrd.core.failures import Failure, Verdict
from tests.hrd.admin.conftest import GROQ_1, GROQ_2
from tests.hrd.admin.doctor.test_ways import connected
from tests.hrd.world import NOTHING, World, demo

PASSWORD = "test-not-a-password-1"


def messages(diagnosis: Diagnosis, subject: str) -> list[tuple[str, str]]:
    return [(one.state, one.message) for one in diagnosis.findings if one.subject == subject]


async def test_a_daemon_that_runs(world: World, names: None) -> None:
    world.reachable = {"groq.test"}
    found = await world.ask(DOCTOR, NOTHING)
    assert (found.running, found.host, found.port) == (True, "127.0.0.1", 8319)
    assert list(dict.fromkeys(one.subject for one in found.findings)) == [
        "program",
        "clock",
        "disk",
        "settings",
        "permissions",
        "socket",
        "port",
        "database",
        "keys",
        "proxies",
        "reach",
    ]
    assert [state for state, _ in messages(found, "reach")] == [FindingState.OK, FindingState.PROBLEM]
    assert messages(found, "keys") == [(FindingState.OK, "all look right: groq 2, openrouter 1")]


async def test_a_key_that_its_provider_has_rejected_is_told(world: World, names: None) -> None:
    for _ in range(2):
        claim = world.claim("groq")
        world.apply(Failed(claim=claim, failure=Failure(verdict=Verdict.REJECTED, message="no")))
    found = messages(await world.ask(DOCTOR, NOTHING), "keys")
    assert sorted(found) == [
        (FindingState.PROBLEM, f"{one} cannot be asked: the provider has rejected it") for one in sorted([GROQ_1, GROQ_2])
    ]


async def test_a_key_that_is_asked_too_often_is_no_finding(world: World, names: None) -> None:
    for _ in range(2):
        world.apply(Failed(claim=world.claim("groq"), failure=Failure(verdict=Verdict.RATE_LIMITED, message="slow down")))
    assert messages(await world.ask(DOCTOR, NOTHING), "keys") == [(FindingState.OK, "all look right: groq 2, openrouter 1")]


async def test_files_that_do_not_exist_are_not_said_to_be_good(world: World, names: None) -> None:
    folder = world.folder
    assert messages(await world.ask(DOCTOR, NOTHING), "settings") == [
        (
            FindingState.OK,
            f"good: read from {folder}/.env and {folder}/auth.json; {folder}/config.toml does not exist, and need not",
        )
    ]


async def test_what_is_wrong_with_the_files_now_is_told(world: World, names: None) -> None:
    world.write("config.toml", "nonsense")
    world.configuration.reload()
    ((state, message),) = messages(await world.ask(DOCTOR, NOTHING), "settings")
    assert state == FindingState.PROBLEM
    assert message.startswith("not taken, the last good ones hold: ")


async def test_no_secret_is_in_it(tmp_path: Path, nursery: trio.Nursery, names: None) -> None:
    dotenv = f"HTTPS_PROXY=http://me:{PASSWORD}@proxy.example:3128\nGROQ_API_KEY=gsk_test-not-a-key-1\n"
    world = World(tmp_path, dotenv=dotenv)
    await world.open(nursery)
    found = await world.ask(DOCTOR, NOTHING)
    assert messages(found, "proxies") == [(FindingState.OK, "groq by way of proxy.example:3128")]
    assert PASSWORD not in str(found)
    assert "gsk_" not in str(found)
    assert {f"me:{PASSWORD}", PASSWORD} <= {secret.reveal() for secret in world.configuration.secrets()}


async def test_the_demo_is_said_to_be_one(tmp_path: Path, nursery: trio.Nursery, names: None) -> None:
    world = World(tmp_path)
    world.demo = demo()
    world.changed()
    await world.open(nursery)
    found = await world.ask(DOCTOR, NOTHING)
    assert messages(found, "keys") == [(FindingState.WARNING, "the demo answers: no provider has a key yet")]
    assert messages(found, "reach") == []


async def test_one_that_does_not_run(tmp_path: Path, names: None) -> None:
    world = World(tmp_path, dotenv="PORT=0\n", auth={"providers": {"groq": ["gsk_test-not-a-key-1"]}})
    found = await examine_at_rest(world.configuration, world.pool.roster, connected, world.now)
    assert not found.running
    assert messages(found, "port") == [(FindingState.OK, "127.0.0.1 port 0 is free")]
    assert messages(found, "database") == [(FindingState.OK, f"{tmp_path}/hrd.db is made at the first start")]
    assert [state for state, _ in messages(found, "reach")] == [FindingState.OK]


def test_settings_that_cannot_be_used() -> None:
    found = examine_broken(("PORT = x (.env): a whole number",), 1_795_003_200.0)
    assert messages(found, "settings") == [(FindingState.PROBLEM, "PORT = x (.env): a whole number")]


async def test_nothing_is_changed_by_looking(world: World, names: None) -> None:
    before = {path.name: path.read_bytes() for path in world.folder.iterdir() if path.is_file()}
    await world.ask(DOCTOR, NOTHING)
    assert {path.name: path.read_bytes() for path in world.folder.iterdir() if path.is_file()} == before
