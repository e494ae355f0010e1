"""What refusals and unserved requests are put down to."""

from tests.simulation import tiers
from tests.simulation.clock import Clock
from tests.simulation.month import BEGIN
from tests.simulation.providers import Asked, Key, Lie
from tests.simulation.verdicts import (
    AT_ONCE,
    AVOIDABLE,
    FOREIGN,
    IN_TIME,
    LEARNING,
    LIE,
    PROBE,
    REVOKED,
    SHRINKING,
    WORD,
    Judge,
)
from tests.simulation.windows import DAY_S


class Story:
    """One key, and what is done with it."""

    def __init__(self, name: str) -> None:
        self.clock = Clock(BEGIN)
        self.key: Key = next(key for key in tiers.pool() if key.text.endswith(name))
        self.judge = Judge(self.clock, [self.key])

    def ask(self, now: float, count: int = 1, *, is_probe: bool = False) -> list[str]:
        """The causes of the refusals of *count* requests at *now*."""
        before = self.judge.tally.refusals.copy()
        for _ in range(count):
            self.judge.sent(self.key, asked(), now, is_probe=is_probe)
        return sorted((self.judge.tally.refusals - before).elements())

    def spend_day(self, now: float, count: int) -> None:
        self.key.account.windows[1].take(count, now, 1.0)


def asked(*, at: float = BEGIN, input_tokens: int = 400, output_tokens: int = 100) -> Asked:
    return Asked(1, at, tiers.CLOSE_CLIENT, input_tokens, output_tokens, 400, 0.5, 2.0)


def test_who_has_served_in_between_has_not_refused_twice_in_a_row() -> None:
    story = Story("groq-1")
    window = story.key.account.windows[3]
    window.take(window.limit, BEGIN, 1.0)
    story.ask(BEGIN)
    tomorrow = BEGIN + DAY_S + 1
    window.take(window.limit - window.used(tomorrow) - 300, tomorrow, 1.0)
    assert story.ask(tomorrow) == [AVOIDABLE]
    story.judge.sent(story.key, asked(output_tokens=10, input_tokens=100), tomorrow + 5)
    assert story.ask(tomorrow + 6) == [AVOIDABLE]
    assert story.judge.tally.in_a_row == 0
    assert story.ask(tomorrow + 10) == [AVOIDABLE]
    assert story.judge.tally.in_a_row == 1


def test_a_window_is_being_learned_until_it_has_turned_and_known_from_then_on() -> None:
    story = Story("naga-1")
    story.spend_day(BEGIN, 100)
    assert story.ask(BEGIN, 2) == [LEARNING, LEARNING]
    assert story.ask(BEGIN + DAY_S) == []
    story.spend_day(BEGIN + DAY_S, 99)
    assert story.ask(BEGIN + DAY_S + 1) == [AVOIDABLE]
    assert story.judge.tally.in_a_row == 0
    assert story.ask(BEGIN + DAY_S + 60) == [AVOIDABLE]
    assert (story.judge.tally.in_a_row, story.judge.tally.overspent) == (1, 2)
    assert story.ask(BEGIN + DAY_S + 960, 9, is_probe=True) == [AVOIDABLE, *[PROBE] * 8]
    assert story.judge.tally.in_a_row == 1, "the last went out before the one before it was heard of"
    assert story.judge.tally.avoidable_share == 3 / 11


def test_what_nobody_was_left_to_hear_is_not_known() -> None:
    story = Story("naga-1")
    story.spend_day(BEGIN, 100)
    assert story.ask(BEGIN) == [LEARNING]
    story.judge.deaf(BEGIN + 0.1)
    story.spend_day(BEGIN + DAY_S, 100)
    assert story.ask(BEGIN + DAY_S) == [LEARNING]
    story.judge.deaf(BEGIN + DAY_S + 0.2)
    story.spend_day(BEGIN + 2 * DAY_S, 100)
    assert story.ask(BEGIN + 2 * DAY_S) == [AVOIDABLE]


