"""auth.json as a value: what we know of it, typed, over the document as it stood.

The document is kept whole, so that what we do not know (another version's fields, another program's entries) is written
back as it was. A file of the original hermes-router has the same shape and loads as it is. Nothing here shows a key:
`repr` counts, secrets print as fingerprints, and msgspec refuses to encode any of it but by way of `encoded`.
"""

import copy
from typing import Any, Final

import msgspec

from hrd.core.access import POLICY_CLASS
from hrd.core.aliases import provider_named
from hrd.core.ask import PRIORITIES
from hrd.core.key_shapes import unusable
from hrd.core.nesting import is_too_deep
from hrd.core.providers import CostClass
from hrd.core.secrets import CLIENT, Secret, scrub
from hrd.credentials.accounts import CodexAccount, accounts_in
from hrd.credentials.shape import MisshapenError, as_list, as_number, as_object, as_text, as_whole

PARTS: Final = ("providers", "credential_info", "codex_accounts", "proxy_keys")
VERSION: Final = 1
"""We write none; other programs that keep their logins in such a file do."""
STRANGERS_MAX: Final = 5
COST_CLASSES: Final = {member.name.lower(): member for member in CostClass}


class CredentialProblem(msgspec.Struct, frozen=True):
    """Why credentials could not be read or changed, and what to type."""

    reason: str
    hint: str = ""
    is_stale: bool = False
    """The file was changed by somebody else since it was read: reading it again may help."""
    is_written: bool = False
    """The change was made all the same: something else is wrong."""

    def __str__(self) -> str:
        return f"{self.reason}; {self.hint}" if self.hint else self.reason


class CredentialInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the user said of a credential. Without an account it is an account of its own."""

    account: str = ""
    label: str = ""
    cost_class: CostClass | None = None
    added_at: float = 0.0


class ProxyKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key of one of our clients, and its ceilings; 0 is none."""

    secret: Secret
    name: str = ""
    rpm: int = 0
    req_per_day: int = 0
    tokens_per_day: int = 0
    cost_per_day: float = 0.0
    allowed_providers: tuple[str, ...] = ()
    """Empty: all of them. A name that we do not know stays in the list, and lets nobody in."""
    local_only: bool = False
    cost_policy: str = ""
    concurrency: int = 0
    priority_max: str = ""
    """`low`, `normal` or `high`; empty is `high`."""


class Document:
    """The file's JSON. Not a struct, so that nothing encodes it by accident; changed only as a copy."""

    __slots__ = ("_tree",)

    def __init__(self, tree: dict[str, Any]) -> None:
        self._tree = tree

    def __repr__(self) -> str:
        return "<document>"

    def copied(self) -> dict[str, Any]:
        return copy.deepcopy(self._tree)

    def encoded(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self._tree), indent=2) + b"\n"


