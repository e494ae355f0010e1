"""`hr quota`."""

import msgspec

from hrctl.commands.quota import drawn
from hrctl.render import Paper
from hrd.admin.wire.quota import QUOTA, Quota, QuotaBlock, QuotaScope, QuotaWindow
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon

FOUND = Quota(
    now=100_000.0,
    scopes=(
        QuotaScope(
            scope="credential:groq-1a2b3c4d",
            windows=(
                QuotaWindow(
                    kind="requests/day", limit=14_400, left=1_200, resets_at=103_600.0, source="header", seen_at=99_700.0
                ),
                QuotaWindow(kind="tokens/minute", limit=None, left=700, resets_at=100_020.0, source="header", seen_at=99_700.0),
            ),
        ),
        QuotaScope(
            scope="account:openrouter/me",
            title="openrouter, account me",
            windows=(
                QuotaWindow(
                    kind="requests/day", limit=50, left=50, resets_at=None, source="catalogue", seen_at=9.0, standing="claimed"
                ),
                QuotaWindow(kind="plan/week", limit=10_000, left=0, resets_at=103_600.0, source="header", seen_at=100_000.0),
                QuotaWindow(kind="credit", limit=5_000_000, left=1_250_000, resets_at=None, source="look-up", seen_at=90_000.0),
            ),
            blocks=(QuotaBlock(reason="credits", source="body", until=103_600.0, next_probe=100_900.0, message="or\nso"),),
        ),
    ),
)


def test_what_is_left_and_what_is_blocked(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(QUOTA, FOUND)
    assert hr("quota").out.splitlines() == [
        "WINDOW           LEFT                   OF  FULL AGAIN  SAYS WHO",
        "credential:groq-1a2b3c4d",
        "  requests/day   █░░░░░░░░░  1,200  14,400  in 60 min   header, 5 min ago",
        "  tokens/minute                700          in 20 s     header, 5 min ago",
        "openrouter, account me",
        "  requests/day   ██████████     50     ~50              catalogue",
        "  plan/week      ░░░░░░░░░░    0 %   100 %  in 60 min   header, 0 ms ago",
        "  credit         ██░░░░░░░░  $1.25   $5.00              look-up, 2 h 47 min ago",
        "  blocked: no credit (body), over in 60 min, tried in 15 min, or so",
    ]


def test_it_fits_narrow_terminals_and_goes_on_saying_what_is_left() -> None:
    for width in (80, 60):
        lines = drawn(FOUND, Paper(width=width)).splitlines()
        assert max(map(len, lines)) <= width
        assert lines[2].split()[:2] == ["requests/day", "█░░░░░░░░░" if width == 80 else "█░░░░"]


def test_blocks_without_windows_are_said_without_a_table(daemon: FakeDaemon, hr: Hr) -> None:
    blocked = QuotaScope(scope="provider:groq", blocks=(QuotaBlock(reason="gone", source="body", until=32_503_680_000.0),))
    daemon.answers(QUOTA, Quota(now=1.0, scopes=(blocked,)))
    assert hr("quota").out.splitlines() == ["provider:groq", "  blocked: service ended (body), until changed by hand"]


def test_for_a_program(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(QUOTA, FOUND)
    assert msgspec.json.decode(hr("quota", "--json").out, type=Quota) == FOUND


def test_nothing_known_is_explained(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(QUOTA, Quota(now=1.0, scopes=()))
    assert hr("quota").out == "Nothing is known yet and nothing is blocked: quotas are learned from the providers' answers\n"


def test_what_is_not_shown_is_said(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(QUOTA, msgspec.structs.replace(FOUND, scopes_known=100_000))
    assert hr("quota").out.splitlines()[-1].startswith("99,99")
