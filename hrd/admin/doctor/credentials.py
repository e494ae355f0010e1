"""The keys: whether there are any, whether each looks like its provider's, and whether its provider has turned it away."""

from collections.abc import Iterator, Mapping
from typing import Final

from hrd.admin.doctor.finding import fine, odd, wrong
from hrd.admin.standing import Hindrances, candidates_of
from hrd.admin.wire.doctor import Finding
from hrd.admin.wire.status import CredentialState
from hrd.core.key_shapes import key_warning
from hrd.core.providers import Credential
from hrd.core.snapshot import PoolSnapshot

SUBJECT = "keys"
TURNED_AWAY: Final = {
    CredentialState.REJECTED: "the provider has rejected it",
    CredentialState.DEAD: "the provider has revoked it",
    CredentialState.NEEDS_LOGIN: "its account has to sign in again",
}
"""What does not mend itself by waiting."""


def turned_away(snapshot: PoolSnapshot, hindrances: Hindrances) -> dict[str, str]:
    """Credentials that a running daemon knows to be of no use until the user does something: fingerprint → state."""
    return {
        one.fingerprint: standing.state
        for provider in snapshot.roster.enabled
        for one in snapshot.roster.credentials.get(provider, ())
        if (standing := hindrances.standing_of(one, candidates_of(snapshot, provider))).state in TURNED_AWAY
        and standing.reason != "gone"  # that is the provider, not its key
    }


def keys(held: Mapping[str, tuple[Credential, ...]], away: Mapping[str, str]) -> Iterator[Finding]:
    """*held*: every credential, by provider; *away*: those that were turned away, with their state."""
    if not any(held.values()):
        yield wrong(SUBJECT, "no provider has a key yet, so there is nobody to ask", "hr setup")
        return
    found = [finding for provider, credentials in held.items() for finding in _of_provider(provider, credentials, away)]
    yield from found
    if not found:
        counted = ", ".join(f"{provider} {len(credentials)}" for provider, credentials in held.items() if credentials)
        yield fine(SUBJECT, f"all look right: {counted}")


def _of_provider(provider: str, credentials: tuple[Credential, ...], away: Mapping[str, str]) -> Iterator[Finding]:
    """A problem where no other key of the provider serves instead."""
    told = odd if any(one.fingerprint not in away for one in credentials) else wrong
    for one in credentials:
        if state := away.get(one.fingerprint):
            said = TURNED_AWAY[CredentialState(state)]
            yield told(SUBJECT, f"{one.fingerprint} cannot be asked: {said}", _hint(provider, one.fingerprint, state))
        if warning := key_warning(provider, one.secret.reveal()):
            yield odd(SUBJECT, f"{one.fingerprint}: {warning}", f"if it is wrong: hr auth remove {one.fingerprint}")


def _hint(provider: str, fingerprint: str, state: str) -> str:
    if state == CredentialState.NEEDS_LOGIN:
        return f"sign in again: hr auth login {provider}"
    return f"replace it: hr auth add {provider}, then: hr auth remove {fingerprint}"
