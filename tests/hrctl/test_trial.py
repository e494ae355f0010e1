"""One request end to end, and what can be told of it."""

import msgspec
import pytest

from hrctl.client import Client
from hrctl.endpoint import open_endpoint
from hrctl.trial import Trial, drawn_trial, try_out
from hrd.admin.wire.journal import Exchange, ExchangeUsage
from tests.hrctl.fake_daemon import FakeDaemon
from tests.hrctl.fake_endpoint import said, serving
from tests.hrctl.routed import EXCHANGE, route


def tried(daemon: FakeDaemon, status: int, body: object, exchange: Exchange | None = EXCHANGE) -> Trial:
    client = Client([str(daemon.path)])
    with serving() as server:
        route(daemon, server, exchange)
        server.says(status, body)
        return try_out(client, open_endpoint(client), {"model": "m"})


def test_a_good_one_is_told_with_its_route(daemon: FakeDaemon) -> None:
    trial = tried(daemon, 200, said("Hello.\n"))
    assert (trial.is_good, trial.text, trial.cost_class, trial.reasoned) == (True, "Hello.\n", "free", False)
    lines = list(drawn_trial(msgspec.structs.replace(trial, took_ms=420.0)))
    assert lines == [
        "Hello.",
        "",
        "Route: groq/large with groq-1a2b3c4d, after gemini/flash (rate limited)",
        "Tokens: 7 in, 3 out (known)",
        "Cost: none",
        "Time: 420 ms",
        "More: hr why req-1",
    ]


@pytest.mark.parametrize(
    ("cost", "cost_class", "shown"),
    [
        (1500, "paid", "$0.0015"),
        (None, "paid", "not known (paid)"),
        (None, "", "not known (unknown class)"),
        (0, "local", "none"),
    ],
)
def test_a_cost_that_is_not_known_is_not_nothing(cost: int | None, cost_class: str, shown: str) -> None:
    exchange = msgspec.structs.replace(EXCHANGE, cost_microusd=cost)
    trial = Trial(status=200, request_id="r", text="x", took_ms=1.0, cost_class=cost_class, exchange=exchange)
    assert f"Cost: {shown}" in list(drawn_trial(trial))


def test_a_refusal_says_what_the_router_said(daemon: FakeDaemon) -> None:
    trial = tried(daemon, 503, {"error": {"message": "Nobody has a key."}}, None)
    assert (trial.is_good, trial.status, trial.text, trial.exchange) == (False, 503, "Nobody has a key.", None)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"error": "x"}', b"[" * 9000, b"\xff"])
def test_what_cannot_be_read_is_no_crash(daemon: FakeDaemon, body: bytes) -> None:
    assert tried(daemon, 502, body).text == "no reason was given"
    assert tried(daemon, 200, body).text == "(nothing was said)"


def test_without_a_journal_the_answer_is_told_all_the_same(daemon: FakeDaemon) -> None:
    trial = tried(daemon, 200, said(), None)
    assert list(drawn_trial(msgspec.structs.replace(trial, took_ms=20.0))) == ["Hello.", "", "Answered within 20 ms"]


@pytest.mark.parametrize(
    "body",
    [
        said(reasoning_content="hm"),
        said(reasoning="hm"),
        {**said(), "usage": {"completion_tokens_details": {"reasoning_tokens": 5}}},
    ],
)
def test_signs_of_thought(daemon: FakeDaemon, body: object) -> None:
    assert tried(daemon, 200, body).reasoned


def test_tokens_that_the_router_counted_are_a_sign_too(daemon: FakeDaemon) -> None:
    usage = ExchangeUsage(reasoning_tokens=5, source="known")
    assert tried(daemon, 200, said(), msgspec.structs.replace(EXCHANGE, usage=usage)).reasoned


def test_an_answer_that_is_a_tool_call(daemon: FakeDaemon) -> None:
    assert tried(daemon, 200, said(None, tool_calls=[{"function": {"name": "answer"}}])).text == "(a tool was called)"
