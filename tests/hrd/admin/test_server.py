"""The control socket as a server: who may ask, for what, and what is said to everything else."""

import os
import subprocess
import sys

import msgspec
import pytest
import trio

from hrd import __version__
from hrd.admin.server import may_control
from hrd.admin.wire.route import Refused
from hrd.downstream.peers import Peer
from tests.hrd.world import World

GROUP = 4242


@pytest.mark.parametrize(
    ("peer", "may"),
    [
        (Peer(uid=0), True),
        (Peer(uid=1000), True),
        (Peer(uid=1001), False),
        (Peer(uid=1001, groups=frozenset({GROUP})), True),
        (Peer(uid=1001, groups=frozenset({GROUP + 1, 1000})), False),
        (Peer(), False),
        (Peer(address="127.0.0.1"), False),
    ],
)
def test_root_the_daemons_user_and_the_control_group_may_ask(peer: Peer, may: bool) -> None:
    assert may_control(peer, 1000, GROUP) is may


@pytest.mark.parametrize(("peer", "may"), [(Peer(uid=1001, groups=frozenset({0, 1001})), False), (Peer(uid=1000), True)])
def test_without_a_control_group_no_group_helps(peer: Peer, may: bool) -> None:
    assert may_control(peer, 1000, None) is may


async def said(world: World, method: str, target: str, body: bytes = b"", **headers: str) -> tuple[int, str, str]:
    answer = await world.http(method, target, body, **headers)
    assert answer.headers["content-type"] == "application/json"
    problem = msgspec.json.decode(answer.body, type=Refused).error
    return answer.status, problem.message, problem.hint


async def test_a_stranger_hears_what_to_do_and_nothing_else(world: World) -> None:
    world.peer = Peer(uid=os.geteuid() + 1234, groups=frozenset({1}))
    for method, target in (("GET", "/v1/status"), ("POST", "/v1/stop"), ("GET", "/v1/keys?reveal=1"), ("GET", "/nothing")):
        status, message, hint = await said(world, method, target)
        assert (status, message) == (403, f"user {os.geteuid() + 1234} may not control this router")
        assert "CONTROL_GROUP" in hint
    assert world.stops == 0


async def test_a_member_of_the_control_group_is_no_stranger(world: World) -> None:
    world.peer = Peer(uid=os.geteuid() + 1234, groups=frozenset({GROUP}))
    assert (await world.http("GET", "/v1/version")).status == 200


async def test_the_kernel_says_who_asks(world: World) -> None:
    answer = await world.http("GET", "/v1/version")
    assert (answer.status, answer.headers["x-request-id"], answer.headers["cache-control"]) == (
        200,
        "req-of-this-call",
        "no-store",
    )


@pytest.mark.parametrize("target", ["/", "/v1", "/v1/nothing", "/v1/why", "/v1/why/a/b", "//v1/status", "/v1/status/more"])
async def test_a_path_that_is_not_known_tells_an_hr_of_another_version_what_to_do(world: World, target: str) -> None:
    status, message, hint = await said(world, "GET", target)
    assert (status, message) == (404, f"hrd {__version__}, which runs, does not know {target}")
    assert hint.startswith("hr may be of another version: hr restart ")


@pytest.mark.parametrize(
    ("method", "target", "allow"),
    [
        ("POST", "/v1/status", "GET"),
        ("GET", "/v1/reset", "POST"),
        ("DELETE", "/v1/auth", "GET, POST"),
        ("PUT", "/v1/mode", "GET, POST"),
        ("POST", "/v1/why/req-1", "GET"),
        ("OPTIONS", "/v1/status", "GET"),
    ],
)
async def test_a_wrong_method_hears_the_right_ones(world: World, method: str, target: str, allow: str) -> None:
    answer = await world.http(method, target)
    assert (answer.status, answer.headers["allow"]) == (405, allow)


async def test_a_slash_at_the_end_and_head_are_taken(world: World) -> None:
    assert (await world.http("GET", "/v1/status/")).status == 200
    answer = await world.http("HEAD", "/v1/status")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 100


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff",
        b'{"mode": 1}',
        b'{"mode": "parallel", "when": "now"}',
        b'{"provider": "groq"}',
        b"{}",
        b"",
        b"[" * 100_000,
        b'{"mode": "parallel"} x',
    ],
)
async def test_a_body_that_is_not_what_is_asked_for_changes_nothing(world: World, body: bytes) -> None:
    before = world.read(".env")
    status, message, _ = await said(world, "POST", "/v1/mode", body)
    assert (status, message.startswith("the body cannot be read: ")) == (400, True)
    assert world.read(".env") == before


@pytest.mark.parametrize(
    "query",
    [
        "n=many",
        "n=1&n=2",
        "when=now",
        "errors=perhaps",
        "n=%ff",
        "provider=%ff",
        "&".join(f"x{n}=1" for n in range(30)),
        "after=1.5",
    ],
)
async def test_a_query_that_is_not_what_is_asked_for_is_refused(world: World, query: str) -> None:
    status, message, _ = await said(world, "GET", f"/v1/logs?{query}")
    assert (status, message.startswith("the query ")) == (400, True)


async def test_a_key_in_the_wrong_place_is_not_repeated(world: World) -> None:
    body = b'{"provider": "groq", "gsk_test-not-a-key-12345": true}'
    _, message, _ = await said(world, "POST", "/v1/auth", body)
    assert "12345" not in message
    _, message, _ = await said(world, "GET", "/v1/logs?gsk_test-not-a-key-12345=1")
    assert "12345" not in message


async def test_a_body_over_two_mebibytes_is_refused_announced_or_not(world: World) -> None:
    status, message, _ = await said(world, "POST", "/v1/mode", content_length="2100000")
    assert (status, message) == (413, "a request here has at most 2 MiB")
    large = b'{"mode": "' + b"x" * 2_100_000 + b'"}'
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(large), large)
    stream = await world.connect()
    async with stream:
        await stream.send_all(b"POST /v1/mode HTTP/1.1\r\nhost: hrd\r\ntransfer-encoding: chunked\r\n\r\n" + chunked)
        assert (await stream.receive_some()).startswith(b"HTTP/1.1 413 ")


async def test_nonsense_is_refused_and_the_next_one_is_served(world: World) -> None:
    stream = await world.connect()
    async with stream:
        await stream.send_all(b"\x00\x01nonsense\r\n\r\n")
        assert (await stream.receive_some()).startswith(b"HTTP/1.1 400 ")
    assert (await world.http("GET", "/v1/status")).status == 200


CLIENT = """
import socket, sys
with socket.socket(socket.AF_UNIX) as door:
    door.connect(sys.argv[1])
    door.sendall(b"GET /v1/version HTTP/1.0\\r\\n\\r\\n")
    data = b""
    while piece := door.recv(65536):
        data += piece
print(data.decode())
"""


async def test_the_plainest_client_of_another_process_is_served(world: World) -> None:
    """HTTP/1.0, no Host, from a process of its own: the kernel names that process's user."""
    done = await trio.run_process(
        [sys.executable, "-I", "-S", "-c", CLIENT, str(world.folder / "control.sock")], capture_stdout=True
    )
    head, _, body = done.stdout.decode().partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 ")
    assert '"version":"9.9"' in body


async def test_curl_works_where_it_is_installed(world: World) -> None:
    try:
        done = await trio.run_process(
            ["curl", "-sS", "--unix-socket", str(world.folder / "control.sock"), "http://hrd/v1/status"],
            capture_stdout=True,
            stderr=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        pytest.skip("curl is not installed")
    assert msgspec.json.decode(done.stdout)["version"] == "9.9"
