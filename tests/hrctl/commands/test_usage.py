"""`hr usage`: sums."""

import datetime

import msgspec
import pytest

from hrctl.commands.usage import first_day
from hrctl.problems import Misused
from hrd.admin.wire.usage import USAGE, Usage, UsageRow, UsageTotals
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon

TODAY = datetime.date(2026, 11, 21)


def row(provider: str, model: str, client: str, day: str, requests: int, tokens: int, cost: int) -> UsageRow:
    return UsageRow(
        provider=provider,
        model=model,
        credential=f"{provider}-1a2b3c4d",
        client=f"client-{client}",
        client_name=client if client == "laptop" else "",
        day=day,
        requests=requests,
        errors=1,
        input_tokens=tokens,
        output_tokens=tokens // 10,
        cost_microusd=cost,
    )


FOUND = Usage(
    totals=UsageTotals(requests=16, errors=4, input_tokens=131_000, output_tokens=13_100, cost_microusd=1_234_500),
    rows=(
        row("groq", "llama", "laptop", "2026-11-20", 2, 1_000, 0),
        row("groq", "qwen", "laptop", "2026-11-21", 3, 10_000, 0),
        row("openrouter", "gpt", "5e6f7a8b", "2026-11-20", 4, 20_000, 34_500),
        row("openrouter", "gpt", "laptop", "2026-11-21", 7, 100_000, 1_200_000),
    ),
)


def test_by_provider_the_most_used_first(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(USAGE, FOUND)
    assert hr("usage").out.splitlines() == [
        "PROVIDER    REQUESTS  ERRORS   INPUT  OUTPUT   COST",
        "openrouter        11       2    120k  12,000  $1.23",
        "groq               5       2  11,000   1,100  $0.00",
        "total             16       4    131k  13,100  $1.23",
    ]


@pytest.mark.parametrize(
    ("by", "lines"),
    [
        ("model", ["openrouter  gpt          11", "groq        qwen          3", "groq        llama         2", "total"]),
        ("credential", ["openrouter  openrouter-1a2b3c4d        11", "groq        groq-1a2b3c4d               5", "total"]),
        ("client", ["laptop                 12", "client-5e6f7a8b         4", "total"]),
        ("day", ["2026-11-20         6", "2026-11-21        10", "total"]),
    ],
)
def test_other_sums(daemon: FakeDaemon, hr: Hr, by: str, lines: list[str]) -> None:
    daemon.answers(USAGE, FOUND)
    shown = hr("usage", "--by", by).out.splitlines()[1:]
    assert [line[: len(start)] for line, start in zip(shown, lines, strict=True)] == lines


@pytest.mark.parametrize("by", ["provider", "model", "credential"])
def test_what_was_refused_was_served_by_nobody(daemon: FakeDaemon, hr: Hr, by: str) -> None:
    refused = msgspec.structs.replace(FOUND.rows[0], provider="", model="", credential="")
    daemon.answers(USAGE, msgspec.structs.replace(FOUND, rows=(refused,)))
    assert hr("usage", "--by", by).out.splitlines()[1].startswith("nobody ")


def test_a_cost_that_is_not_known_is_not_nothing(daemon: FakeDaemon, hr: Hr) -> None:
    rows = (
        msgspec.structs.replace(FOUND.rows[0], unpriced=2),
        msgspec.structs.replace(FOUND.rows[2], unpriced=1),
        FOUND.rows[3],
    )
    totals = UsageTotals(requests=13, cost_microusd=1_234_500, unpriced=3)
    daemon.answers(USAGE, Usage(totals=totals, rows=rows, currency="EUR", fx_rate=0.5))
    assert hr("usage").out.splitlines() == [
        "PROVIDER    REQUESTS  ERRORS  INPUT  OUTPUT     COST      EUR",
        "openrouter        11       2   120k  12,000   $1.23+  0.6173+",
        "groq               2       1  1,000     100  unknown  unknown",
        "total             13       0      0       0   $1.23+  0.6173+",
        "What 3 requests cost is not known: name prices in MODEL_PRICES_FILE",
    ]


def test_sessions_are_asked_for_and_shown_with_whose_they_are(daemon: FakeDaemon, hr: Hr) -> None:
    of_run = msgspec.structs.replace(FOUND.rows[0], session="run 7", provider="", model="", credential="")
    daemon.answers(USAGE, Usage(totals=UsageTotals(), rows=(of_run,)))
    assert hr("usage", "--by", "session", "--since", "all").out.splitlines()[1].startswith("run 7    laptop         2")
    assert daemon.asked[0].target == "/v1/usage?by_session=1"
    daemon.answers(USAGE, Usage(totals=UsageTotals(), rows=()))
    assert "X-Hermes-Session" in hr("usage", "--by", "session").out


def test_json_is_all_rows_as_they_are_kept(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(USAGE, FOUND)
    assert msgspec.json.decode(hr("usage", "--json", "--by", "day").out, type=Usage) == FOUND


def test_what_is_asked_for(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(USAGE, FOUND)
    hr("usage", "--since", "2026-11-01", "--client", "laptop")
    hr("usage", "--since", "all")
    assert [asked.target for asked in daemon.asked] == ["/v1/usage?since=2026-11-01&client=laptop", "/v1/usage"]


def test_nothing_and_too_much_are_said(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(USAGE, Usage(totals=UsageTotals(), rows=()))
    assert hr("usage").out == "Nothing was asked in that time\n"
    daemon.answers(USAGE, msgspec.structs.replace(FOUND, cut=True))
    assert hr("usage").out.endswith("There is more than one answer holds: ask for fewer days with --since\n")
    daemon.answers(USAGE, Usage(totals=UsageTotals(), rows=(), unwritten="what is newest is missing here: the disk is full"))
    assert hr("usage").out == "Nothing was asked in that time\nwhat is newest is missing here: the disk is full\n"


@pytest.mark.parametrize(
    ("since", "day"),
    [
        ("all", ""),
        ("today", "2026-11-21"),
        ("1d", "2026-11-21"),
        ("7d", "2026-11-15"),
        ("30d", "2026-10-23"),
        ("0d", "2026-11-21"),
        ("9999d", "1999-07-08"),
        ("2026-11-01", "2026-11-01"),
    ],
)
def test_days_in_every_spelling(since: str, day: str) -> None:
    assert first_day(since, TODAY) == day


@pytest.mark.parametrize("since", ["", "d", "-7d", "99999d", "yesterday", "2026-13-01", "11/01/2026", "²d"])
def test_other_spellings_are_misuse(since: str, hr: Hr) -> None:
    with pytest.raises(Misused, match="is not a day"):
        first_day(since, TODAY)
    assert hr("usage", f"--since={since}").code == 2
