"""Ports for those who must name one before anybody listens there."""

import secrets
import socket
from pathlib import Path
from typing import Final

LOCAL: Final = "127.0.0.1"
LOWEST: Final = 10_000
RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
USUAL_FIRST: Final = 32_768
"""Where the kernel's own choices begin if it does not say otherwise."""


def free_port() -> int:
    """A port on which nobody listens: connecting to it is refused.

    It lies below those that the kernel gives to whoever names none, so that no connection that another test opens meanwhile
    takes it. Drawn without the seed that tests share: two processes would draw the same.
    """
    first = _kernels_first()
    while True:
        port = LOWEST + secrets.randbelow(first - LOWEST)
        with socket.socket() as probe:
            try:
                probe.bind((LOCAL, port))
            except OSError:
                continue
            return port


def _kernels_first() -> int:
    try:
        return max(LOWEST + 1_000, int(RANGE.read_text().split()[0]))
    except (OSError, ValueError, IndexError):
        return USUAL_FIRST
