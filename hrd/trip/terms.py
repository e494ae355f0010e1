"""What holds for every request of one settings generation."""

import msgspec

from hrd.core.access import Doorkeeper
from hrd.core.brake import BrakeRules
from hrd.core.prices import Prices
from hrd.core.secrets import Lookout
from hrd.core.strangers import Strangers
from hrd.dialects.contract import StreamBounds


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for every request of one settings generation."""

    doorkeeper: Doorkeeper
    strangers: Strangers
    auth_failures_max: int
    instance_id: bytes
    reply_s: float
    slow_first_token_s: float
    deadline_s: float
    stream_s: float
    idle_s: float
    bounds: StreamBounds
    waiting_max: int
    reasoning_reserve_tokens: int
    prices: Prices = msgspec.field(default_factory=Prices)
    brake_rules: BrakeRules = BrakeRules()
    secrets: Lookout = msgspec.field(default_factory=Lookout)
    """They must not be taken for a model: it would be asked for, logged and stored."""
