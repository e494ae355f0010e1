"""hr status, for those who run the router and for those who may only use it."""

import msgspec
import pytest
import trio

from hrd.admin.status import status_for_client
from hrd.admin.wire.auth import AUTH_REMOVE, AuthRemove
from hrd.admin.wire.status import STATUS, Status
from hrd.core.access import Caller
from hrd.core.facts import Ended, Failed
from hrd.core.failures import Failure, HintSource, Verdict
from hrd.core.journal import Usage, UsageSource
from tests.hrd.admin.conftest import GROQ_1, GROQ_2, OPENROUTER
from tests.hrd.world import NOON, NOTHING, PID, World


async def status(world: World) -> Status:
    return await world.ask(STATUS, NOTHING)


def groq_fails(world: World, verdict: Verdict, *, until: float | None = None, model: str = "groq:small") -> str:
    claim = world.claim(model)
    source = HintSource.GUESS if until is None else HintSource.HEADER
    world.apply(Failed(claim=claim, failure=Failure(verdict=verdict, message="no", until=until, source=source)))
    return claim.candidate.credential.fingerprint


async def test_a_router_at_rest_names_everybody_who_can_be_asked_and_who_lacks_a_key(world: World) -> None:
    found = await status(world)
    assert (found.version, found.pid, found.uptime_s, found.now) == ("9.9", PID, 90.0, NOON)
    assert (found.mode, found.endpoint, found.listening, found.draining) == ("parallel", "http://127.0.0.1:8319", True, False)
    assert (found.in_flight, found.connections, found.store.state, found.demo) == (2, 3, "ok", False)
    assert {one.name: one.state for one in found.providers} == {
        "groq": "ready",
        "openrouter": "ready",
        "mistral": "no key",
        "anthropic": "no key",
        "openai": "no key",
        "codex": "no key",
        "local": "no key",
    }, "a retired provider that nobody has a key for is not listed"
    groq = found.providers[0]
    assert [(one.fingerprint, one.label, one.account, one.source) for one in groq.credentials] == [
        (GROQ_1, "work", "me", "auth.json"),
        (GROQ_2, "", "", "auth.json"),
    ]
    assert groq.models == ("small", "large")
    assert (groq.learned["small"].tools, groq.learned["small"].context) == (True, 8192)
    assert "large" not in groq.learned


async def test_a_key_that_works_is_busy_and_what_it_did_today_is_counted(world: World) -> None:
    claim = world.claim("groq:small")
    groq = (await status(world)).providers[0]
    busy = next(one for one in groq.credentials if one.fingerprint == claim.candidate.credential.fingerprint)
    assert (busy.state, busy.in_flight, groq.in_flight) == ("busy", 1, 1)
    usage = Usage(input_tokens=100, output_tokens=20, source=UsageSource.KNOWN)
    world.apply(Ended(claim=claim, outcome="ok", usage=usage))
    groq = (await status(world)).providers[0]
    assert (groq.in_flight, groq.requests_today, groq.errors_today, groq.tokens_today) == (0, 1, 0, 120)


async def test_what_a_key_did_today_stays_with_its_provider_when_the_key_is_taken_out(world: World) -> None:
    usage = Usage(input_tokens=100, output_tokens=20, source=UsageSource.KNOWN)
    asked = []
    for _ in range(2):
        claim = world.claim("groq:small")
        asked.append(claim.candidate.credential.fingerprint)
        world.apply(Ended(claim=claim, outcome="ok", usage=usage))
    assert set(asked) == {GROQ_1, GROQ_2}
    await world.ask(AUTH_REMOVE, AuthRemove(fingerprint=GROQ_1))
    groq, openrouter = (await status(world)).providers[:2]
    assert [(one.fingerprint, one.requests_today) for one in groq.credentials] == [(GROQ_2, 1)]
    assert (groq.requests_today, groq.errors_today, groq.tokens_today) == (2, 0, 240)
    assert openrouter.requests_today == 0


async def test_a_rejected_key_is_told_apart_from_its_sibling(world: World) -> None:
    bad = groq_fails(world, Verdict.REJECTED)
    groq = (await status(world)).providers[0]
    assert groq.state == "partly"
    states = {one.fingerprint: (one.state, one.reason, one.until) for one in groq.credentials}
    good = GROQ_2 if bad == GROQ_1 else GROQ_1
    assert states == {bad: ("rejected", "rejected", NOON + 300.0), good: ("ready", "", None)}


