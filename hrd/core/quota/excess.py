"""Excess: what a provider took although, by our count, there was no room for it, and what that teaches."""

from hrd.core.quota.count import Count
from hrd.core.quota.meter import Meter
from hrd.core.quota.window import NEVER, REFUSALS, SAID, SETTINGS, USE


def taken(count: Count, now: float) -> None:
    """The reply to what *count* counts has begun, and there was no room for it, or it was to find out whether there is."""
    meter = count.meter
    if meter.source == REFUSALS and meter.turns is SAID:
        _disprove(meter)  # by its provider's word it was used up until a moment that is not here
        meter.lessons = 0
        _look_no_more(meter)
    elif meter.doubt and meter.limit is not None and meter.source != SETTINGS:
        _drifted(count, now)
    elif meter.source == REFUSALS and _turned_as_said(meter, count):
        meter.lessons, meter.is_testing = meter.lessons + 1, False
    elif meter.source == REFUSALS:
        meter.limit, meter.lessons = max(meter.limit or 0, count.used_after), 0
        meter.test_at, meter.test_s, meter.is_testing = now, 0.0, False
    elif not meter.is_known:
        _disprove(meter)
    elif meter.turns is NEVER and meter.source != SETTINGS:
        _disprove(meter)  # somebody has paid
    elif meter.turns is SAID and meter.source != SETTINGS:
        meter.restart(now, count.amount)  # it has turned, whatever was said
        if meter.limit is not None and count.amount > meter.limit:
            _disprove(meter)  # one request was more than all of it
        _look_no_more(meter)
    elif meter.source != SETTINGS:
        _drifted(count, now)


def _disprove(meter: Meter) -> None:
    """Its limit is none, and what it is nobody has said."""
    meter.limit, meter.source, meter.is_known = None, USE, False


def _look_no_more(meter: Meter) -> None:
    meter.test_at, meter.test_s, meter.is_testing = 0.0, 0.0, False


def settled(count: Count, spent: int, now: float) -> None:
    """It came to *spent*, of which its meter has been told: how far it went beyond the limit shows now."""
    meter = count.meter
    count.is_excess = False
    if meter.limit is not None and count.epoch == meter.epoch:
        _drop(meter, count.used_after - count.amount + spent - meter.limit, now)


def _turned_as_said(meter: Meter, count: Count) -> bool:
    """More was taken at the moment that the provider had named than leaves bit by bit: all of it has left, and the limit is
    no higher for it."""
    if not 0 < meter.opens_at <= count.at:
        return False
    used = meter.used
    meter.leave_before(meter.opens_at + meter.length_s)
    meter.opens_at = 0.0
    return meter.used < used and meter.used <= (meter.limit or 0)


def _drifted(count: Count, now: float) -> None:
    """More was counted than the provider did. By how much, only what the request really comes to can tell: to take the whole
    reservation for it would leave more room than there is."""
    meter = count.meter
    meter.is_testing = False
    if meter.is_sized:
        count.is_excess = True
    elif meter.limit is not None:
        _drop(meter, meter.used - meter.limit, now)


def _drop(meter: Meter, excess: int, now: float) -> None:
    """So much was counted too much; what was in doubt first."""
    if excess > 0:
        doubt = meter.doubt
        meter.set_used(meter.used - excess, now)
        meter.doubt = max(0, doubt - excess)
