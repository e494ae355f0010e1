"""Inquiring: free questions about what keys have left, off the request path. Which are worth one: `hrd.core.inquiries`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

import trio

from hrd.core.facts import LookedUp
from hrd.core.failures import Failure, Observation
from hrd.core.providers import Candidate
from hrd.upstream.general import General, NotGot
from hrd.upstream.lookups import DELAY_S, headers_of
from hrd.upstream.passes import Passes
from hrd.upstream.readers.left import read_left

ANSWER_S: Final = 10.0
ANSWER_BYTES_MAX: Final = 65_536
CHECK_S: Final = 2.0
NOT_OURS: Final = frozenset({400, 401, 403, 404, 405, 410, 501})
"""There is no such question here, or not for this key: it is not asked again."""

Question = tuple[str, str, str]
"""Base URL, credential and path: with another of these it may be answered."""


class NotToldError(Exception):
    """Why a question was not answered."""


class Inquiries:
    """Asks one question at a time, within bounds, as long as the daemon serves."""

    def __init__(
        self,
        *,
        general: General,
        passes: Passes,
        now: Callable[[], float],
        due: Callable[[Mapping[str, float]], Sequence[Candidate]],
        told: Callable[[LookedUp], None],
        not_told: Callable[[Candidate, str], None],
    ) -> None:
        """*due*: whom to ask about now, given when each credential was asked about last."""
        self._general = general
        self._passes = passes
        self._now = now
        self._due = due
        self._told = told
        self._not_told = not_told
        self._asked_at: dict[str, float] = {}
        self._in_vain: set[Question] = set()

    def keep_only(self, fingerprints: Collection[str]) -> None:
        """Other credentials are no more."""
        self._asked_at = {key: at for key, at in self._asked_at.items() if key in fingerprints}
        self._in_vain = {question for question in self._in_vain if question[1] in fingerprints}

    async def run(self) -> None:
        """Runs as long as the daemon."""
        await trio.sleep(DELAY_S)
        while True:
            for candidate in self._due(self._asked_at):
                await self.ask(candidate)
            await trio.sleep(CHECK_S)

    async def ask(self, candidate: Candidate) -> None:
        """Every question that its provider answers about this key."""
        provider, fingerprint = candidate.provider, candidate.credential.fingerprint
        begun_at = self._now()
        self._asked_at[fingerprint] = begun_at
        seen: list[Observation] = []
        for path in provider.look_ups:
            question = (provider.base_url, fingerprint, path)
            if question in self._in_vain:
                continue
            try:
                seen += await self._ask(candidate, path)
            except NotToldError as why:
                self._not_told(candidate, f"{path}: {why}")
        if seen:
            self._told(LookedUp(candidate=candidate, observations=tuple(seen), begun_at=begun_at))

    async def _ask(self, candidate: Candidate, path: str) -> Sequence[Observation]:
        provider, credential = candidate.provider, candidate.credential
        secret = self._passes.secret_of(credential) or await self._passes.renewed(credential, None)
        if isinstance(secret, Failure):
            raise NotToldError(secret.message)
        got = await self._general.ask(
            "GET",
            f"{provider.base_url}/{path}",
            headers=headers_of(provider, credential, secret),
            within_s=ANSWER_S,
            bytes_max=ANSWER_BYTES_MAX,
        )
        if isinstance(got, NotGot):
            raise NotToldError(got.reason)
        if got.status in NOT_OURS:
            self._in_vain.add((provider.base_url, credential.fingerprint, path))
        if got.status != 200:
            raise NotToldError(f"status {got.status}")
        return read_left(provider.reader, path, got.body, self._now(), provider.reset_zone)
