"""Peers: a TCP peer by its address, a Unix peer by what the kernel says of it."""

import os
import socket
import subprocess
import sys

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


def test_the_groups_of_a_peer_are_all_that_it_is_in() -> None:
    script = (
        "import os, socket\nfrom hrd.downstream.peers import unix_peer\nnear, far = socket.socketpair()\n"
        "print(sorted(unix_peer(near).groups) == sorted({os.getegid(), *os.getgroups()}), 4242 in unix_peer(near).groups)"
    )
    may_join = os.geteuid() == 0
    joined = {"extra_groups": [4242, *range(5000, 5200)]} if may_join else {}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, **joined)
    assert done.stdout == f"True {may_join}\n", done.stderr
