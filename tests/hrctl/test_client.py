"""Asking, following, and every way in which an answer can fail to come."""

import socket
import threading
from pathlib import Path

import msgspec
import pytest

from hrctl.client import Client
from hrctl.problems import NotRunning, Trouble
from hrd.admin.wire.auth import AUTH_ADD, AuthAdd, AuthAdded
from hrd.admin.wire.daemon import VERSION, Version
from hrd.admin.wire.journal import LOGS_FOLLOW, Exchange, LogsQuestion
from hrd.admin.wire.route import Nothing
from tests.hrctl.fake_daemon import FakeDaemon

RUNNING = Version(version="0.1.0", pid=42)


@pytest.fixture
def client(daemon: FakeDaemon) -> Client:
    return Client([str(daemon.path)])


def test_a_question_and_its_answer(daemon: FakeDaemon, client: Client) -> None:
    daemon.answers(VERSION, RUNNING)
    answered = client.ask(VERSION, Nothing())
    assert answered.value == RUNNING
    assert daemon.asked[0][:2] == ("GET", "/v1/version")


def test_what_is_posted_arrives(daemon: FakeDaemon, client: Client) -> None:
    daemon.answers(AUTH_ADD, AuthAdded(provider="groq", added=("groq-1a2b3c4d",)))
    ask = AuthAdd(provider="groq", keys=("gsk_test-not-a-key-1",), label="büro")
    assert client.ask(AUTH_ADD, ask).value.added == ("groq-1a2b3c4d",)
    assert msgspec.json.decode(daemon.asked[0].body, type=AuthAdd) == ask


def test_a_refusal_is_told_as_the_daemon_told_it(daemon: FakeDaemon, client: Client) -> None:
    daemon.refuses(VERSION, 403, "not for you", "ask root")
    with pytest.raises(Trouble) as told:
        client.ask(VERSION, Nothing())
    assert (told.value.message, told.value.hint, told.value.exit_code) == ("not for you", "ask root", 1)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"error": "no"}', b"[]"])
def test_a_refusal_in_other_words_is_still_a_refusal(daemon: FakeDaemon, client: Client, body: bytes) -> None:
    daemon.says(VERSION, 502, body)
    with pytest.raises(Trouble, match="hrd answered 502") as told:
        client.ask(VERSION, Nothing())
    assert "hr version" in told.value.hint


@pytest.mark.parametrize("body", [b"", b"{}", b'{"version": 1, "pid": "x"}', b"\xff"])
def test_an_answer_that_is_none_points_at_the_versions(daemon: FakeDaemon, client: Client, body: bytes) -> None:
    daemon.says(VERSION, 200, body)
    with pytest.raises(Trouble, match="not what hr expects") as told:
        _ = client.ask(VERSION, Nothing()).value
    assert (told.value.exit_code, "hr version" in told.value.hint) == (1, True)


def line(request_id: str) -> bytes:
    exchange = Exchange(
        request_id=request_id, at=1.0, endpoint="e", client="c", model_asked="m", stream=False, outcome="ok", status=200
    )
    return msgspec.json.encode(exchange) + b"\n"


def test_what_is_followed_comes_one_by_one_without_the_keep_alives(daemon: FakeDaemon, client: Client) -> None:
    both = line("req-1") + b"\n" + line("req-2")
    daemon.streams(LOGS_FOLLOW, both[:10], both[10:], b"\n")
    got = [answered.value.request_id for answered in client.follow(LOGS_FOLLOW, LogsQuestion(n=2))]
    assert got == ["req-1", "req-2"]
    assert daemon.asked[0].target == "/v1/logs/follow?n=2"


def test_a_stream_that_is_refused_says_why(daemon: FakeDaemon, client: Client) -> None:
    daemon.refuses(LOGS_FOLLOW, 400, "no such provider: grok")
    with pytest.raises(Trouble, match="no such provider: grok"):
        next(client.follow(LOGS_FOLLOW, LogsQuestion()))


def served_once(path: Path, raw: bytes, *, reset: bool = False) -> threading.Thread:
    """Somebody who sends *raw* and hangs up, whatever is asked."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        with listener, listener.accept()[0] as peer:
            if not reset:
                peer.recv(65_536)
            peer.sendall(raw)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


@pytest.mark.parametrize("raw", [b"", b"HTTP/1.1 200 OK\r\ncontent-le", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"])
def test_an_answer_cut_short_is_not_taken_for_one(folder: Path, raw: bytes) -> None:
    thread = served_once(folder / "cut.sock", raw)
    with pytest.raises(Trouble, match="cannot be read: the answer ends in the middle"):
        client_at(folder / "cut.sock").ask(VERSION, Nothing())
    thread.join()


def test_somebody_who_hangs_up_without_reading_is_not_running(folder: Path) -> None:
    thread = served_once(folder / "rude.sock", b"", reset=True)
    with pytest.raises(NotRunning, match="hrd hung up"):
        client_at(folder / "rude.sock").ask(VERSION, Nothing())
    thread.join()


def test_a_daemon_that_is_silent_is_given_up(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(folder / "silent.sock"))
        silent.listen()
        with pytest.raises(NotRunning, match="has been silent"):
            Client([str(folder / "silent.sock")], wait_s=0.05).ask(VERSION, Nothing())


def client_at(path: Path) -> Client:
    return Client([str(path)])


def test_a_socket_that_somebody_named_is_the_only_one() -> None:
    assert Client(["/a.sock"]).only_path == "/a.sock"
    assert Client(["/a.sock", "/b.sock"]).only_path == ""
