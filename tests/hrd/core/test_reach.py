"""What a reset reaches: all that stops a provider, all that is a credential's own, or everything."""

import pytest

from hrd.core.facts import Reset
from hrd.core.providers import Candidate
from hrd.core.reach import left_since, reach_of
from hrd.core.roster import Selection
from tests.hrd.stage import key, provider, roster

ROSTER = roster(
    [
        (
            provider("alpha", "m1"),
            [key("alpha", "a1", account="org_x"), key("alpha", "a2"), key("alpha", "a3", account="org_x/y")],
        ),
        (provider("alphabet", "m1"), [key("alphabet", "a1", account="org_x")]),
        (provider("twin", "m1", base_url="https://alpha.test/v1"), ["t1"]),
    ]
)


def one(credential: str) -> Candidate:
    selection = ROSTER.select_chat("hermes-router")
    assert isinstance(selection, Selection)
    return next(c for c in selection.candidates if c.credential.fingerprint == credential)


def reached(reset: Reset, credential: str) -> set[str]:
    reach = reach_of(reset, ROSTER)
    return {
        scope.partition(":")[0] + (" model" if " " in scope else "") for scope in one(credential).scopes if reach.covers(scope)
    }


OWN = {"candidate", "credential", "paidkey", "account", "accountmodel", "paid"}
ALL = OWN | {"model", "endpoint", "endpoint model", "provider"}


@pytest.mark.parametrize("credential", ["alpha-a1", "alpha-a2", "alpha-a3"])
def test_a_providers_reset_reaches_all_that_stops_one_of_its_candidates(credential: str) -> None:
    assert reached(Reset(provider="alpha"), credential) == ALL


def test_it_reaches_nobody_else_but_by_a_shared_endpoint() -> None:
    assert reached(Reset(provider="alpha"), "alphabet-a1") == set()
    assert reached(Reset(provider="alpha"), "twin-t1") == {"endpoint", "endpoint model"}


def test_a_credentials_reset_reaches_what_is_its_own_and_its_accounts() -> None:
    assert reached(Reset(credential="alpha-a1"), "alpha-a1") == OWN
    assert reached(Reset(credential="alpha-a1"), "alpha-a2") == set()
    assert reached(Reset(credential="alpha-a2"), "alpha-a2") == OWN
    assert reached(Reset(credential="alpha-a1"), "alphabet-a1") == set()


def test_without_a_name_everything_is_meant() -> None:
    assert reached(Reset(), "alphabet-a1") == ALL
    assert reach_of(Reset(), ROSTER).is_everything


def test_a_name_that_is_gone_reaches_what_still_bears_it() -> None:
    reach = reach_of(Reset(credential="alpha-a9"), ROSTER)
    assert reach.covers("credential:alpha-a9")
    assert reach.covers("candidate:alpha-a9/m1")
    assert not reach.covers("account:alpha/org_x")
    nobody = reach_of(Reset(provider="unheard-of"), ROSTER)
    assert not any(nobody.covers(scope) for scope in one("alpha-a1").scopes)


def test_who_has_left_an_account_and_for_which() -> None:
    alpha = provider("alpha", "m1")
    before = [
        key("alpha", "a1", account="x"),
        key("alpha", "a2", account="x"),
        key("alpha", "a3"),
        key("alpha", "a4", account="x"),
    ]
    after = [
        key("alpha", "a1", account="alpha-a1"),
        key("alpha", "a2", account="y"),
        key("alpha", "a3", account="x"),
        key("alpha", "a5"),
    ]
    assert dict(left_since(roster([(alpha, [*before])]), roster([(alpha, [*after])]))) == {
        "alpha-a1": {"alpha/x": "alpha/alpha-a1"},
        "alpha-a2": {"alpha/x": "alpha/y"},
    }
