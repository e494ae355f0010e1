"""The end of an answer that comes line by line."""

from typing import Any

import pytest

from hrd.admin.lines import hang_up
from hrd.downstream.call import CLIENT_GONE, ClientGone
from hrd.http.wire import WireBroken


class Call:
    """As much of a call as is hung up on."""

    def __init__(self, reason: str = "", error: Exception | None = None) -> None:
        self.cancel_reason, self.error = reason, error
        self.finished: list[bytes] = []

    async def finish(self, last: bytes) -> None:
        self.finished.append(last)
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize(
    ("call", "finished"),
    [
        (Call(), [b""]),
        (Call("stopping"), [b""]),
        (Call(CLIENT_GONE), []),
        (Call(error=WireBroken("gone", nothing_sent=False)), [b""]),
        (Call(error=ClientGone()), [b""]),
    ],
)
async def test_whoever_is_there_hears_that_there_is_no_more(call: Any, finished: list[bytes]) -> None:
    await hang_up(call)
    assert call.finished == finished
