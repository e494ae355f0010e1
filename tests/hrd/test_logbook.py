"""The log: one line a fact, at its level, without secrets, and never in the way."""

import io
import json

import pytest

from hrd.core.journal import AttemptNote, Entry, Outcome, Usage
from hrd.core.secrets import Secret
from hrd.logbook import CRASH_FRAMES, LEVELS, Logbook

KEY = Secret("gsk_test-not-a-key-1", "groq")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class FullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def written(level: str, *, terminal: bool = False) -> tuple[Logbook, io.StringIO]:
    out = Terminal() if terminal else io.StringIO()
    return Logbook(level, lambda: (KEY,), out), out


def facts(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_is_json_with_its_event_level_time_and_facts_in_order() -> None:
    log, out = written("INFO")
    log.info("listening", endpoint="http://127.0.0.1:8319", count=3, ready=True, nothing=None)
    assert facts(out)[0]["timestamp"].endswith("Z")  # type: ignore[attr-defined]
    line = facts(out)[0]
    del line["timestamp"]
    assert line == {
        "event": "listening",
        "level": "info",
        "endpoint": "http://127.0.0.1:8319",
        "count": 3,
        "ready": True,
        "nothing": None,
    }


@pytest.mark.parametrize(
    ("level", "seen"),
    [
        ("DEBUG", ["debug", "info", "warning", "error"]),
        ("INFO", ["info", "warning", "error"]),
        ("WARNING", ["warning", "error"]),
        ("ERROR", ["error"]),
        ("CRITICAL", []),
        ("no such level", ["info", "warning", "error"]),
    ],
)
def test_lines_below_the_level_are_not_written(level: str, seen: list[str]) -> None:
    log, out = written(level)
    for write in (log.debug, log.info, log.warning, log.error):
        write("event")
    assert [line["level"] for line in facts(out)] == seen
    log.set_level("DEBUG" if level == "CRITICAL" else "CRITICAL")
    log.error("later")
    assert (facts(out)[-1:] != [] and facts(out)[-1]["event"] == "later") is (level == "CRITICAL")


def test_every_level_of_the_settings_is_known() -> None:
    assert list(LEVELS) == ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


def test_secrets_are_blotted_out_wherever_they_stand() -> None:
    log, out = written("DEBUG")
    key = KEY.reveal()
    log.debug(
        f"event {key}", text=f"a {key} b", many=[key], nested={"k": key}, raw=key.encode(), itself=KEY, error=ValueError(key)
    )
    assert key not in out.getvalue()
    assert facts(out)[0]["text"] == f"a [{KEY.fingerprint}] b"


def test_a_value_is_bounded() -> None:
    log, out = written("INFO")
    log.info("event", text="x " * 5000)
    assert len(str(facts(out)[0]["text"])) <= 2001


def test_on_a_terminal_what_others_wrote_steers_nothing() -> None:
    log, out = written("INFO", terminal=True)
    log.info("exchange", asked="\x1b[2Jevil\r\nline\x9b", reason="schön")
    line = out.getvalue()
    assert "\\x1b[2Jevil\\x0d\\x0aline\\x9b" in line
    assert "schön" in line
    assert line.count("\n") == 1


def test_elsewhere_a_line_is_a_line() -> None:
    log, out = written("INFO")
    log.info("event", text="two\nlines")
    assert out.getvalue().count("\n") == 1
    assert facts(out)[0]["text"] == "two\nlines"


@pytest.mark.parametrize("text", ['plain "text"\t', "sch\xf6n", "\x9b2J", "half of one: \ud83d", "\U0001f600"])
def test_elsewhere_a_line_is_ascii(text: str) -> None:
    log, out = written("INFO")
    log.info("event", text=text, number=-1.5, nothing=None, yes=True)
    (line,) = facts(out)
    assert line["text"] == text
    assert out.getvalue() == json.dumps(line) + "\n"


def test_a_log_that_cannot_be_written_stops_nobody() -> None:
    Logbook("INFO", lambda: (), FullDisk()).info("event")


def test_an_exchange_is_one_line_at_info() -> None:
    entry = Entry(
        request_id="req-1",
        at=1_000_000.0,
        endpoint="/chat/completions",
        client="client-1",
        model_asked="m",
        stream=True,
        outcome=Outcome.OK,
        status=200,
        provider="groq",
        model="small",
        credential="groq-1",
        usage=Usage(input_tokens=10, output_tokens=4),
        cost_microusd=None,
        session="run 7",
        total_ms=250.04,
        attempts=(AttemptNote(provider="groq", model="small", credential="groq-1", outcome="ok"),),
    )
    log, out = written("INFO")
    log.exchange(entry)
    line = facts(out)[0]
    assert {name: line[name] for name in line if name not in ("timestamp", "level")} == {
        "event": "exchange",
        "request": "req-1",
        "endpoint": "/chat/completions",
        "client": "client-1",
        "asked": "m",
        "outcome": "ok",
        "status": 200,
        "provider": "groq",
        "model": "small",
        "credential": "groq-1",
        "attempts": 1,
        "tokens_in": 10,
        "tokens_out": 4,
        "cost_microusd": None,
        "session": "run 7",
        "ms": 250.0,
        "reason": "",
    }
    quiet, silence = written("WARNING")
    quiet.exchange(entry)
    assert silence.getvalue() == ""


def test_a_crash_says_what_it_was_and_where() -> None:
    def deeper(left: int) -> None:
        if not left:
            raise ValueError(f"no such key: {KEY.reveal()}")
        deeper(left - 1)

    log, out = written("ERROR")
    with pytest.raises(ValueError, match="no such key") as raised:
        deeper(9)
    log.crash("req-1", raised.value)
    (line,) = facts(out)
    assert (line["event"], line["request"]) == ("crashed", "req-1")
    assert line["error"] == f"ValueError: no such key: [{KEY.fingerprint}]"
    assert str(line["where"]).startswith("test_logbook.py:")
    assert str(line["where"]).count(" deeper") == CRASH_FRAMES
