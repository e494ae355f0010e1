"""hr auth group: whose account a key is, as the user has it, and what was counted goes along."""

import pytest

from hrd.admin.wire.auth import AUTH_ACCOUNT, AUTH_LIST, AuthAccount, AuthQuestion
from tests.hrd.admin.conftest import GROQ_1, GROQ_2, OPENROUTER
from tests.hrd.world import World


async def account_of(world: World, fingerprint: str) -> tuple[str, str]:
    found = await world.ask(AUTH_LIST, AuthQuestion())
    return next((one.account, one.account_by) for one in found.credentials if one.fingerprint == fingerprint)


async def test_a_key_is_put_into_an_account_and_taken_out_again(world: World) -> None:
    done = await world.ask(AUTH_ACCOUNT, AuthAccount(fingerprint=GROQ_2, account="me"))
    assert (done.provider, done.account, done.shared_with) == ("groq", "me", (GROQ_1,))
    assert await account_of(world, GROQ_2) == ("me", "you")
    assert world.auth()["credential_info"][GROQ_1]["label"] == "work"
    done = await world.ask(AUTH_ACCOUNT, AuthAccount(fingerprint=GROQ_1, alone=True))
    assert (done.account, done.shared_with) == (GROQ_1, ())
    assert world.auth()["credential_info"][GROQ_1]["label"] == "work"
    done = await world.ask(AUTH_ACCOUNT, AuthAccount(fingerprint=GROQ_1))
    assert done.account == ""
    assert await account_of(world, GROQ_1) == ("", "")


async def test_a_key_that_stands_elsewhere_has_an_account_too(world: World) -> None:
    done = await world.ask(AUTH_ACCOUNT, AuthAccount(fingerprint=OPENROUTER, account="me@example.org"))
    assert done.account == "me@example.org"


@pytest.mark.parametrize(
    ("ask", "status", "said"),
    [
        (AuthAccount(fingerprint=GROQ_1, account="me", alone=True), 400, "name an account, or say that it is alone"),
        (AuthAccount(fingerprint=GROQ_1, account="a\nb"), 400, "an account is one line of at most 200 characters"),
        (AuthAccount(fingerprint=GROQ_1, account="a" * 201), 400, "an account is one line of at most 200 characters"),
        (AuthAccount(fingerprint="groq-00000000", account="me"), 404, "there is no credential of that fingerprint"),
        (AuthAccount(fingerprint="", account="me"), 404, "there is no credential of that fingerprint"),
    ],
)
async def test_what_cannot_be_is_told(world: World, ask: AuthAccount, status: int, said: str) -> None:
    found, problem = await world.refused(AUTH_ACCOUNT, ask)
    assert (found, problem.message) == (status, said)
