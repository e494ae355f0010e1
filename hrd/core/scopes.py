"""Scopes: whose quota, whose failure. A scope is a short string; a candidate belongs to several.

| scope | written | a block on it stops |
|---|---|---|
| candidate | `candidate:<fingerprint>/<model>` | one model with one credential |
| credential | `credential:<fingerprint>` | everything with that key |
| paid, free with a key | `paidkey:<fingerprint>`, `freekey:<fingerprint>` | the paid or the free models with that key |
| account | `account:<provider>/<account>` | every key of that account |
| paid, free | `paid:<provider>/<account>`, `free:<provider>/<account>` | that account's paid or free models |
| account and model | `accountmodel:<provider>/<account>/<model>` | one model with every key of that account |
| model | `model:<provider>/<model>` | one model with every key |
| endpoint | `endpoint:<base url>` | everything behind that URL |
| endpoint model | `endpoint:<base url> <model>` | one model behind that URL |
| provider | `provider:<provider>` | the provider |
"""

from collections.abc import Mapping

from hrd.core.providers import CostClass

KINDS = (
    "candidate",
    "credential",
    "key_part",
    "account",
    "account_model",
    "part",
    "model",
    "endpoint_model",
    "endpoint",
    "provider",
)
"""A candidate's scopes in their order, narrowest first. `part` is the free or the paid models of its account, `key_part` of its
key."""
ACCOUNT_KINDS = frozenset({"account", "accountmodel", "free", "paid"})
"""How scopes begin that are an account's; its name follows the provider's."""
PLACES = {kind: place for place, kind in enumerate(KINDS)}


def of(
    *, provider_name: str, base_url: str, fingerprint: str, owner: str, model_name: str, cost_class: CostClass
) -> tuple[str, ...]:
    """Every scope of one candidate, as `KINDS` has them. *owner* is its account."""
    return (
        candidate(fingerprint, model_name),
        credential(fingerprint),
        key_part(fingerprint, cost_class),
        account(provider_name, owner),
        account_model(provider_name, owner, model_name),
        account_part(provider_name, owner, cost_class),
        model(provider_name, model_name),
        endpoint_model(base_url, model_name),
        endpoint(base_url),
        provider(provider_name),
    )


def candidate(fingerprint: str, model: str) -> str:
    return f"candidate:{fingerprint}/{model}"


def credential(fingerprint: str) -> str:
    return f"credential:{fingerprint}"


def key_part(fingerprint: str, cost_class: CostClass) -> str:
    """The free or the paid models with a key: its own budget is of money, and stops the paid ones alone."""
    return f"{'free' if cost_class <= CostClass.FREE else 'paid'}key:{fingerprint}"


def account(provider: str, name: str) -> str:
    return f"account:{provider}/{name}"


def account_in(rest: str) -> str:
    """`<provider>/<account>` out of what follows the kind of an account's scope, if the account's name has no slash."""
    provider, _, account = rest.partition("/")
    return f"{provider}/{account.partition('/')[0]}"


def renamed(scope: str, names: Mapping[str, str]) -> str:
    """*scope* under its account's true name (*names*: old → new, both `<provider>/<account>`)."""
    if not names:
        return scope
    kind, _, rest = scope.partition(":")
    if kind not in ACCOUNT_KINDS:
        return scope
    owner = account_in(rest)
    new = names.get(owner)
    return scope if new is None else f"{kind}:{new}{rest.removeprefix(owner)}"


def account_model(provider: str, name: str, model: str) -> str:
    return f"accountmodel:{provider}/{name}/{model}"


def account_part(provider: str, name: str, cost_class: CostClass) -> str:
    """The free or the paid models of an account: a billing failure stops the paid ones alone."""
    return f"{'free' if cost_class <= CostClass.FREE else 'paid'}:{provider}/{name}"


def model(provider: str, name: str) -> str:
    return f"model:{provider}/{name}"


def endpoint(base_url: str) -> str:
    return f"endpoint:{base_url}"


def endpoint_model(base_url: str, name: str) -> str:
    return f"endpoint:{base_url} {name}"


def provider(name: str) -> str:
    return f"provider:{name}"