async def test_one_limited_model_of_two_does_not_stop_its_key(world: World) -> None:
    limited = groq_fails(world, Verdict.RATE_LIMITED, until=NOON + 40)
    groq = (await status(world)).providers[0]
    one = next(one for one in groq.credentials if one.fingerprint == limited)
    assert (groq.state, one.state, one.reason, one.until) == ("ready", "ready", "1 of 2 models: rate limit", NOON + 40)


async def test_a_provider_is_blocked_when_all_its_keys_are_until_the_first_is_free(world: World) -> None:
    groq_fails(world, Verdict.QUOTA_EXHAUSTED, until=NOON + 900)
    groq_fails(world, Verdict.QUOTA_EXHAUSTED, until=NOON + 600)
    groq = (await status(world)).providers[0]
    assert (groq.state, groq.reason, groq.until) == ("blocked", "quota", NOON + 600)
    assert {one.state for one in groq.credentials} == {"cooling"}


async def test_keys_that_fail_for_different_reasons_say_so_each_for_itself(world: World) -> None:
    groq_fails(world, Verdict.REVOKED)
    groq_fails(world, Verdict.NO_CREDIT_ALL)
    groq = (await status(world)).providers[0]
    assert (groq.state, groq.reason, groq.until) == ("blocked", "", NOON + 3600)
    assert {one.state for one in groq.credentials} == {"dead", "no credit"}


async def test_after_a_rejection_one_request_goes_first_and_the_key_is_probing(world: World) -> None:
    for _ in range(2):
        groq_fails(world, Verdict.REJECTED)
    world.now = NOON + 301
    probe = world.claim("groq:small").candidate.credential.fingerprint
    groq = (await status(world)).providers[0]
    states = {one.fingerprint: one.state for one in groq.credentials}
    assert states.pop(probe) == "probing"
    assert list(states.values()) == ["ready"]


@pytest.mark.parametrize(
    ("dotenv", "name", "state"),
    [
        ("GITHUB_MODELS_TOKEN=ghp_test-not-a-key-7\n", "github_models", "retired"),
        ("GROQ_BASE_URL=http://127.0.0.1:8319/v1\n", "groq", "off"),
    ],
)
async def test_a_provider_that_is_never_asked_says_why(world: World, dotenv: str, name: str, state: str) -> None:
    world.write(".env", dotenv)
    world.configuration.reload()
    world.changed()
    provider = next(one for one in (await status(world)).providers if one.name == name)
    assert provider.state == state
    assert provider.reason
    assert {one.state for one in provider.credentials} == {state}


async def test_settings_that_went_bad_are_a_warning_and_the_last_good_ones_hold(world: World) -> None:
    world.write(".env", "PORT=many\n")
    assert not world.configuration.reload()
    found = await status(world)
    assert len(found.warnings) == 1
    assert found.warnings[0].startswith("not taken, the last good settings hold: ")
    assert "PORT" in found.warnings[0]
    assert [one.fingerprint for one in found.providers[1].credentials] == [OPENROUTER]


async def test_a_full_disk_and_a_drain_are_told(world: World) -> None:
    world.disk.is_writable = False
    world.claim("groq:small")
    groq_fails(world, Verdict.RATE_LIMITED)
    world.draining = True
    found = await status(world)
    assert (found.store.state, found.store.message, found.draining, found.listening) == (
        "degraded",
        "the disk is full",
        True,
        False,
    )
    assert found.store.rows_waiting >= 2


async def test_a_client_sees_no_labels_sources_accounts_paths_or_warnings(world: World) -> None:
    world.write(".env", "PORT=many\n")
    world.configuration.reload()
    everything = await status(world)
    seen = msgspec.json.encode(status_for_client(everything, Caller(fingerprint="client-1"))).decode()
    for hidden in ('"work"', '"me"', "auth.json", ".env", "PORT"):
        assert hidden not in seen
    assert GROQ_1 in seen, "fingerprints are for everybody"


async def test_a_client_of_one_provider_sees_that_one(world: World) -> None:
    everything = await status(world)
    seen = status_for_client(everything, Caller(fingerprint="client-1", allowed_providers=("openrouter",)))
    assert [one.name for one in seen.providers] == ["openrouter"]


async def test_two_questions_fit_on_one_connection(world: World) -> None:
    stream = await world.connect()
    async with stream:
        await stream.send_all(b"GET /v1/status HTTP/1.1\r\nhost: hrd\r\n\r\n" * 2)
        received = b""
        with trio.fail_after(1):
            while received.count(b'"uptime_s":90.0') < 2:
                received += await stream.receive_some()
