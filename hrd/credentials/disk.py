"""auth.json on disk: read only when it is safe to believe, replaced whole, never over what was not read.

All of this blocks; the daemon calls it in a thread, one call at a time.
"""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Final

import msgspec

from hrd.credentials.auth_file import AuthFile, CredentialProblem, empty_auth_file, read_auth_file
from hrd.credentials.edits import Edit
from hrd.files import Content, FileProblem, Stamp, read_bounded, turn_in, write_atomically

AUTH_BYTES_MAX: Final = 4 * 1024 * 1024
AUTH_MODE: Final = 0o600
EDIT_TRIES: Final = 3
PROXY_KEY_PREFIX: Final = "sk-router-"


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What auth.json held when it was read; `stamp` is None when there was no file."""

    auth: AuthFile
    stamp: Stamp | None
    digest: bytes = b""


def load(path: Path, uid: int) -> Loaded | CredentialProblem:
    """The file as user *uid* may believe it. No file is an empty one; a file that cannot be read is not."""
    content = read_bounded(path, AUTH_BYTES_MAX)
    if content is None:
        return Loaded(auth=empty_auth_file(), stamp=None)
    if isinstance(content, FileProblem):
        return CredentialProblem(str(content))
    if content.uid != uid:
        return CredentialProblem(f"{path} belongs to user {content.uid}, not to {uid} who runs hrd", f"chown {uid} {path}")
    if content.mode & 0o077:
        return CredentialProblem(f"{path} has mode {content.mode:04o}: others may use the keys in it", f"chmod 600 {path}")
    auth = read_auth_file(content.data)
    if isinstance(auth, CredentialProblem):
        return CredentialProblem(f"{path}: {auth.reason}", auth.hint)
    return Loaded(auth=auth, stamp=content.stamp, digest=_digest(content))


def store(path: Path, loaded: Loaded, auth: AuthFile) -> Loaded | CredentialProblem:
    """Put *auth*, made out of *loaded*, in the place of the file, unless that has changed since it was read."""
    now = read_bounded(path, AUTH_BYTES_MAX)
    if isinstance(now, FileProblem):
        return CredentialProblem(str(now))
    if (_digest(now) if now else b"") != loaded.digest:
        return _changed_meanwhile(path)
    data = auth.document.encoded()
    stamp = write_atomically(path, data, AUTH_MODE, replaces=now.stamp if now else None)
    if isinstance(stamp, FileProblem):
        return _changed_meanwhile(path) if stamp.is_stale else CredentialProblem(str(stamp))
    return Loaded(auth=auth, stamp=stamp, digest=hashlib.sha256(data).digest())


def edit(path: Path, uid: int, change: Edit) -> Loaded | CredentialProblem:
    """Read, change and write back; from the beginning when somebody else wrote in between, but not for ever. Of several
    processes of this router one does so at a time."""
    with turn_in(Path(os.path.realpath(path)).parent):
        for _ in range(EDIT_TRIES):
            loaded = load(path, uid)
            if isinstance(loaded, CredentialProblem):
                return loaded
            changed = change(loaded.auth)
            if isinstance(changed, CredentialProblem):
                return changed
            stored = store(path, loaded, changed)
            if isinstance(stored, Loaded) or not stored.is_stale:
                return stored
        return _changed_meanwhile(path)


def new_proxy_key() -> str:
    """A client key that nobody has seen: 192 bits of chance in 32 characters."""
    return PROXY_KEY_PREFIX + secrets.token_urlsafe(24)


def _changed_meanwhile(path: Path) -> CredentialProblem:
    reason = f"{path} was changed by somebody else in the meantime; nothing was written"
    return CredentialProblem(reason, "try again", is_stale=True)


def _digest(content: Content) -> bytes:
    return hashlib.sha256(content.data).digest()
