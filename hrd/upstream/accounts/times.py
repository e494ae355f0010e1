"""When a login is renewed, and how long after a failure it is tried again. Pure.

A while before its token ends, no two accounts at the same moment; tokens that live shortly are renewed at half their time.
Where nobody says when it ends, after eight days, as the Codex CLI once did.
"""

from typing import Final

from hrd.core.secrets import Secret
from hrd.credentials.accounts import CodexAccount

SPARE_S: Final = 5.0
"""A token that ends within this is not shown any more: it would end on the way."""
UNKNOWN_S: Final = 8 * 86_400.0
PAUSES_S: Final = (5.0, 15.0, 60.0, 300.0)
"""Between failures in the background; the last repeats."""
REST_S: Final = 5.0
"""So long after a renewal the next is not due, whatever the tokens say."""
JITTER: Final = 0.5


def is_live(account: CodexAccount, now: float) -> bool:
    """Whether its access token may be shown."""
    tokens = account.tokens
    return bool(tokens.access.reveal()) and (tokens.expires_at is None or now < tokens.expires_at - SPARE_S)


def due_at(account: CodexAccount, early_s: float) -> float | None:
    """When to renew it; None: not by itself."""
    tokens = account.tokens
    if account.needs_login or not tokens.refresh.reveal():
        return None
    given_at, ends_at = tokens.given_at, tokens.expires_at
    if account.renewing_since is not None or not tokens.access.reveal():
        return account.renewing_since or 0.0
    if ends_at is None:
        return given_at + UNKNOWN_S if given_at is not None else None
    early = ends_at - early_s * (1 + JITTER * draw(tokens.refresh))
    if given_at is None or given_at >= ends_at:
        return early
    return max(early, given_at + (ends_at - given_at) / 2, given_at + REST_S)


def pause_s(failures: int, refresh: Secret) -> float:
    """How long to leave it after so many failures."""
    return PAUSES_S[min(failures, len(PAUSES_S)) - 1] * (1 + JITTER * draw(refresh))


def draw(refresh: Secret) -> float:
    """A number below 1 that is another for each token."""
    return int(refresh.fingerprint[-8:], 16) / 2**32
