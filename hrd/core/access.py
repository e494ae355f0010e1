"""Access: who is calling, and what their key permits."""

import hmac
import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec

from hrd.core.ask import Priority
from hrd.core.ceilings import Ceilings
from hrd.core.providers import Candidate, CostClass

ANYTHING = "paid-ok"
"""The policy that forbids nothing."""
POLICY_CLASS = {"free-only": CostClass.FREE, "subscription-ok": CostClass.SUBSCRIPTION, "paid-ok": CostClass.PAID}


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A client key's holder, and what it permits."""

    fingerprint: str
    name: str = ""
    allowed_providers: tuple[str, ...] = ()
    local_only: bool = False
    cost_policy: str = ""
    ceilings: Ceilings = Ceilings()
    priority_max: Priority = Priority.HIGH

    @property
    def is_restricted(self) -> bool:
        """Whether its holder may not ask everybody."""
        return bool(self.allowed_providers or self.local_only or self.cost_policy)


class Doorkeeper:
    """Knows the client keys as bytes; compares in constant time, whatever the number of the one that fits."""

    def __init__(self, keys: Iterable[tuple[bytes, Caller]]) -> None:
        self._keys = tuple(keys)

    def callers(self) -> list[Caller]:
        """Everybody who may come in."""
        return [caller for _, caller in self._keys]

    def caller_of(self, authorization: bytes | None, api_key: bytes | None) -> Caller | None:
        """Who holds the key of `Authorization: Bearer` or, without one, the *api_key* of a header of that name."""
        offered = offered_key(authorization, api_key)
        if not offered:
            return None
        found: Caller | None = None
        for key, caller in self._keys:
            if hmac.compare_digest(key, offered):
                found = caller
        return found


def offered_key(authorization: bytes | None, api_key: bytes | None) -> bytes | None:
    """What is shown as a key, whosever it is; nothing or empty if there is none."""
    if authorization is not None and authorization[:7].lower() == b"bearer ":
        return authorization[7:].strip()
    return api_key


def why_forbidden(caller: Caller, candidate: Candidate, cost_policy: str) -> str:
    """Empty if *caller* may spend on *candidate*; otherwise the policy that says no."""
    if caller.allowed_providers and candidate.provider.name not in caller.allowed_providers:
        return "not allowed for this client key"
    if caller.local_only and not stays_here(candidate):
        return "this client key is local-only"
    policy = caller.cost_policy or cost_policy
    if candidate.cost_class > POLICY_CLASS.get(policy, CostClass.PAID):
        whose = " of this client key" if caller.cost_policy else ""
        return f"COST_POLICY {policy}{whose} forbids {candidate.cost_class.name.lower()}"
    return ""


def stays_here(candidate: Candidate) -> bool:
    """Whether what it is asked does not leave this machine."""
    return candidate.cost_class is CostClass.LOCAL and is_here(candidate.provider.base_url)


def is_here(base_url: str) -> bool:
    """Whether what is sent to *base_url* stays on this machine: `local` may be a model server in the next room."""
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, 6.3
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified  # Linux connects the latter to itself
