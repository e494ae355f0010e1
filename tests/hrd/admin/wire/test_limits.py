"""The shapes of `hr limit --json`, which others rely on."""

from hrd.admin.wire.keys import KeyLimits
from hrd.admin.wire.limits import Ceilings, ClientLimits, Limits, LimitSet, Spent
from tests.hrd.admin.wire.shapes import shape_of

NONE = {"rpm": 0, "req_per_day": 0, "tokens_per_day": 0, "cost_per_day": 0.0, "concurrency": 0}


def test_the_shape() -> None:
    one = ClientLimits(
        fingerprint="client-1a2b3c4d", name="ci", source="auth.json", own=KeyLimits(rpm=3), holds=Ceilings(rpm=3), spent=Spent()
    )
    spent = {"at_once": 0, "in_minute": 0, "requests": 0, "tokens": 0, "cost_microusd": 0}
    assert shape_of(Limits(now=1.0, resets_at=2.0, defaults=Ceilings(), clients=(one,))) == {
        "now": 1.0,
        "resets_at": 2.0,
        "defaults": NONE,
        "clients": [
            {
                "fingerprint": "client-1a2b3c4d",
                "name": "ci",
                "source": "auth.json",
                "own": {**NONE, "rpm": 3, "allowed_providers": [], "local_only": False, "cost_policy": "", "priority_max": ""},
                "holds": {**NONE, "rpm": 3},
                "spent": spent,
            }
        ],
    }


def test_what_is_not_to_be_changed_is_not_said() -> None:
    assert shape_of(LimitSet(which="ci", rpm=0)) == {"which": "ci", "rpm": 0}
