"""`hr reset`."""

import msgspec
import pytest

from hrd.admin.wire.quota import RESET, BlockLifted, ResetDone, ResetRequest
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon


@pytest.mark.parametrize(
    ("arguments", "ask"),
    [
        (("groq",), ResetRequest(provider="groq")),
        (("groq-1a2b3c4d",), ResetRequest(fingerprint="groq-1a2b3c4d")),
        (("--all",), ResetRequest(all=True)),
    ],
)
def test_a_reset_of_one_or_all(daemon: FakeDaemon, hr: Hr, arguments: tuple[str, ...], ask: ResetRequest) -> None:
    daemon.answers(
        RESET, ResetDone(lifted=(BlockLifted(scope="credential:groq-1a2b3c4d", reason="rejected", title="groq-1a2b3c4d"),))
    )
    assert hr("reset", *arguments).out == "Lifted 1 block:\ngroq-1a2b3c4d: key rejected\n"
    assert msgspec.json.decode(daemon.asked[0].body, type=ResetRequest) == ask


def test_nothing_to_lift(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(RESET, ResetDone(lifted=()))
    assert hr("reset", "groq").out == "Nothing was blocked\n"


@pytest.mark.parametrize("arguments", [(), ("groq", "--all")])
def test_nothing_in_particular_and_both_at_once_are_misuse(daemon: FakeDaemon, hr: Hr, arguments: tuple[str, ...]) -> None:
    ran = hr("reset", *arguments)
    assert (ran.code, daemon.asked) == (2, [])
    assert "say what to reset: a provider, a fingerprint, or --all" in ran.err
