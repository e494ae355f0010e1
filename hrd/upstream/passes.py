"""Passes: what a credential shows when it asks. A key shows itself; an account shows a token that lives for a while, and is
renewed before and behind the backs of those who ask.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import msgspec
import trio

from hrd.core.failures import Failure, Verdict
from hrd.core.providers import Credential
from hrd.core.secrets import Secret

T = TypeVar("T")

UNAUTHORIZED = 401


class Passes(Protocol):
    """Whoever keeps the secrets of accounts."""

    def secret_of(self, credential: Credential) -> Secret | None:
        """What *credential* shows now; None: `renewed` has to be waited for first."""

    async def renewed(self, credential: Credential, refused: Secret | None) -> Secret | Failure:
        """Another secret than *refused*, or why there is none. Who is cancelled here stops waiting; the renewal goes on."""


class Keys:
    """Passes of a world in which nobody signs in."""

    def secret_of(self, credential: Credential) -> Secret | None:
        return credential.secret

    async def renewed(self, credential: Credential, refused: Secret | None) -> Secret | Failure:  # noqa: ARG002 - a key stays itself
        return credential.secret


async def show(
    passes: Passes,
    credential: Credential,
    within_s: float,
    ask: Callable[..., Awaitable[T]],
    failure_of: Callable[[T], Failure | None],
    missed: Callable[[Failure], T],
) -> T:
    """*ask* with the *secret* that lives now and the seconds that are left (*within_s*); if it is refused with 401, once more
    with another. All of it within *within_s* seconds."""
    ends_at = trio.current_time() + within_s
    secret = passes.secret_of(credential)
    refused: Secret | None = None
    while True:
        if secret is None:
            found = await _renewed(passes, credential, refused, ends_at)
            if isinstance(found, Failure):
                return missed(found)
            secret = found
        result = await ask(secret=secret, within_s=ends_at - trio.current_time())
        failure = failure_of(result)
        if failure is None or failure.status != UNAUTHORIZED:
            return result
        if refused is not None:
            return missed(msgspec.structs.replace(failure, verdict=Verdict.NEEDS_LOGIN))
        secret, refused = None, secret


async def _renewed(passes: Passes, credential: Credential, refused: Secret | None, ends_at: float) -> Secret | Failure:
    with trio.move_on_at(ends_at):
        return await passes.renewed(credential, refused)
    return Failure(verdict=Verdict.NOT_RENEWED, message="its login could not be renewed in time")
