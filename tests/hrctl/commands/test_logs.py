"""`hr logs`."""

import msgspec
import pytest

from hrctl.commands.logs import line
from hrctl.render import Paper
from hrd.admin.wire.daemon import VERSION, Version
from hrd.admin.wire.journal import LOGS, LOGS_FOLLOW, Exchange, ExchangeAttempt, ExchangeUsage, Logs
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon

TRIED = ExchangeAttempt(provider="gemini", model="flash", credential="gemini-1a2b3c4d", outcome="rate limited", status=429)
FINE = Exchange(
    row=7,
    request_id="req-1",
    at=1_795_000_000.0,
    endpoint="/v1/chat/completions",
    client="client-1a2b3c4d",
    model_asked="hermes-router",
    stream=True,
    outcome="ok",
    status=200,
    provider="groq",
    model="llama",
    credential="groq-1a2b3c4d",
    usage=ExchangeUsage(input_tokens=1_204, output_tokens=380, source="known"),
    total_ms=1_240.0,
    attempts=(TRIED, TRIED),
)
REFUSED = msgspec.structs.replace(
    FINE,
    row=8,
    request_id="req-2",
    outcome="refused",
    status=429,
    provider="",
    model="",
    usage=ExchangeUsage(),
    attempts=(),
    reason="all keys\nare limited",
)
LINES = [
    f"11-18 11:06:40  200 ok           hermes-router     {'groq/llama':<40}      1,204+380    1.2 s  req-1  2 attempts",
    f"11-18 11:06:40  429 refused      hermes-router     {'nobody':<40}            0+0    1.2 s  req-2",
    "    all keys are limited",
]


def test_the_last_requests(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(LOGS, Logs(exchanges=(FINE, REFUSED), last_row=8))
    assert hr("logs").out.splitlines() == LINES


def test_what_is_missing_is_said_below(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(LOGS, Logs(exchanges=(FINE,), unwritten="what is newest is missing here: the disk is full"))
    assert hr("logs").out.splitlines() == [LINES[0], "what is newest is missing here: the disk is full"]


def test_what_is_asked_for(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(LOGS, Logs(exchanges=()))
    assert hr("logs", "-n", "0", "--errors", "--provider", "groq").out == "No requests yet\n"
    assert daemon.asked[0].target == "/v1/logs?n=0&errors=1&provider=groq"


def test_for_a_program(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(LOGS, Logs(exchanges=(FINE,), last_row=7))
    assert msgspec.json.decode(hr("logs", "--json").out, type=Logs) == Logs(exchanges=(FINE,), last_row=7)


def test_followed_until_the_daemon_ends(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.streams(LOGS_FOLLOW, msgspec.json.encode(FINE) + b"\n\n", msgspec.json.encode(REFUSED) + b"\n")
    ran = hr("logs", "-f", "-n", "2")
    assert ran.out.splitlines() == LINES
    assert (ran.code, ran.err) == (3, "hr: hrd has ended\n    see whether it runs again: hr status\n")
    assert daemon.asked[0].target == "/v1/logs/follow?n=2"


def test_followed_over_a_restart_it_is_said_that_hrd_serves_on(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.streams(LOGS_FOLLOW, msgspec.json.encode(FINE) + b"\n")
    daemon.answers(VERSION, Version(version="0.1.0", pid=43))
    ran = hr("logs", "-f")
    assert ran.code == 1
    assert ran.err == (
        "hr: hrd was restarted (pid 43 serves now), and who told of requests has ended\n    go on with: hr logs -f\n"
    )


def test_followed_by_a_program_it_is_one_json_a_line(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.streams(LOGS_FOLLOW, msgspec.json.encode(FINE) + b"\n", msgspec.json.encode(REFUSED) + b"\n")
    got = [msgspec.json.decode(one, type=Exchange) for one in hr("logs", "-f", "--json").out.splitlines()]
    assert got == [FINE, REFUSED]


def test_a_count_below_nothing_is_misuse(hr: Hr) -> None:
    assert hr("logs", "-n", "-1").code == 2


@pytest.mark.parametrize(
    ("outcome", "colour"), [("ok", "32"), ("client gone", "33"), ("refused", "31"), ("something new", "31")]
)
def test_colours_say_how_it_ended(outcome: str, colour: str) -> None:
    assert f"\x1b[{colour}m200 {outcome}\x1b[0m" in line(msgspec.structs.replace(FINE, outcome=outcome), Paper(colour=True))


LONG = msgspec.structs.replace(FINE, model="moonshotai/kimi-k2-instruct-0905", request_id="req-1a2b3c4d-1f")
WHY = msgspec.structs.replace(
    REFUSED, request_id="req-1a2b3c4d-20", reason="all keys are limited, and the first is free in 8 s"
)


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            100,
            [
                "11-18 11:06:40  200 ok           groq/moonshotai/kimi-k2-i…      1,204+380    1.2 s  req-1a2b3c4d-1f",
                "11-18 11:06:40  429 refused      nobody                                0+0    1.2 s  req-1a2b3c4d-20",
                "    all keys are limited, and the first is free in 8 s",
            ],
        ),
        (
            60,
            [
                "11-18 11:06:40  200 ok           groq/moon…  req-1a2b3c4d-1f",
                "11-18 11:06:40  429 refused      nobody      req-1a2b3c4d-20",
                "    all keys are limited, and the first is free in 8 s",
            ],
        ),
    ],
)
def test_a_narrow_terminal_shows_what_matters_and_the_id_whole(width: int, lines: list[str]) -> None:
    paper = Paper(width=width)
    assert "\n".join([line(LONG, paper), line(WHY, paper)]).split("\n") == lines


@pytest.mark.parametrize("width", range(60, 160))
def test_lines_below_each_other_have_the_same_columns_and_fit(width: int) -> None:
    drawn = [line(one, Paper(width=width)) for one in (LONG, msgspec.structs.replace(WHY, reason=""))]
    assert max(map(len, drawn)) <= width
    assert {text.index("req-1a2b3c4d") for text in drawn} == {drawn[0].index("req-1a2b3c4d")}
