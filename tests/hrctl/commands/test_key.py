"""`hr key`: client keys, shown once when made and again only when asked for."""

import msgspec
import pytest

from hrd.admin.wire.keys import (
    KEY_CREATE,
    KEY_REVOKE,
    KEYS,
    ClientKey,
    KeyCreate,
    KeyCreated,
    KeyLimits,
    KeyRevoke,
    KeyRevoked,
    Keys,
)
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon

SECRET = "sk-router-test-not-a-key-1"
MADE = KeyCreated(fingerprint="client-1a2b3c4d", name="ci", key=SECRET)


def test_a_new_key_is_shown_with_its_name(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(KEY_CREATE, MADE)
    assert hr("key", "create", "ci").out == f"Made ci (client-1a2b3c4d):\n{SECRET}\n"
    assert msgspec.json.decode(daemon.asked[0].body, type=KeyCreate) == KeyCreate(name="ci")


def test_limits_go_with_it(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(KEY_CREATE, MADE)
    ceilings = "--rpm 10 --req-day 500 --tokens-day 100000 --cost-day 0.5 --concurrency 2"
    hr(
        "key",
        "create",
        "ci",
        *ceilings.split(),
        "--providers",
        "groq,gemini",
        "--local-only",
        "--cost-policy",
        "free-only",
        "--priority-max",
        "low",
    )
    assert msgspec.json.decode(daemon.asked[0].body, type=KeyCreate).limits == KeyLimits(
        rpm=10,
        req_per_day=500,
        tokens_per_day=100_000,
        cost_per_day=0.5,
        concurrency=2,
        allowed_providers=("groq", "gemini"),
        local_only=True,
        cost_policy="free-only",
        priority_max="low",
    )


@pytest.mark.parametrize(
    "options", [("--rpm", "-1"), ("--rpm", "many"), ("--cost-day", "-0.1"), ("--cost-policy", "cheap"), ("x", "y")]
)
def test_limits_that_make_no_sense_are_misuse(daemon: FakeDaemon, hr: Hr, options: tuple[str, ...]) -> None:
    assert hr("key", "create", "ci", *options).code == 2
    assert daemon.asked == []


LISTED = Keys(
    keys=(
        ClientKey(fingerprint="client-1a2b3c4d", name="default", source="auth.json"),
        ClientKey(
            fingerprint="client-5e6f7a8b",
            name="ci",
            source=".env",
            limits=KeyLimits(
                rpm=10, cost_per_day=0.5, allowed_providers=("groq", "gemini"), local_only=True, cost_policy="free-only"
            ),
        ),
    )
)


def test_the_list_shows_no_keys(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(KEYS, LISTED)
    assert hr("key", "list").out.splitlines() == [
        "NAME     FINGERPRINT      SOURCE     LIMITS",
        "default  client-1a2b3c4d  auth.json",
        "ci       client-5e6f7a8b  .env       10 requests/min, $0.50/day, only groq gemini, local only, free-only",
    ]
    assert daemon.asked[0].target == "/v1/keys"


def test_the_list_shows_keys_when_asked_to(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(KEYS, Keys(keys=(msgspec.structs.replace(LISTED.keys[0], key=SECRET),)))
    assert hr("key", "list", "--reveal").out.splitlines() == [
        "NAME     FINGERPRINT      KEY                         SOURCE",
        f"default  client-1a2b3c4d  {SECRET}  auth.json",
    ]
    assert daemon.asked[0].target == "/v1/keys?reveal=1"


def test_no_keys_at_all(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(KEYS, Keys(keys=()))
    assert hr("key", "list").out == "No client keys: make one with hr key create NAME\n"


def test_the_list_for_a_program(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(KEYS, LISTED)
    assert msgspec.json.decode(hr("key", "list", "--json").out, type=Keys) == LISTED


def test_revoking(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(KEY_REVOKE, KeyRevoked(fingerprint="client-1a2b3c4d", name="ci", left=1))
    assert hr("key", "revoke", "ci").out == "Revoked ci (client-1a2b3c4d), 1 client key left\n"
    assert msgspec.json.decode(daemon.asked[0].body, type=KeyRevoke) == KeyRevoke(which="ci")


def test_a_key_that_stands_elsewhere_is_not_revoked(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.refuses(KEY_REVOKE, 409, "ci stands in PROXY_API_KEYS of .env", "take it out there")
    assert hr("key", "revoke", "ci") == (1, "", "hr: ci stands in PROXY_API_KEYS of .env\n    take it out there\n")


REVEALED = Keys(
    keys=(
        ClientKey(
            fingerprint="client-5e6f7a8b", name="ci", source=".env", limits=KeyLimits(rpm=10), key="sk-router-test-not-a-key-2"
        ),
        ClientKey(fingerprint="client-1a2b3c4d", name="default", source="auth.json", key=SECRET),
    )
)


@pytest.mark.parametrize("which", [(), ("default",), ("client-1a2b3c4d",)])
def test_one_key_is_revealed_alone(daemon: FakeDaemon, hr: Hr, which: tuple[str, ...]) -> None:
    daemon.answers(KEYS, REVEALED)
    assert hr("key", "reveal", *which) == (0, f"{SECRET}\n", "")
    assert daemon.asked[0].target == "/v1/keys?reveal=1"


def test_a_key_that_there_is_not_is_not_revealed(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(KEYS, REVEALED)
    ran = hr("key", "reveal", "nobody")
    assert (ran.code, ran.out) == (1, "")
    assert "hr key create nobody" in ran.err