def test_spend_elsewhere_has_one_refusal_a_turn() -> None:
    story = Story("naga-1")
    story.spend_day(BEGIN, 100)
    story.ask(BEGIN)
    for day in (1, 2):
        now = BEGIN + day * DAY_S
        story.spend_day(now, 100)
        story.key.account.windows[1].foreign += 20
        assert story.ask(now) == [FOREIGN]
        assert story.ask(now + 30) == [AVOIDABLE]


def test_what_a_key_spends_is_spent_elsewhere_until_the_account_that_it_shares_has_been_named_to_each() -> None:
    """Groq's two keys of one organisation: its name is in refusals alone."""
    clock = Clock(BEGIN)
    keys = [key for key in tiers.pool() if key.provider == "groq"]
    judge = Judge(clock, keys)
    minute = keys[0].account.windows[0]

    def refused(key: Key, now: float) -> str:
        before = judge.tally.refusals.copy()
        minute.take(30 - minute.used(now), now, 1.0)
        judge.sent(key, asked(), now)
        (cause,) = (judge.tally.refusals - before).elements()
        return cause

    one, other = keys
    assert [refused(one, BEGIN + at) for at in (0, 70, 75)] == [LEARNING, FOREIGN, AVOIDABLE]
    assert [refused(other, BEGIN + at) for at in (130, 190)] == [FOREIGN, AVOIDABLE]
    assert judge.tally.overspent == 1  # by the last, which was told whose it is


def test_a_limit_that_shrank_has_one_refusal() -> None:
    story = Story("naga-1")
    story.spend_day(BEGIN, 100)
    story.ask(BEGIN)
    day = story.key.account.windows[1]
    day.was, day.limit = 100, 50
    for now, cause in ((BEGIN + DAY_S, SHRINKING), (BEGIN + 2 * DAY_S, AVOIDABLE)):
        story.spend_day(now, 50)
        assert story.ask(now) == [cause]


def test_a_revoked_key_may_be_tried_again_now_and_then() -> None:
    story = Story("naga-1")
    story.key.revoked_at = BEGIN
    assert story.ask(BEGIN) == [REVOKED]
    assert story.ask(BEGIN + 200) == [AVOIDABLE]
    assert story.ask(BEGIN + 500, is_probe=True) == [PROBE]


def test_who_is_lied_to_probes_and_is_not_blamed_for_believing() -> None:
    story = Story("zai-1")
    story.key.account.lies.append(Lie(BEGIN, BEGIN + 600, 7 * DAY_S))
    assert story.ask(BEGIN) == [LIE]
    assert story.ask(BEGIN + 300) == [AVOIDABLE]
    story.judge.failed(asked(at=BEGIN + 700), BEGIN + 700)
    assert story.judge.tally.failed_in_vain == {WORD: 1}
    story.clock.run()
    assert story.ask(BEGIN + 1500) == []
    assert story.judge.tally.idle == [(900.0, "zai")]
    story.clock.now = BEGIN + 1600
    story.judge.failed(asked(at=BEGIN + 1600), BEGIN + 1600)
    story.clock.run()
    assert story.judge.tally.failed_in_vain == {WORD: 1, AT_ONCE: 1}


def test_a_request_fails_in_vain_if_nobody_took_the_place_that_came_free_in_time() -> None:
    story = Story("zai-1")
    story.ask(BEGIN)  # in flight for two seconds
    story.judge.failed(asked(), BEGIN + 1)
    story.clock.run()
    assert story.judge.tally.failed_in_vain == {IN_TIME: 1}

    other = Story("zai-1")
    other.ask(BEGIN)
    other.judge.failed(asked(), BEGIN + 1)
    other.ask(BEGIN + 2)
    other.clock.run()
    assert other.judge.tally.failed == 1
    assert not other.judge.tally.failed_in_vain
