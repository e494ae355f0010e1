"""Evidence: what replies and refusals say, held against what a meter counts.

*Less* is believed at once: the provider has seen everything that we sent, and perhaps what others sent. *More* may only mean
that what is in flight has not been counted yet, so it is held against all that may not have been, and believed when it is said
again a settled moment later. A refusal that names no number teaches the count at which it came; whether that still holds is
looked at now and then.
"""

import math

from hrd.core.failures import HintSource, Observation, WindowKind
from hrd.core.quota import kinds
from hrd.core.quota.count import Count
from hrd.core.quota.kinds import CREDIT, DAY_S, HOUR_S, PLAN_WHOLE
from hrd.core.quota.meter import TESTS_A_DAY, Meter
from hrd.core.quota.opening import NOT_IN_TIME
from hrd.core.quota.window import (
    CATALOGUE,
    FIRST_USE,
    FIXED,
    IN_FLIGHT,
    NEVER,
    REFILL,
    REFUSALS,
    SAID,
    SETTINGS,
    SLIDING,
    USE,
    Turn,
)
from hrd.core.times import WAIT_MAX_S

SETTLED_S = 1.0
"""How long after it was first said that more is left it has to be said again."""
COUNT_MAX = 10**15
"""A larger limit is a mistake."""
REFILLS_SEEN = 3
"""So many resets in a row that grew with the use, each as far off as the used part of the limit is of the span: it refills."""
REFILL_FIT_S = 1.5
LITTLE = 10
"""Where less than one part in so many is left, many a request finds no room."""
NEAR_BOUNDARY_S = 120.0
"""A reset this close to the calendar's is the calendar's."""
DRIFT_S = 14_400.0
"""So long after its last word on them the provider's count of tokens may be another than ours: six times a day it is looked at,
which leaves two looks for what is in doubt."""
PROBE_S = 900.0
"""PROBE_SECONDS, when nobody says otherwise."""


def sensible(seen: Observation) -> tuple[int | None, int | None] | None:
    """(limit, left) of what was said, or None if it makes no sense or says nothing."""
    if seen.used_percent is not None:
        if not math.isfinite(seen.used_percent):
            return None
        percent = min(100.0, max(0.0, seen.used_percent))
        return PLAN_WHOLE, PLAN_WHOLE - round(percent * PLAN_WHOLE / 100.0)
    limit, left = seen.limit, seen.left
    if limit is not None and not 0 <= limit <= COUNT_MAX:
        limit = None
    if left is not None and left < 0:
        left = 0 if kinds.measure_of(seen.kind.value) is CREDIT else None  # one may owe money; a count of -1 is none at all
    if left is not None and left > COUNT_MAX:
        left = None
    if limit == 0:
        limit, left = None, left or None  # "0 of 0": there is no such window, or it is not ours
    if limit is None and left is None:
        return None
    return limit, left if limit is None or left is None else min(left, limit)


def turn_of(kind: WindowKind, name: str, *, refused: bool) -> Turn:
    """How a window turns of which a reply speaks. *refused*: it speaks of it only when it is full, or when it is asked, so that
    in between we have to keep to it by ourselves, however the provider's minutes fall."""
    if kind is WindowKind.AT_ONCE:
        return IN_FLIGHT
    span = kinds.span_of(name)
    if kind is WindowKind.CREDIT and not span:
        return NEVER
    if refused and span in kinds.CALENDAR | {"second"}:
        return SLIDING if kinds.SPANS_S[span] <= HOUR_S else FIXED
    return SAID


