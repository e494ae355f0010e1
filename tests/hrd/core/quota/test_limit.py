"""Limits as they are written down."""

import pytest

from hrd.core.quota.limit import Limit, scope_kind, why_unusable


@pytest.mark.parametrize(
    ("facts", "part"),
    [
        ({"kind": "requests/fortnight", "limit": 1}, "requests/minute"),
        ({"kind": "requests/day", "limit": 0}, "above 0"),
        ({"kind": "requests/day", "limit": 10**16}, "above 0"),
        ({"kind": "requests/day", "limit": 1, "scope": "planet"}, "account_model"),
        ({"kind": "requests/day", "limit": 1, "turns": "daily"}, "first use"),
    ],
)
def test_what_cannot_be_used_says_what_could(facts: dict[str, object], part: str) -> None:
    assert part in why_unusable(Limit(**facts))  # type: ignore[arg-type]


def test_a_good_limit_is_usable() -> None:
    assert why_unusable(Limit(kind="tokens/day", limit=10**15, scope="free", turns="sliding")) == ""


def test_a_limit_of_some_models_is_not_the_whole_accounts() -> None:
    assert scope_kind(Limit(kind="requests/day", limit=1), "account") == "account"
    assert scope_kind(Limit(kind="requests/day", limit=1, models=("m",)), "account") == "account_model"
    assert scope_kind(Limit(kind="requests/day", limit=1, models=("m",)), "candidate") == "candidate"
    assert scope_kind(Limit(kind="requests/day", limit=1, scope="free"), "account") == "free"
