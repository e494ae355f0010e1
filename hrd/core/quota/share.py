"""A key's share: what it has used itself of what the user allows its account, and takes along when it leaves.

It is counted beside the account's window, at the key's own scope, and has no limit there unless the user sets one.
"""

from collections.abc import Iterator, Mapping

import msgspec

from hrd.core import scopes
from hrd.core.quota.count import Count
from hrd.core.quota.meter import Meter
from hrd.core.quota.meters import Meters
from hrd.core.quota.twins import join
from hrd.core.quota.window import NOBODY, USER


def scope_of(account_scope: str, own: tuple[str, ...]) -> str | None:
    """Where the share of *account_scope* is counted of a candidate whose scopes are *own*; None if that is no account's."""
    for account, key in (("account", "credential"), ("account_model", "candidate"), ("part", "key_part")):
        if account_scope == own[scopes.PLACES[account]]:
            return own[scopes.PLACES[key]]
    return None


def take_along(fingerprint: str, names: Mapping[str, str], meters: Meters, now: float) -> Iterator[tuple[Meter, Meter, Meter]]:
    """The key of *fingerprint* has left its account (*names*: what that is called → what it belongs to now, both
    `<provider>/<account>`): what it has used of each window is in the other account's, and no more in this one's. Each time its
    share, the window that it left, and the one that it came to."""
    for scope in meters.scopes():
        target = scopes.renamed(scope, names)
        if target == scope:
            continue
        for left in list(meters.at(scope)):
            share = meters.find(_at_key(scope, fingerprint), left.kind, USER) if left.owner == USER else None
            if share is not None:
                share.turn(now)
                left.turn(now)
                yield share, left, _put(share, target, meters, now)
                left.set_used(left.used - share.used, now)
                meters.touch(left)


def _at_key(scope: str, fingerprint: str) -> str:
    """Where the share of an account's *scope* is counted."""
    kind, _, rest = scope.partition(":")
    if kind == "account":
        return scopes.credential(fingerprint)
    if kind == "accountmodel":
        return scopes.candidate(fingerprint, rest.split("/", 2)[2])
    return f"{kind}key:{fingerprint}"


def _put(share: Meter, target: str, meters: Meters, now: float) -> Meter:
    """Count *share* at *target*."""
    row = msgspec.structs.replace(share.row(0, now), scope=target, limit=None, source=NOBODY, is_known=False)
    came = Meter(row)
    known = meters.find(target, share.kind, USER)
    if known is None:
        meters.add(came)
        known = came
    else:
        join(known, came, now)
    meters.touch(known)
    return known


def follow(count: Count, left: Meter, came: Meter) -> None:
    """What is out counts where the key is now. In a sliding window it soon leaves by itself."""
    if count.meter is not left or count.entry is not None:
        return
    for meter, sign in ((left, -1), (came, 1)):
        meter.pending += sign * count.amount
        meter.spare += sign * count.spare
        meter.loose += sign * count.loose
    count.meter, count.epoch = came, came.epoch
