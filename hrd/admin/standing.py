"""Standing: what each credential of a provider can do now, concluded from blocks, windows and probes.

A credential stands in the way of nothing while one of its models can be asked. What hinders a candidate longest is what is
told of it; what ends first is what is told of a credential all of whose candidates are hindered.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from hrd.admin.wire.status import CredentialState
from hrd.core import scopes
from hrd.core.block_book import PROBING, BlockBook
from hrd.core.hindrance import FULL_AT_ONCE, OWN_LIMIT, WINDOW
from hrd.core.providers import Candidate, Credential
from hrd.core.quota.kinds import AT_ONCE
from hrd.core.quota.window import USER
from hrd.core.refusals import Refusal
from hrd.core.snapshot import PoolSnapshot
from hrd.upstream.accounts.accounts import Lapse
from hrd.upstream.accounts.renewal import SIGN_IN

STATES = {
    "rejected": CredentialState.REJECTED,
    "needs login": CredentialState.NEEDS_LOGIN,
    "dead": CredentialState.DEAD,
    "gone": CredentialState.DEAD,
    "credits": CredentialState.NO_CREDIT,
    PROBING: CredentialState.PROBING,
    FULL_AT_ONCE: CredentialState.BUSY,
}
"""By a block's reason; every other one cools."""
OF_WINDOWS: Final = frozenset({WINDOW, OWN_LIMIT, FULL_AT_ONCE})
"""What is used up, and no block."""
ANY_RESERVATION: Final = 0
"""A snapshot says that a probe is out, not whose."""


class Hindrance(msgspec.Struct, frozen=True):
    """Why somebody is not asked; `until` None is for as long as a probe is out."""

    reason: str
    until: float | None = None


NOT_HINDERED: Final = Hindrance("")


class Standing(msgspec.Struct, frozen=True):
    """A credential's state. When only some of its models are hindered, `reason` says how many."""

    state: str
    reason: str = ""
    until: float | None = None

    @property
    def can_be_asked(self) -> bool:
        return self.state in (CredentialState.READY, CredentialState.BUSY)


class Hindrances:
    """Everything that hinders anybody in one snapshot."""

    def __init__(self, snapshot: PoolSnapshot, now: float, lapses: Iterable[Lapse] = ()) -> None:
        """*lapses*: accounts that have to sign in again."""
        self._snapshot = snapshot
        self._now = now
        self._lapses = {lapse.fingerprint: lapse for lapse in lapses}
        self._blocks = BlockBook(snapshot.blocks)
        self._blocks.begin(snapshot.probing, ANY_RESERVATION)

    def of(self, scopes_: tuple[str, ...]) -> Hindrance | None:
        """What hinders a candidate of these scopes for longest."""
        window = self._of_windows(scopes_)
        block = self._blocks.hindrance(scopes_, self._now)
        if block is not None:
            return Hindrance(block.reason, max(block.until, window.until or 0.0))
        if self._blocks.is_probed(scopes_, self._now):
            return Hindrance(PROBING)
        return window if window.reason else None

    def _of_windows(self, scopes_: tuple[str, ...]) -> Hindrance:
        """The window that is full for longest."""
        last = self._snapshot.book.opens_last(scopes_, self._now)
        if last is None:
            return NOT_HINDERED
        opens_at, meter = last
        if meter.measure is AT_ONCE:
            return Hindrance(FULL_AT_ONCE, opens_at)
        return Hindrance(OWN_LIMIT if meter.owner == USER else WINDOW, opens_at)

    def standing_of(self, credential: Credential, candidates: Iterable[Candidate]) -> Standing:
        """What *credential* can do; *candidates* are those of its provider."""
        lapse = self._lapses.get(credential.fingerprint)
        if lapse is not None and lapse.again_at is not None:
            return Standing(CredentialState.COOLING, lapse.why, lapse.again_at)
        if lapse is not None and lapse.ends_at is None:
            return Standing(CredentialState.NEEDS_LOGIN, SIGN_IN)
        own = [c.scopes for c in candidates if c.credential.fingerprint == credential.fingerprint]
        own = own or [self._wide_scopes(credential)]
        count, first = self._first_of(own)
        if count == len(own):
            state = STATES.get(first.reason, CredentialState.COOLING)
            reason = SIGN_IN if state is CredentialState.NEEDS_LOGIN else first.reason
            return Standing(state, reason, first.until)
        is_busy = bool(self._snapshot.in_flight.get(credential.fingerprint))
        state = CredentialState.BUSY if is_busy else CredentialState.READY
        return Standing(state, f"{count} of {len(own)} models: {first.reason}", first.until) if count else Standing(state)

    def of_model(self, candidates: Sequence[Candidate]) -> Hindrance:
        """What hinders a model, whose *candidates* are its keys; nothing has no reason. When only some of them are hindered,
        the reason says how many."""
        count, first = self._first_of([candidate.scopes for candidate in candidates])
        if count in (0, len(candidates)):
            return first
        return Hindrance(f"{count} of {len(candidates)} keys: {first.reason}", first.until)

    def _first_of(self, ways: Iterable[tuple[str, ...]]) -> tuple[int, Hindrance]:
        """How many of the *ways* are hindered, and what ends first."""
        hindered = [hindrance for way in ways if (hindrance := self.of(way))]
        return len(hindered), min(hindered, key=lambda one: one.until or 0.0, default=NOT_HINDERED)

    def _wide_scopes(self, credential: Credential) -> tuple[str, ...]:
        """For a credential that no candidate of the settings has."""
        provider = credential.provider
        return (
            scopes.credential(credential.fingerprint),
            scopes.account(provider, credential.account or credential.fingerprint),
            scopes.provider(provider),
            scopes.endpoint(self._snapshot.roster.providers[provider].base_url),
        )


def candidates_of(snapshot: PoolSnapshot, provider: str, model: str = "") -> tuple[Candidate, ...]:
    """The provider's candidates for chat, of *model* or as the settings choose its models; none when it is not asked."""
    if provider not in snapshot.roster.enabled:
        return ()
    selection = snapshot.roster.select_chat(f"{provider}:{model}" if model else provider)
    if isinstance(selection, Refusal):
        return ()
    return tuple(candidate for candidate in selection.candidates if candidate.provider.name == provider)
