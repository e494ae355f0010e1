"""The shapes of client keys: shown when asked for, never by accident."""

from hrd.admin.wire.keys import ClientKey, KeyCreate, KeyCreated, KeyLimits, KeyRevoked, Keys
from tests.hrd.admin.wire.shapes import shape_of

SECRET = "sk-router-test-not-a-key-1"


def test_a_key_does_not_show_when_its_answer_is_printed() -> None:
    made = KeyCreated(fingerprint="client-1a2b3c4d", name="laptop", key=SECRET)
    listed = ClientKey(fingerprint="client-1a2b3c4d", name="laptop", source="auth.json", key=SECRET)
    assert repr(made) == "KeyCreated('client-1a2b3c4d', 'laptop')"
    assert SECRET not in repr(Keys(keys=(listed,)))


def test_the_shapes() -> None:
    limits = KeyLimits(rpm=10, allowed_providers=("groq",))
    shape = {
        "rpm": 10,
        "req_per_day": 0,
        "tokens_per_day": 0,
        "cost_per_day": 0.0,
        "concurrency": 0,
        "allowed_providers": ["groq"],
        "local_only": False,
        "cost_policy": "",
        "priority_max": "",
    }
    listed = ClientKey(fingerprint="client-1a2b3c4d", name="laptop", source="auth.json", limits=limits)
    assert shape_of(Keys(keys=(listed,))) == {
        "keys": [{"fingerprint": "client-1a2b3c4d", "name": "laptop", "source": "auth.json", "limits": shape, "key": None}],
        "path": "",
    }
    assert shape_of(KeyCreate(name="laptop", limits=limits)) == {"name": "laptop", "limits": shape}
    revoked = KeyRevoked(fingerprint="client-1a2b3c4d", name="laptop", left=0)
    assert shape_of(revoked) == {"fingerprint": "client-1a2b3c4d", "name": "laptop", "left": 0}
