"""`hr auth group`: which account a key draws on, as the user has it."""

from collections.abc import Callable

from hrd.admin.auth import NOTE_CHARS_MAX, held
from hrd.admin.denied import Denied, misused, not_found, unchanged
from hrd.admin.wire.auth import AuthAccount, AuthAccountSet
from hrd.configuration.live import Configuration
from hrd.credentials import CredentialInfo
from hrd.credentials.edits import note
from hrd.pool import Pool


async def set_account(
    ask: AuthAccount, configuration: Configuration, pool: Pool, changed: Callable[[], None]
) -> AuthAccountSet | Denied:
    """Keys of one account share its quota. What was counted for an account that a key leaves stays there, but for what the key
    has used itself of what the user allows: that goes with it."""
    if ask.alone and ask.account:
        return misused("name an account, or say that it is alone", f"hr auth group {ask.fingerprint} NAME")
    if len(ask.account) > NOTE_CHARS_MAX or not ask.account.isprintable():
        return misused(f"an account is one line of at most {NOTE_CHARS_MAX} characters")
    provider = ask.fingerprint.rpartition("-")[0]
    if not any(one.fingerprint == ask.fingerprint for one in held(configuration).get(provider, ())):
        return not_found("there is no credential of that fingerprint", "see them: hr auth list")
    account = ask.fingerprint if ask.alone else ask.account
    before = configuration.auth.info.get(ask.fingerprint, CredentialInfo())
    info = CredentialInfo(account=account, label=before.label, cost_class=before.cost_class, added_at=before.added_at)
    problem = await configuration.edit_auth(lambda auth: note(auth, ask.fingerprint, info))
    if problem is not None:
        return unchanged(problem)
    changed()
    return _as_it_counts(provider, ask.fingerprint, pool)


def _as_it_counts(provider: str, fingerprint: str, pool: Pool) -> AuthAccountSet:
    accounts = {one.fingerprint: one.account for one in pool.roster.credentials.get(provider, ())}
    account = accounts.get(fingerprint, "")
    others = (other for other, name in accounts.items() if other != fingerprint and account and name == account)
    return AuthAccountSet(provider=provider, fingerprint=fingerprint, account=account, shared_with=tuple(others))
