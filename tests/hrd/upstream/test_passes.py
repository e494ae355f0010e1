"""What a credential shows when it asks: once more with another secret when it was refused, within its time."""

from typing import NamedTuple

import msgspec
import pytest
import trio

from hrd.core.failures import Failure, Verdict
from hrd.core.providers import Credential
from hrd.core.secrets import Secret
from hrd.upstream.passes import Keys, show
from tests.hrd.stage import key

pytestmark = pytest.mark.usefixtures("virtual_time")

ACCOUNT = msgspec.structs.replace(key("codex", "c1"), signs_in=True)
LOST = Failure(verdict=Verdict.NEEDS_LOGIN, message="its login is over")


class Result(NamedTuple):
    failure: Failure | None
    shown: str = ""


def status(number: int) -> Failure:
    return Failure(verdict=Verdict.REJECTED, message=f"status {number}", status=number)


class Holder:
    """Shows `live`; a renewal takes *s* seconds and gives the next of *new*."""

    def __init__(self, live: str | None, *new: str | Failure, takes_s: float = 1.0) -> None:
        self.live, self.new, self.takes_s = live, list(new), takes_s
        self.refused: list[str | None] = []

    def secret_of(self, _: Credential) -> Secret | None:
        return Secret(self.live, "codex") if self.live is not None else None

    async def renewed(self, _: Credential, refused: Secret | None) -> Secret | Failure:
        self.refused.append(refused.reveal() if refused else None)
        await trio.sleep(self.takes_s)
        new = self.new.pop(0)
        return new if isinstance(new, Failure) else Secret(new, "codex")


async def shown(
    holder: Holder, good: str, *, refusal: int = 401, within_s: float = 60.0
) -> tuple[Result, list[tuple[str, float]]]:
    asked: list[tuple[str, float]] = []

    async def ask(*, secret: Secret, within_s: float) -> Result:
        asked.append((secret.reveal(), within_s))
        await trio.sleep(2.0)
        return Result(None if secret.reveal() == good else status(refusal), secret.reveal())

    result = await show(holder, ACCOUNT, within_s, ask, lambda one: one.failure, Result)
    return result, asked


async def test_a_token_that_lives_is_shown_and_that_is_all() -> None:
    assert await shown(Holder("t1"), "t1") == (Result(None, "t1"), [("t1", 60.0)])


async def test_one_that_does_not_is_waited_for() -> None:
    holder = Holder(None, "t2")
    assert await shown(holder, "t2") == (Result(None, "t2"), [("t2", 59.0)])
    assert holder.refused == [None]


async def test_a_refused_one_is_renewed_and_the_same_candidate_asked_once_more() -> None:
    holder = Holder("t1", "t2")
    assert await shown(holder, "t2") == (Result(None, "t2"), [("t1", 60.0), ("t2", 57.0)])
    assert holder.refused == ["t1"]


async def test_refused_twice_the_account_needs_a_login() -> None:
    holder = Holder("t1", "t2")
    result, asked = await shown(holder, "t3")
    assert result.failure == Failure(verdict=Verdict.NEEDS_LOGIN, message="status 401", status=401)
    assert [secret for secret, _ in asked] == ["t1", "t2"]


@pytest.mark.parametrize("refusal", [403, 429, 500])
async def test_other_failures_renew_nothing(refusal: int) -> None:
    holder = Holder("t1", "t2")
    result, asked = await shown(holder, "t2", refusal=refusal)
    assert (result.failure, len(asked), holder.refused) == (status(refusal), 1, [])


@pytest.mark.parametrize("live", [None, "t1"])
async def test_a_login_that_is_over_is_the_failure(live: str | None) -> None:
    result, asked = await shown(Holder(live, LOST), "t2")
    assert result.failure is LOST
    assert len(asked) == (0 if live is None else 1)


async def test_a_renewal_is_not_waited_for_beyond_the_attempts_time() -> None:
    result, asked = await shown(Holder(None, "t2", takes_s=100.0), "t2", within_s=10.0)
    assert result.failure == Failure(verdict=Verdict.NOT_RENEWED, message="its login could not be renewed in time")
    assert (asked, trio.current_time()) == ([], 10.0)


async def test_a_key_is_itself_whatever_happens() -> None:
    one = key("groq", "a1")
    assert Keys().secret_of(one) is one.secret
    assert await Keys().renewed(one, one.secret) is one.secret
