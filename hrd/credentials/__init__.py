"""auth.json: the keys, accounts and client keys that the router holds, read with care and never lost.

`load` reads the file, `edit` changes it by one of the pure functions of `hrd.credentials.edits`, `stored_order` puts its
keys before those of the environment. What could not be read is never written over.
"""

from hrd.credentials.accounts import CodexAccount
from hrd.credentials.auth_file import AuthFile, CredentialInfo, CredentialProblem, ProxyKey
from hrd.credentials.disk import edit, load, new_proxy_key, store
from hrd.credentials.order import Stored, stored_order

__all__ = [
    "AuthFile",
    "CodexAccount",
    "CredentialInfo",
    "CredentialProblem",
    "ProxyKey",
    "Stored",
    "edit",
    "load",
    "new_proxy_key",
    "store",
    "stored_order",
]
