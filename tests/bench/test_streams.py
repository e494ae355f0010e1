"""The load generator for streams against its upstream, and against upstreams that fail."""

import http.client
import json
import shutil
from functools import partial

import pytest
import trio

from bench.streams import outcome, stream_load, stream_upstream
from tests.upstreams import CLOSE, Answer, Ends, Events, Status, Upstream

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="the tools are written in C and gcc is missing")


def test_every_chunk_of_every_stream_is_counted() -> None:
    with stream_upstream(5, interval_ms=10) as port:
        report = outcome(stream_load(port, 40, 5, ramp_ms=20))

    assert (report["streams"], report["completed"], report["chunks"], report["unfinished"]) == (40, 40, 200, 0)
    assert 0 <= report["p50_ms"] <= report["p99_ms"] <= report["max_ms"] < 1000


def test_a_stream_that_is_shorter_than_promised_is_broken() -> None:
    with stream_upstream(2, interval_ms=1) as port:
        report = outcome(stream_load(port, 3, 5, ramp_ms=0))

    assert (report["completed"], report["broken"]) == (0, 3)


def test_the_upstream_lists_its_model_and_keeps_the_connection() -> None:
    with stream_upstream(1, interval_ms=1) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for _ in range(2):
            connection.request("GET", "/v1/models")
            models = json.loads(connection.getresponse().read())
            connection.request("POST", "/v1/chat/completions", body=b"{}")
            events = connection.getresponse().read().decode().split("\n\n")
        connection.close()

    assert models["data"][0]["id"] == "bench-model"
    assert len(events) == 6
    assert json.loads(events[3].removeprefix("data: "))["usage"]["total_tokens"] == 13
    assert events[4:] == ["data: [DONE]", ""]


TIMED = [{"choices": [{"index": 0, "delta": {"content": "t=5 "}}]}]


@pytest.mark.parametrize(
    ("behaviour", "counted_as"),
    [
        (Events([*TIMED, "data: [DONE]"]), "completed"),
        (Events(TIMED), "broken"),
        (Events([*TIMED, "data: [DONE]"], CLOSE), "broken"),
        (Events([*TIMED, {"error": {"message": "no"}}, "data: [DONE]"]), "error_events"),
        (Status(503, b"{}"), "status_errors"),
        (Status(200, b"{}"), "broken"),
        (Ends(CLOSE), "broken"),
        (Answer(), "broken"),
    ],
)
async def test_each_way_to_fail_is_told_from_the_others(behaviour: Answer, counted_as: str) -> None:
    async with Upstream(behaviour) as upstream:
        child = stream_load(upstream.port, 2, 1, ramp_ms=0)
        report = await trio.to_thread.run_sync(partial(outcome, child))

    assert report[counted_as] == 2


def test_nobody_there_is_a_connect_error() -> None:
    with stream_upstream(1) as port:
        pass
    report = outcome(stream_load(port, 2, 1, ramp_ms=0))

    assert (report["connect_errors"], report["completed"]) == (2, 0)
