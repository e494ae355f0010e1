"""What the daemon's own pool has to reach, and what the oracle has to, to be one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.simulation.month import DAYS, Month
from tests.simulation.verdicts import AT_ONCE, IN_TIME, PROBE_S

ORACLE_SHARE_MIN = 0.995
SERVED_SHARE_MIN = 0.99
SERVED_SHARE_MIN_OF_A_PART = 0.985
"""Of the beginning of a month at more than there is. Its allowances are whole then, and who knows how much each day will be
asked spends less of them sooner; limits have to be learned, too, and two of three lies fall into it. By the end of the month
that evens out."""
AVOIDABLE_SHARE_MAX = 0.002
IDLE_MAX_S = PROBE_S + 60.0
"""One probe interval, and some time for a request to come."""
SECONDS_MAX = 60.0


@dataclass(frozen=True)
class Target:
    key: str
    what: str
    value: float
    is_met: bool
    said: str


def of_oracle(oracle: Month) -> Sequence[Target]:
    share = oracle.tally.served / oracle.bound
    return [Target("bound", "the oracle serves of the offline bound", share, share >= ORACLE_SHARE_MIN, "at least 99.5 %")]


def of_ours(ours: Month, oracle: Month) -> Sequence[Target]:
    tally = ours.tally
    share = tally.served / oracle.tally.served
    share_min = SERVED_SHARE_MIN_OF_A_PART if ours.load > 1 and ours.days < DAYS else SERVED_SHARE_MIN
    vain = tally.failed_in_vain
    astray = tally.asked - tally.served - tally.failed
    return [
        Target("served", "served of what the oracle serves", share, share >= share_min, f"at least {share_min:.2%}"),
        Target(
            "avoidable",
            "avoidable refusals of requests sent once limits are known",
            tally.avoidable_share,
            tally.avoidable_share <= AVOIDABLE_SHARE_MAX,
            "at most 0.2 %",
        ),
        Target("astray", "requests that were not served or failed once", astray, not astray, "none"),
        Target("row", "two in a row for the same full window", tally.in_a_row, not tally.in_a_row, "none"),
        Target("overspent", "known windows overspent by us", tally.overspent, not tally.overspent, "none"),
        Target("at once", "failed while somebody could have served", vain[AT_ONCE], not vain[AT_ONCE], "none"),
        Target("in time", "failed while somebody would have come free in time", vain[IN_TIME], not vain[IN_TIME], "none"),
        Target(
            "idle",
            "longest that somebody recovered was not asked, s",
            tally.idle_longest_s,
            tally.idle_longest_s <= IDLE_MAX_S,
            f"at most {IDLE_MAX_S:.0f}",
        ),
        Target("seconds", "seconds of one core for it", ours.seconds, ours.seconds < SECONDS_MAX, f"under {SECONDS_MAX:.0f}"),
    ]
