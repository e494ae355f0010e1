"""What a key has used itself goes with it, from one account to the other."""

from hypothesis import given
from hypothesis import strategies as st

from hrd.core.providers import Candidate
from hrd.core.quota import share
from hrd.core.quota.amounts import Amounts
from hrd.core.quota.book import QuotaBook
from hrd.core.quota.limit import Limit
from hrd.core.reach import left_since, named_since
from hrd.core.roster import Roster
from tests.hrd.core.quota.stage import spend
from tests.hrd.stage import NOON, candidate, key, provider, roster

KEYS = ("a1", "a2", "a3")
DAY = Limit(kind="tokens/day", limit=10**6, scope="account")


class Grouped:
    """Keys in accounts, of which the user allows each so much."""

    def __init__(self, own: Limit = DAY) -> None:
        self._provider = provider("alpha", "org/m1", cost_class="free", own_limits=(own,))
        self._scope = own.scope
        self.accounts = dict.fromkeys(KEYS, "x")
        self.book = QuotaBook()

    def who(self, name: str) -> Candidate:
        return candidate(self._provider, "org/m1", credential=key("alpha", name, account=self.accounts[name]))

    def go(self, name: str, account: str, now: float = NOON) -> None:
        before = self._roster()
        self.accounts[name] = account
        after = self._roster()
        self.book.move(named_since(before, after), now)
        for fingerprint, names in left_since(before, after):
            self.book.part(fingerprint, names, now)

    def _roster(self) -> Roster:
        return roster([(self._provider, [key("alpha", name, account=account) for name, account in self.accounts.items()])])

    def used(self, name: str, now: float = NOON) -> int:
        """Of what the user allows the account that *name* belongs to."""
        who = self.who(name)
        found = [one for one in self.book.meters_of(who, now) if one.owner == "user" and one.limit is not None]
        (meter,) = found
        meter.turn(now)
        return meter.used


def test_a_models_share_is_counted_with_the_model_whatever_is_in_its_name() -> None:
    made = Grouped(Limit(kind="requests/day", limit=9, scope="account_model"))
    spend(made.book, made.who("a1"), 1)
    spend(made.book, made.who("a2"), 2)
    made.go("a1", "alpha-a1")
    assert [made.used(name) for name in KEYS] == [1, 1, 1]
    scopes = made.who("a1").scopes
    assert share.scope_of("accountmodel:alpha/alpha-a1/org/m1", scopes) == "candidate:alpha-a1/org/m1"
    assert share.scope_of("provider:alpha", scopes) is None


def test_what_slides_leaves_the_account_that_it_came_to_when_it_would_have_left_the_other() -> None:
    made = Grouped(Limit(kind="requests/hour", limit=9, scope="account"))
    for number, (name, at) in enumerate([("a1", 0), ("a2", 10), ("a1", 20)]):
        spend(made.book, made.who(name), number, now=NOON + at)
        made.book.settle(number, Amounts(), NOON + at)
    made.go("a1", "y", NOON + 30)
    assert [made.used("a1", NOON + at) for at in (30, 3601, 3621)] == [2, 1, 0]


def test_what_is_out_at_once_has_no_share() -> None:
    made = Grouped(Limit(kind="at once", limit=2, scope="account"))
    spend(made.book, made.who("a1"), 1)
    made.go("a1", "y")
    assert made.used("a1") == 0
    made.book.settle(1, Amounts(), NOON)
    assert made.used("a2") == 0


steps = st.one_of(
    st.tuples(st.just("spend"), st.sampled_from(KEYS), st.integers(0, 500)),
    st.tuples(st.just("settle"), st.sampled_from(KEYS), st.integers(0, 900)),
    st.tuples(st.just("go"), st.sampled_from(KEYS), st.sampled_from(["x", "y", "alone"])),
)


@given(st.lists(steps, max_size=30))
def test_an_account_has_used_what_its_keys_have_used_wherever_they_were(history: list[tuple[str, str, int | str]]) -> None:
    made, spent, out = Grouped(), dict.fromkeys(KEYS, 0), list[tuple[int, str, int]]()
    for number, (what, name, value) in enumerate(history):
        if isinstance(value, str):
            made.go(name, f"alpha-{name}" if value == "alone" else value)
        elif what == "spend":
            spend(made.book, made.who(name), number, tokens=value)
            spent[name] += value
            out.append((number, name, value))
        elif out:
            reserved, whose, amount = out.pop(0)
            made.book.settle(reserved, Amounts(value), NOON)
            spent[whose] += value - amount
        for account in set(made.accounts.values()):
            members = [one for one in KEYS if made.accounts[one] == account]
            assert made.used(members[0]) == sum(spent[one] for one in members)
