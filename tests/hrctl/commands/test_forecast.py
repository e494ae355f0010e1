"""`hr forecast`: how long the pool lasts, what runs out first, who would help."""

import msgspec
import pytest

from hrctl.commands.forecast import drawn
from hrctl.render import Paper
from hrd.admin.wire.forecast import FORECAST, Forecast, FreeTier, RunsOut
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon

NOW = 1_795_003_200.0
OUT = RunsOut(
    scope="free:openrouter/me",
    title="free models of account me at openrouter",
    kind="requests/day",
    left=9,
    limit=50,
    at=NOW + 3600,
    resets_at=NOW + 43200,
)
FOUND = Forecast(
    now=NOW,
    requests_today=120,
    tokens_today=240_000,
    requests_an_hour=10.0,
    tokens_each=2000,
    candidates=3,
    left=40,
    empty_at=NOW + 4 * 3600,
    paid=("openai/gpt-6-luna",),
    running_out=(OUT,),
    helps=(
        FreeTier(provider="groq", requests_a_day=1000, claim="1,000 requests/day", keys_at="https://groq.test/keys"),
        *(FreeTier(provider=f"p{place}", requests_a_day=9, claim="9 requests/day") for place in range(5)),
    ),
)


def test_the_whole_picture(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(FORECAST, FOUND)
    assert hr("forecast").out.splitlines() == [
        "Today's pace (UTC): 10 requests an hour of about 2,000 tokens each",
        "40 requests left; at this pace the pool is empty in 4 h (11-18 16:00:00)",
        "After that requests cost money: openai/gpt-6-luna",
        "",
        "Runs out before it is full again, each at its own pace:",
        "RUNS OUT   WHAT                                     WINDOW        LEFT  OF  FULL AGAIN",
        "in 60 min  free models of account me at openrouter  requests/day     9  50  in 12 h",
        "",
        "Whose free tier would help most (hr auth add PROVIDER):",
        "PROVIDER  ADDS A DAY  CLAIMED             KEYS",
        "groq           1,000  1,000 requests/day  https://groq.test/keys",
        "p0                 9  9 requests/day",
        "p1                 9  9 requests/day",
    ]


def test_where_nobody_has_a_limit_nothing_is_said_to_be_left_of_one(daemon: FakeDaemon, hr: Hr) -> None:
    unlimited = msgspec.structs.replace(FOUND, candidates=1, left=0, empty_at=None, unlimited=("local/llama3.1",))
    daemon.answers(FORECAST, unlimited)
    assert "a day or longer is used up" not in hr("forecast").out
    daemon.answers(FORECAST, msgspec.structs.replace(unlimited, candidates=2, limited=1))
    assert "\nWhat has a limit of a day or longer is used up\nAs far as is known" in hr("forecast").out
    daemon.answers(FORECAST, msgspec.structs.replace(unlimited, candidates=2, limited=1, left=3))
    assert "\n3 requests left of what has a limit of a day or longer\n" in hr("forecast").out


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"requests_today": 0}, "there is no pace to go by yet"),
        ({"candidates": 0}, "Nobody can be asked that costs nothing more"),
        ({"empty_at": None}, "not empty within a month"),
        ({"empty_at": NOW}, "The pool is empty\n"),
        (
            {"empty_at": None, "unlimited": ("local/llama3.1",)},
            "no limit of a day or longer is known of local/llama3.1",
        ),
        ({"tokens_today": 0, "tokens_each": 1500}, "10 requests an hour, of which nobody counted tokens\n"),
        ({"requests_an_hour": 0.25}, "0.2 requests an hour"),
    ],
)
def test_every_outlook_has_words(daemon: FakeDaemon, hr: Hr, facts: dict[str, object], said: str) -> None:
    daemon.answers(FORECAST, msgspec.structs.replace(FOUND, **facts))
    assert said in hr("forecast").out


def test_it_fits_a_narrow_terminal() -> None:
    assert max(map(len, drawn(FOUND, Paper(width=60)).splitlines())) <= 60


def test_for_a_program(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(FORECAST, FOUND)
    assert msgspec.json.decode(hr("forecast", "--json").out, type=Forecast) == FOUND