def believe(
    meter: Meter, seen: Observation, now: float, *, source: str, count: Count | None = None, probe_s: float = PROBE_S
) -> None:
    """Take in what a reply said. *count*: what its own request counts here; a refused one has been given back before."""
    said = sensible(seen)
    if said is None:
        return
    meter.turn(now)
    limit, left = said
    if limit is not None:
        meter.limit, meter.is_implied, meter.is_known = limit, False, True
        meter.source, meter.limit_at = source, now
    if left is None:
        return
    if limit is None and left == 0 and may_learn(meter) and meter.used > 0:
        _set_end(meter, seen.resets_at, meter.used, now, is_relative=seen.is_relative)
        learn(meter, now, probe_s)
        return
    if limit is None and left == 0 and source == HintSource.BODY.value and not meter.used:
        return  # it names the window and no number, and we have no count: there is nothing to learn
    if meter.turns is IN_FLIGHT:
        return  # we know better than anybody how many are in flight
    if meter.limit is None or (meter.is_implied and (left > meter.limit or meter.turns is NEVER)):
        meter.limit, meter.is_implied, meter.is_known = max(1, meter.used + left), True, True
        meter.source, meter.limit_at = source, now
    used = meter.limit - left
    _set_end(meter, seen.resets_at, used, now, is_relative=seen.is_relative)
    _set_used(meter, used, now, seen.resets_at, count)
    if left == 0 or (meter.is_sized and left * LITTLE < meter.limit):
        _plan_test(meter, now, probe_s)


def _set_used(meter: Meter, used: int, now: float, resets_at: float | None, count: Count | None) -> None:
    meter.said = used
    if used >= meter.used:
        meter.more = None
        meter.set_used(used, now, resets_at)
        if meter.is_of_tokens:  # it may have what is in flight in it, at another size than was reserved
            own = count.amount if count is not None and count.is_answered else 0
            meter.put_in_doubt(meter.pending - own, now)
        return
    uncounted = meter.pending if count is None else meter.reserved_total - count.mark - count.amount
    at_most = used + max(0, uncounted) + meter.spare
    if at_most >= meter.used:
        meter.more = None
    elif meter.more is None:
        meter.more = now
    elif abs(now - meter.more) >= SETTLED_S:
        meter.more = None
        meter.set_used(at_most, now)


def _set_end(meter: Meter, resets_at: float | None, used: int, now: float, *, is_relative: bool) -> None:
    """When the window turns, as said; whether it turns at once or bit by bit shows in what is said."""
    if resets_at is None or not math.isfinite(resets_at):
        if meter.ends_at is None and meter.turns is SAID:
            meter.begin(now)
        return
    ends_at = min(max(resets_at, now), now + WAIT_MAX_S)
    if meter.turns is SAID:
        _look_for_refilling(meter, ends_at, used, now)
    if meter.turns in (SAID, FIRST_USE):
        if meter.ends_at is None or meter.ends_at > now + WAIT_MAX_S:
            meter.begun_at = now
        meter.ends_at, meter.is_relative, meter.is_assumed = ends_at, is_relative, False
    elif meter.turns is FIXED and abs(ends_at - (meter.ends_at or 0.0)) > NEAR_BOUNDARY_S and used > 0:
        meter.turns = SAID  # it goes by another calendar than we thought
        meter.begun_at, meter.ends_at = min(meter.begun_at, now), ends_at


def _look_for_refilling(meter: Meter, ends_at: float, used: int, now: float) -> None:
    if not meter.limit or meter.span_s is None or used <= 0:
        return
    full_s = used * meter.span_s / meter.limit
    if abs(ends_at - now - full_s) > REFILL_FIT_S + 0.001 * full_s:
        meter.refills_seen = (0, 0.0)
        return
    count, first = meter.refills_seen
    first = ends_at if not count else first
    meter.refills_seen = (count + 1, first)
    if count + 1 >= REFILLS_SEEN and ends_at - first > 2 * REFILL_FIT_S:
        meter.turns, meter.refilled_at, meter.ends_at = REFILL, now, None


