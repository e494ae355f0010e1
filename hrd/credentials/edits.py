"""Changes to auth.json as pure functions: a value in, another value out, or why not.

Each changes its own place in a copy of the document and reads the copy again, so that the result is by construction what
the file will hold, and everything else in it stays as it was.
"""

from collections.abc import Callable, Iterable
from typing import Any

from hrd.core.aliases import PROVIDERS, provider_named, provider_suggested
from hrd.core.key_shapes import unusable
from hrd.core.secrets import CLIENT, Secret, fingerprint, scrub
from hrd.credentials.accounts import account_fingerprint
from hrd.credentials.auth_file import AuthFile, CredentialInfo, CredentialProblem, ProxyKey, auth_file_of, keys_in

Edit = Callable[[AuthFile], AuthFile | CredentialProblem]

_LIMITS = ("rpm", "req_per_day", "tokens_per_day", "cost_per_day", "concurrency")


def add_key(auth: AuthFile, provider: str, key: str, info: CredentialInfo | None = None) -> AuthFile | CredentialProblem:
    """*auth* with one more key of *provider*, after those it has. A key that it has stays in its place.

    *info* is what to note of it; None leaves what is noted as it is.
    """
    name = provider_named(provider)
    if name is None:
        return _unknown_provider(provider)
    if reason := unusable(key.strip()):
        return CredentialProblem(f"this {reason}", f"get a key from {name} and try again")
    secret = Secret(key.strip(), name)
    tree = auth.document.copied()
    if secret not in auth.providers.get(name, ()):
        entries = part(tree, "providers")
        entries[name] = [*keys_in(entries.get(name), name), secret.reveal()]
    if info is not None:
        noted(tree, secret.fingerprint, info)
    return auth_file_of(tree)


def add_keys(
    auth: AuthFile, provider: str, keys: Iterable[str], info: CredentialInfo | None = None
) -> AuthFile | CredentialProblem:
    """All of them, or none when one cannot be a key."""
    for key in keys:
        added = add_key(auth, provider, key, info)
        if isinstance(added, CredentialProblem):
            return added
        auth = added
    return auth


def remove_key(auth: AuthFile, credential: str) -> AuthFile | CredentialProblem:
    """*auth* without the key, or account, that has the fingerprint *credential*, and without what was noted of it."""
    tree = auth.document.copied()
    found = False
    for name, value in list((tree.get("providers") or {}).items()):
        provider = provider_named(name)
        if provider is None:
            continue
        keys = keys_in(value, provider)
        left = [key for key in keys if fingerprint(provider, key) != credential]
        if len(left) < len(keys):
            found = True
            put(tree["providers"], name, left)
    accounts = tree.get("codex_accounts") or []
    left_accounts = [entry for entry in accounts if account_fingerprint(entry) != credential]
    if len(left_accounts) < len(accounts):
        found = True
        tree["codex_accounts"] = left_accounts
    if not found:
        return CredentialProblem(f"auth.json has no credential {shown(credential)}", "see: hr auth list")
    (tree.get("credential_info") or {}).pop(credential, None)
    return auth_file_of(tree)


def note(auth: AuthFile, credential: str, info: CredentialInfo) -> AuthFile | CredentialProblem:
    """*auth* with *info* noted of the credential with that fingerprint, which may stand elsewhere (`.env`)."""
    tree = auth.document.copied()
    noted(tree, credential, info)
    return auth_file_of(tree)


def put_proxy_key(auth: AuthFile, key: ProxyKey) -> AuthFile | CredentialProblem:
    """*auth* with this client key, made or changed. Names are unique, so that one can be revoked by name."""
    if reason := unusable(key.secret.reveal()):
        return CredentialProblem(f"this {reason}", "let `hr key create` make one")
    if key.name and any(other.name == key.name and other.secret != key.secret for other in auth.proxy_keys):
        return CredentialProblem(f"there is a client key named {key.name!r} already", "choose another name, or revoke it")
    tree = auth.document.copied()
    entries = part(tree, "proxy_keys")
    entry = dict(entries.get(key.secret.reveal()) or {})
    put(entry, "name", key.name)
    for field in _LIMITS:
        put(entry, field, getattr(key, field))
    put(entry, "allowed_providers", list(key.allowed_providers))
    put(entry, "local_only", key.local_only)
    put(entry, "cost_policy", key.cost_policy)
    put(entry, "priority_max", key.priority_max)
    entries[key.secret.reveal()] = entry
    return auth_file_of(tree)


def revoke_proxy_key(auth: AuthFile, named: str) -> AuthFile | CredentialProblem:
    """*auth* without the client key that has the name, or the fingerprint, *named*."""
    found = [key for key in auth.proxy_keys if named and named in (key.name, key.secret.fingerprint)]
    if not found:
        return CredentialProblem(f"auth.json has no client key {shown(named)}", "see: hr key list")
    if len(found) > 1:
        names = ", ".join(key.secret.fingerprint for key in found)
        return CredentialProblem(f"{len(found)} client keys are named {named!r}", f"name one of them: {names}")
    tree = auth.document.copied()
    entries = part(tree, "proxy_keys")
    for key in [key for key in entries if fingerprint(CLIENT, key.strip()) == found[0].secret.fingerprint]:
        del entries[key]
    return auth_file_of(tree)


def _unknown_provider(text: str) -> CredentialProblem:
    meant = provider_suggested(text)
    return CredentialProblem(
        f"there is no provider {shown(text)}", f"did you mean {meant}?" if meant else f"there are {', '.join(PROVIDERS)}"
    )


def shown(name: str) -> str:
    """A name as it was given, unless it was a key by mistake."""
    return repr(scrub(name, limit=60))


def part(tree: dict[str, Any], name: str) -> dict[str, Any]:
    """The object *name* of the document, which has it from now on."""
    if tree.get(name) is None:
        tree[name] = {}
    part: dict[str, Any] = tree[name]
    return part


def noted(tree: dict[str, Any], credential: str, info: CredentialInfo) -> None:
    notes = part(tree, "credential_info")
    entry = dict(notes.get(credential) or {})
    put(entry, "account", info.account)
    put(entry, "label", info.label)
    put(entry, "class", info.cost_class.name.lower() if info.cost_class is not None else "")
    put(entry, "added_at", info.added_at)
    put(notes, credential, entry)


def put(entry: dict[str, Any], field: str, value: Any) -> None:
    """Nothing is written for what is empty or none."""
    if value:
        entry[field] = value
    else:
        entry.pop(field, None)
