"""The shapes of modes."""

import msgspec

from hrd.admin.wire.mode import ModeChange, Modes, ProviderMode
from tests.hrd.admin.wire.shapes import shape_of


def test_the_shapes() -> None:
    modes = Modes(
        mode="parallel", source=".env", providers=(ProviderMode(provider="groq", mode="sequential", source="environment"),)
    )
    assert shape_of(modes) == {
        "mode": "parallel",
        "source": ".env",
        "providers": [{"provider": "groq", "mode": "sequential", "source": "environment"}],
    }
    assert msgspec.json.encode(ModeChange(mode="sequential")) == b'{"mode":"sequential"}'