def learn(meter: Meter, now: float, probe_s: float = PROBE_S, *, is_guess: bool = False) -> None:
    """The provider refused when so much was used: that is the limit, until something else turns out. *is_guess*: it did not say
    that it was this window. Money is spent until it is gone, so that what was served last may have gone beyond it."""
    meter.lessons = meter.lessons + 1 if meter.source == REFUSALS and is_guess else 1 if is_guess else 2
    again_s = max(meter.test_s * 2, probe_s) if meter.source == REFUSALS else probe_s
    met_at = meter.used - meter.settled_last if meter.measure is CREDIT else meter.used
    meter.limit, meter.is_implied, meter.is_known = max(1, met_at), False, True
    meter.source, meter.limit_at = REFUSALS, now
    meter.test_s = min(again_s, DAY_S)
    meter.test_at, meter.is_testing = now + meter.test_s, False
    if meter.turns is FIXED and meter.ends_at is None:
        meter.open(now)
    if meter.length_s > HOUR_S and meter.ends_at is not None and meter.turns is FIXED:
        meter.test_at = max(meter.test_at, meter.ends_at)  # it is full by its own calendar


def _plan_test(meter: Meter, now: float, probe_s: float) -> None:
    """It is used up until a far moment, or has too little left for most, on nobody's word but the provider's."""
    if not _ends_far_off(meter, now):
        return
    if meter.is_testing or meter.test_at <= meter.begun_at:
        meter.test_s = min(max(meter.test_s * 2, probe_s), DAY_S) if meter.is_testing else probe_s
        meter.test_at, meter.is_testing = now + meter.test_s, False


def _ends_far_off(meter: Meter, now: float) -> bool:
    """By the provider's word; a balance ends when somebody pays."""
    if meter.turns is NEVER:
        return meter.source != SETTINGS
    return meter.turns is SAID and meter.ends_at is not None and meter.ends_at - now > HOUR_S


def may_learn(meter: Meter) -> bool:
    """Whether a refusal without numbers can teach anything here: nobody has said better."""
    return meter.limit is None or meter.is_implied or meter.source in (CATALOGUE, REFUSALS, USE)


def may_test(meter: Meter, now: float) -> bool:
    """Whether one request may go beyond a limit that was only learned, before a far moment that was only said, or beyond a
    count of tokens that is ours and may have drifted, to see how things are."""
    return now >= meter.test_at and now >= tested_from(meter, now)


def tested_from(meter: Meter, now: float) -> float:
    """From when on one may; `NOT_IN_TIME` if none may, as things stand."""
    if meter.is_testing:
        return NOT_IN_TIME
    if meter.pending and meter.is_of_tokens:
        return NOT_IN_TIME  # the provider's word would have it in it, at another size than was reserved
    at = meter.test_at
    if meter.doubt and meter.source != SETTINGS:
        pass  # some of what is used may not be
    elif meter.source == REFUSALS:
        if meter.claimed is not None and (meter.limit or 0) >= meter.claimed and meter.measure is not CREDIT:
            return NOT_IN_TIME  # money that is left, but not enough to be safe, is spent all the same
    elif meter.source == HintSource.BODY.value and meter.is_of_tokens and (meter.span_s or 0.0) > HOUR_S:
        at = max(at, meter.limit_at + DRIFT_S)
    elif not at or not _ends_far_off(meter, now):
        return NOT_IN_TIME
    return at if looks_left(meter, now) else max(at, meter.tests[0] + DAY_S)


def looks_left(meter: Meter, now: float) -> bool:
    """Whether it was not looked at too often within the last day."""
    return len(meter.tests) < TESTS_A_DAY or now - meter.tests[0] > DAY_S


def may_test_from(meter: Meter, now: float) -> float:
    """When `may_test` may say something else by the clock alone."""
    moments = [meter.test_at, meter.limit_at + DRIFT_S]
    if len(meter.tests) >= TESTS_A_DAY:
        moments.append(meter.tests[0] + DAY_S)
    return min([moment for moment in moments if moment > now], default=math.inf)


def is_firm(meter: Meter) -> bool:
    """Not a guess from a single refusal."""
    return meter.source != REFUSALS or meter.lessons > 1


def begin_test(meter: Meter, now: float) -> None:
    """One goes beyond."""
    meter.is_testing = True
    meter.tests.append(now)
