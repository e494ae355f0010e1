"""The file that a login was copied from: the program that it belongs to may have renewed it meanwhile."""

import os
from pathlib import Path
from typing import Final

import trio

from hrd.credentials import CredentialProblem
from hrd.credentials.accounts import CodexAccount
from hrd.credentials.logins import Login, logins_in
from hrd.files import Content, read_bounded

FILE_BYTES_MAX: Final = 1_048_576


async def newer_login(account: CodexAccount, *, is_lost: bool) -> Login | None:
    """What the file holds now of *account*, if that is newer than ours. It is believed only if it is our own user's. *is_lost*:
    ours is worth nothing any more, so that any other will do."""
    if not account.imported_from:
        return None
    content = await trio.to_thread.run_sync(read_bounded, Path(account.imported_from), FILE_BYTES_MAX)
    if not isinstance(content, Content) or content.uid != os.geteuid():
        return None
    found = logins_in(content.data)
    logins = () if isinstance(found, CredentialProblem) else found.logins
    return next(
        (one for one in logins if one.account_id == account.account_id and is_newer(one, account, is_lost=is_lost)), None
    )


def is_newer(login: Login, account: CodexAccount, *, is_lost: bool) -> bool:
    """Whether *login* is another than *account* has or had, and as far as anybody can tell given later."""
    known = [account.tokens.refresh, *([account.previous.refresh] if account.previous is not None else ())]
    if not login.tokens.refresh.reveal() or login.tokens.refresh in known:
        return False
    theirs_at, ours_at = login.tokens.given_at, account.tokens.given_at
    return is_lost if theirs_at is None or ours_at is None else theirs_at > ours_at
