"""The laws, for any history: what is asked when, who is down, what shrinks, who else spends, when the router stops or dies.

The pool is driven as in the month, over accounts with a few requests a window, so that every history meets their ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from tests.simulation import styles, wording
from tests.simulation.clock import Clock
from tests.simulation.month import BEGIN
from tests.simulation.ours import Ours
from tests.simulation.providers import Account, Asked, Key
from tests.simulation.tiers import OPEN_CLIENT, SHANGHAI_S
from tests.simulation.verdicts import AT_ONCE, IN_TIME, PROBE, Judge
from tests.simulation.windows import DAY_S, MINUTE_S, Bucket, Fixed, InFlight, Sliding, Unit, Window, every

QUICKLY = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
"""Why a history fails is told by its notes; explaining it by coverage takes minutes."""
REQUESTS, TOKENS = Unit.REQUESTS, Unit.TOKENS


def minute(limit: int) -> Fixed:
    return Fixed("minute", REQUESTS, limit, every(MINUTE_S), MINUTE_S)


def day(limit: int, offset_s: float = 0.0) -> Fixed:
    return Fixed("day", REQUESTS, limit, every(DAY_S, offset_s), DAY_S)


def sambanova() -> Account:
    told = styles.told(styles.sambanova)
    return Account("sambanova", "1", [minute(4), day(12)], told, styles.with_retry_after(told))


def cerebras() -> Account:
    told = styles.told(styles.cerebras)
    return Account("cerebras", "1", [minute(3), day(10)], told, styles.without_hint(told))


def groq() -> Account:
    windows: list[Window] = [
        Bucket("requests per day (RPD)", REQUESTS, 40, DAY_S),
        Bucket("tokens per minute (TPM)", TOKENS, 6000, MINUTE_S),
    ]
    return Account("groq", "test1", windows, wording.groq_accepted, wording.groq)


def openrouter() -> Account:
    return Account("openrouter", "1", [minute(4), day(9)], wording.says_nothing, wording.openrouter)


def naga() -> Account:
    windows: list[Window] = [Sliding("minute", REQUESTS, 3, MINUTE_S), day(8)]
    return Account("naga", "1", windows, wording.says_nothing, wording.naga)


def zai() -> Account:
    return Account("zai", "1", [InFlight("in flight", 1), day(9, SHANGHAI_S)], wording.says_nothing, wording.zai)


DEATH = ("stop", "crash")


def kimi() -> Account:
    told = styles.told(styles.nameless_ms)
    return Account("kimi", "1", [minute(4)], told, styles.with_retry_after(told))


def sambanovas_day() -> Account:
    told = styles.told(styles.sambanova)
    return Account("sambanova", "2", [day(12)], told, styles.without_hint(told))


EXACT = (kimi, sambanova, sambanovas_day, cerebras)
"""Who tells with every reply what is left, and when that turns: it need never refuse."""
OTHERS = (groq, openrouter, naga, zai)


@dataclass(frozen=True)
class Event:
    """So long after the one before."""

    after_s: float
    what: str
    count: int = 1


@dataclass
class History:
    """A run of the pool over some accounts."""

    accounts: list[Account]
    keys: list[Key] = field(init=False)

    def __post_init__(self) -> None:
        self.clock = Clock(BEGIN)
        self.keys = [Key(f"test-not-a-key-{account.provider}-1", account) for account in self.accounts]
        self.judge = Judge(self.clock, self.keys)
        self.ours = Ours(self.clock, self.judge, self.keys)
        self.asked = 0
        self.in_flight_most = 0

    def run(self, events: list[Event]) -> None:
        at = BEGIN
        for event in events:
            at += event.after_s
            if event.what in DEATH:
                self.clock.at(max(self.clock.now, at - 1.0), self.ours.flush)
            self.clock.at(at, self._do, event)
        self.clock.run()

    def _do(self, event: Event) -> None:
        now = self.clock.now
        account = self.accounts[event.count % len(self.accounts)]
        match event.what:
            case "ask":
                for _ in range(event.count):
                    self.asked += 1
                    self.ours.ask(Asked(self.asked, now, OPEN_CLIENT, 300 + event.count, 100, 310, 0.5, 3.0))
            case "elsewhere":
                other = Asked(0, now, OPEN_CLIENT, 100, 10, 100, 0.5, 2.0)
                account.spend_elsewhere(other, now)
            case "outage":
                account.outages.append((now, now + 60.0 * event.count))
            case "stop":
                self.ours.stop(None)
            case "crash":
                self.ours.crash(None)

    def check(self, *, died: bool) -> None:
        """*died*: what was out then counts as spent, so that a request may fail that could have been served."""
        tally = self.judge.tally
        assert tally.served + tally.failed == self.asked, "every request is served or fails, once"
        in_flight = self.ours.pool.snapshot(self.clock.now).in_flight
        assert not any(in_flight.values()), f"nothing is in flight when idle: {in_flight}"
        assert not tally.overspent, tally.notes
        assert not tally.in_a_row, tally.notes
        assert died or not (tally.failed_in_vain[AT_ONCE] or tally.failed_in_vain[IN_TIME]), tally.notes


PAUSES = st.sampled_from([0.0, 0.1, 1.0, 7.0, 23.0, 61.0, 300.0, 3600.0, 30_000.0])
ASKS = st.builds(Event, PAUSES, st.just("ask"), st.integers(1, 12))
DEATHS = st.builds(Event, PAUSES, st.sampled_from(DEATH))
TROUBLES = st.builds(Event, PAUSES, st.sampled_from(["elsewhere", "outage"]), st.integers(1, 3))


def died(events: list[Event]) -> bool:
    return any(event.what in DEATH for event in events)


def runs(
    makes: tuple[Callable[[], Account], ...], events: st.SearchStrategy[Event], *, at_most: int = 3
) -> st.SearchStrategy[tuple[History, list[Event]]]:
    histories = st.lists(st.sampled_from(makes), min_size=1, max_size=at_most, unique=True).map(
        lambda chosen: History([make() for make in chosen])
    )
    return st.tuples(histories, st.lists(events, min_size=1, max_size=40))


@settings(max_examples=60, phases=QUICKLY)
@given(runs(EXACT, ASKS | DEATHS, at_most=1))
def test_who_tells_what_is_left_is_never_overspent(run: tuple[History, list[Event]]) -> None:
    """But for what goes out before its first word: until then nothing is known. What was out when the router died is in doubt,
    and may be looked at."""
    history, events = run
    first = Event(0.0, "ask")
    history.run([first, *[replace(event, after_s=event.after_s + (60.0 if n == 0 else 0.0)) for n, event in enumerate(events)]])
    history.check(died=died(events))
    refusals = history.judge.tally.refusals
    assert not refusals or (died(events) and set(refusals) == {PROBE}), history.judge.tally.refused_by


@settings(max_examples=60, phases=QUICKLY)
@given(runs((kimi, sambanova, cerebras, *OTHERS), ASKS | DEATHS | TROUBLES))
def test_the_laws_hold_for_any_history(run: tuple[History, list[Event]]) -> None:
    history, events = run
    history.run(events)
    history.check(died=died(events))


@settings(max_examples=20, phases=QUICKLY)
@given(count=st.integers(51, 200))
@example(count=200)
def test_two_hundred_at_once_do_not_overspend_a_window_of_fifty(count: int) -> None:
    told = styles.told(styles.cerebras)
    account = Account("cerebras", "1", [day(51)], told, styles.without_hint(told))
    history = History([account])
    history.run([Event(0.0, "ask"), Event(60.0, "ask", count)])
    assert history.judge.tally.served == 51
    assert history.judge.tally.sent == 51
    assert not history.judge.tally.refusals
