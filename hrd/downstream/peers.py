"""Who is at the other end of a connection."""

import socket
import struct

import msgspec

SO_PEERGROUPS = 59
"""Linux: the supplementary groups of the peer of a Unix socket (asm-generic/socket.h)."""
GROUPS_MAX = 256
"""As many as fit into what Python takes from getsockopt, which refuses more than 1,024 bytes. Whoever is in more is in none."""


class Peer(msgspec.Struct, frozen=True):
    """A TCP peer has an address, a Unix peer what the kernel says of its process."""

    address: str = ""
    uid: int | None = None
    pid: int | None = None
    groups: frozenset[int] = frozenset()


def tcp_peer(address: object) -> Peer:
    return Peer(address=str(address[0]) if isinstance(address, tuple) and address else "")


def unix_peer(sock: socket.socket) -> Peer:
    """Process, user and groups of the peer, by SO_PEERCRED and SO_PEERGROUPS."""
    pid, uid, gid = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    try:
        raw = sock.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, 4 * GROUPS_MAX)
    except OSError:
        raw = b""
    groups = struct.unpack(f"{len(raw) // 4}I", raw)
    return Peer(uid=uid, pid=pid, groups=frozenset({gid, *groups}))
