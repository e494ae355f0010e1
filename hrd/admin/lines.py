"""Answers that come line by line, for as long as something happens: the sign of life between two, and the goodbye."""

import trio

from hrd.downstream.call import CLIENT_GONE, Call, ClientGone
from hrd.http.wire import WireBroken

BEAT_S = 5.0
"""An empty line says that we still live when nothing happens."""
GOODBYE_S = 0.5
"""How long a follower may take to hear that there is no more."""


async def hang_up(call: Call) -> None:
    """There is no more. Also for a call that was cancelled."""
    if call.cancel_reason == CLIENT_GONE:
        return
    with trio.move_on_after(GOODBYE_S, shield=True):
        try:
            await call.finish(b"")
        except (WireBroken, ClientGone):
            pass
