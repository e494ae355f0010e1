"""`hr status`: the whole picture, in golden lines."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from hrctl.commands.status import drawn
from hrctl.render import Paper
from hrd import __version__
from hrd.admin.wire.forecast import RunsOut
from hrd.admin.wire.status import STATUS, CredentialStatus, Finishing, ModelLearned, ProviderStatus, Status, StoreStatus
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon, running
from tests.hrctl.terminal import Terminal

GROQ = ProviderStatus(
    name="groq",
    state="partly",
    mode="parallel",
    cost_class="free",
    models=("llama-3.3-70b",),
    credentials=(
        CredentialStatus(
            fingerprint="groq-1a2b3c4d",
            state="ready",
            label="work",
            source="auth.json",
            cost_class="free",
            in_flight=2,
            requests_today=80,
            errors_today=1,
            tokens_today=1_100_000,
            latency_ms=420.0,
        ),
        CredentialStatus(
            fingerprint="groq-5e6f7a8b",
            state="cooling",
            reason="limited",
            until=1_240.0,
            source=".env",
            account="me",
            cost_class="paid",
            requests_today=40,
            errors_today=2,
            tokens_today=100_000,
        ),
    ),
    in_flight=2,
    requests_today=120,
    errors_today=3,
    tokens_today=1_200_000,
    latency_ms=420.0,
    learned={"llama-3.3-70b": ModelLearned(tools=True)},
)
RETIRED = ProviderStatus(name="github_models", state="retired", mode="parallel", reason="the service has ended")
PLAIN = Status(
    version=__version__,
    pid=4242,
    now=1_000.0,
    uptime_s=11_520.0,
    mode="parallel",
    endpoint="http://127.0.0.1:8319/v1",
    listening=True,
    providers=(GROQ, RETIRED, *(ProviderStatus(name=name, state="no key", mode="parallel") for name in ("cohere", "mistral"))),
    store=StoreStatus(state="ok"),
    in_flight=2,
    connections=5,
)


def test_the_whole_picture(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(STATUS, PLAIN)
    ran = hr("status")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        f"hrd {__version__}, pid 4242, up 3 h 12 min, parallel, http://127.0.0.1:8319/v1",
        "2 requests in flight, 5 connections",
        "",
        "PROVIDER         STATE    MODE      CLASS  ATTEMPTS  ERRORS  TOKENS  LATENCY  NOTE",
        "groq             partly   parallel  free        120       3    1.2M   420 ms  2 in flight",
        "  groq-1a2b3c4d  ready                           80       1    1.1M   420 ms  2 in flight, work, auth.json",
        "  groq-5e6f7a8b  cooling            paid         40       2    100k           limited, for 4 min, account me, .env",
        "github_models    retired  parallel                0       0       0           the service has ended",
        "",
        "Without a key: cohere, mistral",
    ]


def test_json_is_the_documented_shape_and_keeps_what_this_hr_does_not_know(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(STATUS, {**msgspec.to_builtins(PLAIN), "mood": "calm"})
    ran = hr("status", "--json")
    assert json.loads(ran.out)["mood"] == "calm"
    assert msgspec.json.decode(ran.out, type=Status) == PLAIN


def test_with_no_key_at_all_the_next_step_is_named(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(STATUS, msgspec.structs.replace(PLAIN, providers=PLAIN.providers[2:]))
    assert "No provider can be asked yet: add a key with hr auth add PROVIDER" in hr("status").out


def lines_after_the_head(status: Status) -> list[str]:
    return drawn(status, Paper()).split("\n\n")[0].splitlines()[2:]


def test_nothing_to_worry_about_says_nothing() -> None:
    assert lines_after_the_head(PLAIN) == []


def test_everything_that_is_wrong_is_said_before_the_table() -> None:
    store = StoreStatus(
        state="degraded", message="no space left on device", rows_waiting=12, rows_max=20_000, moved_aside="/x/hrd.db.bad"
    )
    status = msgspec.structs.replace(
        PLAIN, version="0.0.9", draining=True, demo=True, store=store, warnings=(".env can be read\nby others",)
    )
    assert lines_after_the_head(status) == [
        f"this hr is {__version__}: have hrd run the same with: hr restart",
        "stopping: finishes what runs, takes nothing new",
        "demo: answers are made up, until the first key is there: hr auth add PROVIDER",
        "database degraded: no space left on device, 12 of at most 20,000 rows wait in memory",
        "a damaged database was moved to /x/hrd.db.bad",
        "warning: .env can be read by others",
    ]


def test_a_closed_endpoint_is_said_to_be_closed() -> None:
    head = drawn(msgspec.structs.replace(PLAIN, listening=False), Paper()).splitlines()[0]
    assert head.endswith("parallel, not listening on http://127.0.0.1:8319/v1")


def test_former_processes_are_shown_with_what_they_still_finish() -> None:
    former = Finishing(pid=41, version="0.0.9", in_flight=3, until=PLAIN.now + 60)
    lines = drawn(msgspec.structs.replace(PLAIN, finishing=(former,)), Paper()).splitlines()
    assert lines[2] == "former hrd 0.0.9, pid 41: finishes 3 requests, 60 s at most"


def test_colours_say_how_bad_it_is() -> None:
    painted = drawn(PLAIN, Paper(width=200, colour=True))
    assert "\x1b[33mpartly\x1b[0m" in painted
    assert "\x1b[33mcooling\x1b[0m" in painted
    assert "\x1b[32mready\x1b[0m" in painted
    assert "\x1b[2mretired\x1b[0m" in painted


def test_a_narrow_terminal_shortens_the_notes() -> None:
    lines = drawn(PLAIN, Paper(width=100)).splitlines()
    assert max(len(line) for line in lines) == 100
    assert lines[6].endswith("limited, for 4 min, account me,…")


@pytest.mark.parametrize("width", [60, 80])
def test_why_a_key_is_not_asked_and_for_how_long_is_worth_more_room_than_its_counts(width: int) -> None:
    (key,) = [line for line in drawn(PLAIN, Paper(width=width)).splitlines() if line.startswith("  groq-5e6f7a8b")]
    assert "  limited, for 4 min, acc" in key


def test_without_a_daemon_the_exit_code_is_three_and_the_next_step_is_named(hr: Hr) -> None:
    ran = hr("status")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("hr: hrd is not running (no control socket at /")
    assert "    start it: " in ran.err


def test_watching_repeats_until_interrupted(daemon: FakeDaemon, hr_process: Callable[..., subprocess.Popen[str]]) -> None:
    daemon.answers(STATUS, PLAIN)
    with hr_process("status", "--watch", "--json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert msgspec.json.decode(first, type=Status) == PLAIN
        assert process.stderr.read().strip() == ""


def test_watching_in_a_terminal_outlives_the_daemon(folder: Path) -> None:
    terminal = Terminal("status", "--watch", "--every", "0.1")
    terminal.wait_for(f"hrd is not running (no control socket at {folder}/control.sock)")
    assert terminal.shown.startswith("\x1b[H\x1b[2J")
    with running(folder / "control.sock") as daemon:
        daemon.answers(STATUS, PLAIN)
        terminal.wait_for("2 requests in flight")
        terminal.type("\x03")
        assert terminal.end() == 130
    assert "Traceback" not in terminal.shown


def test_watching_for_a_program_ends_with_the_daemon(hr: Hr) -> None:
    assert hr("status", "--watch", "--json").code == 3


@pytest.mark.parametrize("option", ["--wach", "--sjon"])
def test_a_misspelt_option_is_a_usage_error(hr: Hr, option: str) -> None:
    ran = hr("status", option)
    assert ran.code == 2
    assert option in ran.err


@pytest.mark.parametrize("width", [80, 60, 44])
def test_all_of_it_fits_a_narrow_terminal(width: int) -> None:
    now = msgspec.structs.replace(
        PLAIN,
        finishing=(Finishing(pid=41, version="0.0.9", in_flight=2, until=1_060.0),),
        providers=(GROQ, RETIRED, *(ProviderStatus(name=f"keyless{at}", state="no key", mode="parallel") for at in range(9))),
        store=StoreStatus(
            state="degraded", message="the disk is full; free some space where it is", rows_waiting=3, rows_max=9
        ),
    )
    lines = drawn(now, Paper(width=width)).splitlines()
    assert max(map(len, lines)) <= width
    assert any(line.startswith("  groq-1a2b3c4d  ") for line in lines)


def test_the_next_thing_to_run_out_is_named_with_when(daemon: FakeDaemon, hr: Hr) -> None:
    out = RunsOut(scope="s", title="groq, account me", kind="requests/day", left=9, limit=50, at=PLAIN.now + 3600)
    daemon.answers(STATUS, msgspec.structs.replace(PLAIN, next_out=out))
    assert "next to run out: groq, account me, in 60 min at this pace (9 of 50 requests/day left)" in hr("status").out
