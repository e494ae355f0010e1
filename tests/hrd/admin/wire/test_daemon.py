"""The shapes of version and stop."""

import msgspec

from hrd.admin.wire.daemon import Stopping, StopRequest, Version
from tests.hrd.admin.wire.shapes import shape_of


def test_the_shapes() -> None:
    version = Version(version="0.1.0", pid=42, python="3.11.7", started_at=10.5)
    assert shape_of(version) == {"version": "0.1.0", "pid": 42, "python": "3.11.7", "started_at": 10.5}
    stopping = Stopping(pid=42, in_flight=3, seconds_max=30.0)
    assert shape_of(stopping) == {"pid": 42, "in_flight": 3, "seconds_max": 30.0}


def test_stopping_at_once_has_to_be_said() -> None:
    assert msgspec.json.decode(b"{}", type=StopRequest) == StopRequest(now=False)
    assert msgspec.json.encode(StopRequest(now=True)) == b'{"now":true}'
    assert msgspec.json.encode(StopRequest(lose_unwritten=True)) == b'{"lose_unwritten":true}'