class AuthFile(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What auth.json holds."""

    document: Document
    providers: dict[str, tuple[Secret, ...]] = {}
    """By provider, in stored order; each key once."""
    info: dict[str, CredentialInfo] = {}
    """By fingerprint."""
    codex_accounts: tuple[CodexAccount, ...] = ()
    proxy_keys: tuple[ProxyKey, ...] = ()
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        keys = sum(map(len, self.providers.values()))
        return f"<auth file: {keys} keys, {len(self.codex_accounts)} accounts, {len(self.proxy_keys)} client keys>"

    def secrets(self) -> tuple[Secret, ...]:
        """Everything in it that must not be seen."""
        tokens = [token for account in self.codex_accounts for token in account.secrets()]
        keys = [secret for secrets in self.providers.values() for secret in secrets]
        return (*keys, *tokens, *(key.secret for key in self.proxy_keys))


def empty_auth_file() -> AuthFile:
    return AuthFile(document=Document({}))


def read_auth_file(data: bytes) -> AuthFile | CredentialProblem:
    """The file's bytes as a value, or what is wrong with them. Never says what stood there."""
    hint = "mend it or put back a copy of it"
    try:
        tree = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return CredentialProblem("is not whole JSON: was it cut off, or edited by hand?", hint)
    if is_too_deep(tree):
        return CredentialProblem("is nested deeper than anything that belongs here", hint)
    return auth_file_of(tree)


def auth_file_of(tree: object) -> AuthFile | CredentialProblem:
    """A decoded document as a value, or where its shape is wrong."""
    try:
        top = as_object(tree, "the file")
        warnings = _strangers(top)
        return AuthFile(
            document=Document(top),
            providers=_providers(as_object(top.get("providers"), "providers"), warnings),
            info=_info(as_object(top.get("credential_info"), "credential_info")),
            codex_accounts=accounts_in(top.get("codex_accounts"), warnings),
            proxy_keys=_proxy_keys(as_object(top.get("proxy_keys"), "proxy_keys"), warnings),
            warnings=tuple(warnings),
        )
    except MisshapenError as wrong:
        return CredentialProblem(str(wrong), "mend it or put back a copy of it")


def _strangers(top: dict[str, Any]) -> list[str]:
    """What stands beside the parts that we know, by name: whoever wrote it there thinks that it counts."""
    names = [repr(scrub(name, limit=40)) for name in top if name not in (*PARTS, "version")]
    told = [f"auth.json has a part that is not known here, {name}: nothing in it counts" for name in names[:STRANGERS_MAX]]
    if names:
        told[-1] += "; keys are added with: hr auth add PROVIDER"
    if len(names) > STRANGERS_MAX:
        told.append(f"auth.json has {len(names) - STRANGERS_MAX} more parts that are not known here")
    version = top.get("version")
    if version is not None and version != VERSION:
        told.append("auth.json says that it is of another version than this hrd knows: only the parts that are known count")
    return told


def keys_in(value: object, where: str) -> list[str]:
    """The keys of one provider's entry: a list, or a single text with commas in it; blank ones left out."""
    items = value.split(",") if isinstance(value, str) else as_list(value, where)
    texts = [as_text(item, f"{where}[{place}]") for place, item in enumerate(items)]
    return [text.strip() for text in texts if text.strip()]


def _providers(entries: dict[str, Any], warnings: list[str]) -> dict[str, tuple[Secret, ...]]:
    held: dict[str, dict[Secret, None]] = {}
    for name, value in entries.items():
        provider = provider_named(name)
        where = f"providers.{provider or 'an unknown one'}"
        keys = keys_in(value, where)
        if provider is None:
            warnings.append(f"auth.json has {len(keys)} keys of a provider that is not known here; they are kept")
            continue
        for key in keys:
            if reason := unusable(key):
                warnings.append(f"a key of {provider} in auth.json {reason}: it is not used")
            else:
                held.setdefault(provider, {})[Secret(key, provider)] = None
    return {provider: tuple(secrets) for provider, secrets in held.items()}


def _info(entries: dict[str, Any]) -> dict[str, CredentialInfo]:
    return {name: _info_of(as_object(value, "credential_info.*")) for name, value in entries.items()}


def _info_of(entry: dict[str, Any]) -> CredentialInfo:
    word = as_text(entry.get("class"), "credential_info.*.class")
    if word and word not in COST_CLASSES:
        raise MisshapenError("credential_info.*.class", f"one of {', '.join(COST_CLASSES)}")
    return CredentialInfo(
        account=as_text(entry.get("account"), "credential_info.*.account"),
        label=as_text(entry.get("label"), "credential_info.*.label"),
        cost_class=COST_CLASSES.get(word),
        added_at=as_number(entry.get("added_at"), "credential_info.*.added_at"),
    )


def _proxy_keys(entries: dict[str, Any], warnings: list[str]) -> tuple[ProxyKey, ...]:
    keys: dict[Secret, ProxyKey] = {}
    for key, value in entries.items():
        if reason := unusable(key.strip()):
            warnings.append(f"a client key in auth.json {reason}: it lets nobody in")
            continue
        secret = Secret(key.strip(), CLIENT)
        keys[secret] = _proxy_key(secret, as_object(value, f"proxy_keys.{secret.fingerprint}"))
    return tuple(keys.values())


def _proxy_key(secret: Secret, entry: dict[str, Any]) -> ProxyKey:
    where = f"proxy_keys.{secret.fingerprint}"
    policy = as_text(entry.get("cost_policy"), f"{where}.cost_policy")
    if policy and policy not in POLICY_CLASS:
        raise MisshapenError(f"{where}.cost_policy", f"one of {', '.join(POLICY_CLASS)}")
    priority_max = as_text(entry.get("priority_max"), f"{where}.priority_max")
    if priority_max and priority_max not in PRIORITIES:
        raise MisshapenError(f"{where}.priority_max", f"one of {', '.join(PRIORITIES)}")
    local_only = entry.get("local_only")
    if not isinstance(local_only, bool | None):
        raise MisshapenError(f"{where}.local_only", "true or false")
    return ProxyKey(
        secret=secret,
        name=as_text(entry.get("name"), f"{where}.name"),
        rpm=as_whole(entry.get("rpm"), f"{where}.rpm"),
        req_per_day=as_whole(entry.get("req_per_day"), f"{where}.req_per_day"),
        tokens_per_day=as_whole(entry.get("tokens_per_day"), f"{where}.tokens_per_day"),
        cost_per_day=as_number(entry.get("cost_per_day"), f"{where}.cost_per_day"),
        allowed_providers=_allowed(entry.get("allowed_providers"), f"{where}.allowed_providers"),
        local_only=bool(local_only),
        cost_policy=policy,
        concurrency=as_whole(entry.get("concurrency"), f"{where}.concurrency"),
        priority_max=priority_max,
    )


def _allowed(value: object, where: str) -> tuple[str, ...]:
    names = keys_in(value, where)
    return tuple(dict.fromkeys(provider_named(name) or name for name in names))
