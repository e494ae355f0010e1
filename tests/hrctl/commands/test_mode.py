"""`hr mode`."""

import msgspec
import pytest

from hrd.admin.wire.mode import MODE, MODE_CHANGE, ModeChange, Modes, ProviderMode
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon

NOW = Modes(mode="parallel", source="default", providers=(ProviderMode(provider="groq", mode="sequential", source=".env"),))


def test_what_holds_and_who_differs(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(MODE, NOW)
    assert hr("mode").out.splitlines() == [
        "parallel (default): spread over all keys by what each has left",
        "groq: sequential (.env)",
    ]


@pytest.mark.parametrize(
    ("arguments", "ask"),
    [
        (("sequential",), ModeChange(mode="sequential")),
        (("round-robin",), ModeChange(mode="round-robin")),
        (("parallel", "--provider", "groq"), ModeChange(mode="parallel", provider="groq")),
        (("default", "--provider", "groq"), ModeChange(mode="default", provider="groq")),
    ],
)
def test_a_change_is_asked_for_and_its_outcome_shown(
    daemon: FakeDaemon, hr: Hr, arguments: tuple[str, ...], ask: ModeChange
) -> None:
    daemon.answers(MODE_CHANGE, Modes(mode="sequential", source=".env"))
    assert hr("mode", *arguments).out == "sequential (.env): one key is drained before the next is touched\n"
    assert msgspec.json.decode(daemon.asked[0].body, type=ModeChange) == ask


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("paralel",),
            "paralel is not a mode\n    there are parallel (also round-robin), sequential and, with --provider, default",
        ),
        (("default",), "default is for one provider"),
        (("--provider", "groq"), "which mode for groq?"),
    ],
)
def test_what_makes_no_sense_is_misuse_and_says_what_would(
    daemon: FakeDaemon, hr: Hr, arguments: tuple[str, ...], told: str
) -> None:
    ran = hr("mode", *arguments)
    assert (ran.code, daemon.asked) == (2, [])
    assert told in ran.err
    assert "parallel" in ran.err


def test_a_variable_that_rules_is_named_by_the_daemon(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.refuses(MODE_CHANGE, 409, "the environment sets ROTATION_MODE", "unset it where hrd is started")
    assert hr("mode", "parallel") == (1, "", "hr: the environment sets ROTATION_MODE\n    unset it where hrd is started\n")


def test_for_a_program(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(MODE, NOW)
    assert msgspec.json.decode(hr("mode", "--json").out, type=Modes) == NOW


def test_a_mode_of_a_newer_daemon_is_shown_without_an_explanation(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(MODE, Modes(mode="zigzag", source=".env"))
    assert hr("mode").out == "zigzag (.env)\n"
