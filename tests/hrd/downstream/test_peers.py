"""Peers: a TCP peer by its address, a Unix peer by what the kernel says of it."""

import os
import socket

from hrd.downstream.peers import Peer, tcp_peer, unix_peer


def test_tcp_peer_is_its_address() -> None:
    assert tcp_peer(("127.0.0.1", 4711)) == Peer(address="127.0.0.1")
    assert tcp_peer(("::1", 4711, 0, 0)) == Peer(address="::1")


def test_odd_addresses_are_nobody() -> None:
    assert [tcp_peer(odd) for odd in ("", (), None, b"")] == [Peer()] * 4


def test_unix_peer_is_known_by_the_kernel() -> None:
    near, far = socket.socketpair()
    with near, far:
        peer = unix_peer(near)
    assert (peer.uid, peer.pid, peer.address) == (os.getuid(), os.getpid(), "")
    assert peer.groups == {os.getgid(), *os.getgroups()}
