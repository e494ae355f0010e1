"""A lane: what is known of one candidate at this moment. `Lanes` keeps it true."""

import zlib
from collections.abc import Callable
from typing import Final

from hrd.core.blocks import Block
from hrd.core.journal import Reading
from hrd.core.providers import Candidate, CostClass
from hrd.core.quota.meter import Meter
from hrd.core.quota.opening import resets_at
from hrd.core.room import Room
from hrd.core.worth import BANDS, Worth

LOCAL_SHARE: Final = 1.0
SMOOTHING: Final = 0.2
"""The weight of the newest latency."""

Standing = tuple[int, int, float, int, int, float, int, "Lane"]
"""What a lane is ordered by among those of its provider: model, worth, lapse, share left, in flight, last used, place."""


class Lane:
    """One candidate's. Made by `Lanes`."""

    __slots__ = (
        "_note",
        "block",
        "candidate",
        "claimed",
        "credential",
        "doubted_at",
        "firm",
        "firm_until",
        "group",
        "guesses",
        "in_flight",
        "inexact",
        "is_open",
        "is_probe_due",
        "is_probed",
        "is_stale",
        "is_waitable",
        "latency_ms",
        "looked_at",
        "meters",
        "model_place",
        "number",
        "opens_at",
        "output_ample",
        "output_guess",
        "place",
        "provider",
        "reading",
        "room",
        "room_shared",
        "shut_until",
        "standing",
        "standing_until",
        "tier",
        "used_at",
        "valid_until",
        "worth",
    )

    def __init__(self, candidate: Candidate, note: Callable[["Lane"], None]) -> None:
        """*note* hears of each change."""
        self._note, self.candidate = note, candidate
        self.provider = candidate.provider.name
        self.place, self.model_place = candidate.place, candidate.provider.place_of(candidate.model)
        self.tier: float | None = None if candidate.cost_class is CostClass.LOCAL else float(candidate.cost_class)
        """Its class; None for local, where it depends on the request."""
        self.group = f"{self.tier}/{self.provider}"
        """Those of its provider and class."""
        self.credential, self.number = candidate.credential.fingerprint, zlib.crc32(candidate.key.encode())
        """`number`: by which it draws conversations (see `core.homes`)."""
        self.meters: list[Meter] | None = None
        """None: to be gathered anew."""
        self.is_stale = True
        self.valid_until = self.looked_at = self.used_at = 0.0
        self.in_flight, self.latency_ms = 0, 0.0
        """Smoothed; 0 is not known yet."""
        self.output_guess = self.output_ample = 0
        """Tokens that its replies usually have, and that few have more than."""
        self.block: Block | None = None
        """Of those in force the one that holds longest."""
        self.is_probed = False
        """Somebody went first after a block, and what they meet is not known yet."""
        self.is_probe_due = False
        """All that keeps it from being asked is to be looked at by the next request."""
        self.doubted_at = 0.0
        """It has failed, and nobody has seen it work since: when it is time to look, whoever else could serve; 0 is never."""
        self.room = Room()
        """By what is known."""
        self.room_shared = self.room
        """The same for a request that pins no provider, which leaves the reserve."""
        self.claimed = Room()
        """By what is claimed."""
        self.is_open = False
        """Nothing but the lack of room keeps it from being asked."""
        self.opens_at = self.shut_until = 0.0
        """When the known windows that count requests have room for one, and when all that are full have room for anything."""
        self.inexact: list[Meter] = []
        """The known windows of which that cannot be said: requests have a size there, or not the clock alone opens them."""
        self.guesses: list[Meter] = []
        """Those of the known limits that a single refusal made us guess."""
        self.firm, self.firm_until = Room(), 0.0
        """By those of the known windows that nobody may go beyond to see whether they still hold: until then."""
        self.is_waitable = False
        """A claimed limit of requests at once is reached: better to wait for one of them to end."""
        self.worth = Worth(LOCAL_SHARE) if candidate.cost_class is CostClass.LOCAL else Worth()
        self.standing: Standing | None = None
        self.standing_until = 0.0
        """What it is ranked by, and until when, if its windows or what runs on it do not change before."""
        self.reading: Reading | None = None
        """See `reading_of`."""

    def touch(self) -> None:
        """Something changed at one of its scopes: it has to be looked at anew."""
        if not self.is_stale:
            self.is_stale = True
            self._note(self)

    def run(self, more: int) -> None:
        """So many *more* of its requests are out now."""
        self.in_flight += more
        self.standing = None
        self._note(self)

    def answered(self, latency_ms: float) -> None:
        before = self.latency_ms
        self.latency_ms = (1 - SMOOTHING) * before + SMOOTHING * latency_ms if before else latency_ms
        self._note(self)

    def output_needed(self, most: int | None) -> int:
        """Tokens that there has to be room for in a reply of *most* at most: few are longer."""
        return self.output_ample if most is None else min(most, self.output_ample)

    def may_be_tested(self, tokens: int, output_tokens: int, now: float) -> bool:
        """Whether a request that it has no room for may perhaps go beyond what is in its way."""
        return self.firm.takes(tokens, output_tokens) or now >= self.firm_until

    def is_shut_until(self, moment: float) -> bool:
        """Whether nobody may ask before *moment*: what is known says so, which is no guess and not looked at before."""
        return self.shut_until > moment and not self.guesses and (self.block is None or self.block.next_probe is None)

    def is_used_up(self, tokens: int, most: int | None) -> bool:
        """Whether by a claim it has nothing left for a request of *tokens* and at most *most* in its reply."""
        claimed = self.claimed
        if claimed.requests >= 1 and tokens + self.output_ample <= claimed.least:
            return False  # seen at a glance
        return not claimed.takes(tokens, self.output_needed(most))

    def stand(self, now: float, size: float = 1.0) -> Standing:
        """Where it stands for a request of *size*, of which 1 is the usual."""
        worth = self.worth
        standing = worth.standing(now, size)
        made = (
            self.model_place,
            standing,
            worth.lapses_at,
            -int(worth.share * BANDS),
            self.in_flight,
            self.used_at,
            self.place,
            self,
        )
        if not worth.is_sized:
            self.standing, self.standing_until = made, worth.until
        return made


def reading_of(lane: Lane, now: float) -> Reading:
    """What was left for it when it was last looked at."""
    if lane.reading is None:
        lane.reading = _reading(lane, now)
    return lane.reading


def _reading(lane: Lane, now: float) -> Reading:
    meter = lane.worth.scarcest
    if meter is None or meter.limit is None:
        return Reading(candidate=lane.candidate.key, in_flight=lane.in_flight)
    return Reading(
        candidate=lane.candidate.key,
        kind=meter.kind,
        left=max(0, meter.limit - meter.used),
        limit=None if meter.is_implied else meter.limit,
        resets_at=resets_at(meter, now),
        is_known=meter.is_known,
        in_flight=lane.in_flight,
    )
