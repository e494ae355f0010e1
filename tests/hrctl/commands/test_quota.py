"""`hr quota`."""

import msgspec

from hrd.admin.wire.quota import QUOTA, Quota, QuotaBlock, QuotaScope, QuotaWindow
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon

FOUND = Quota(
    now=1_000.0,
    scopes=(
        QuotaScope(
            scope="credential:groq-1a2b3c4d",
            windows=(
                QuotaWindow(kind="requests/day", limit=14_400, left=14_200, resets_at=4_600.0, source="header"),
                QuotaWindow(kind="tokens/minute", limit=None, left=0, resets_at=None, source="header"),
            ),
        ),
        QuotaScope(
            scope="account:openrouter/me",
            title="openrouter, account me",
            blocks=(QuotaBlock(reason="credits", source="body", until=4_600.0, next_probe=1_900.0, message="or\nso"),),
        ),
    ),
)


def test_what_is_left_and_what_is_blocked(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(QUOTA, FOUND)
    assert hr("quota").out.splitlines() == [
        "SCOPE                     WINDOW           LEFT      OF  RESETS     SOURCE  BLOCKED",
        "credential:groq-1a2b3c4d  requests/day   14,200  14,400  in 60 min  header",
        "                          tokens/minute       0                     header",
        "openrouter, account me                                              body    credits in 60 min, tried in 15 min, or so",
    ]


def test_for_a_program(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(QUOTA, FOUND)
    assert msgspec.json.decode(hr("quota", "--json").out, type=Quota) == FOUND


def test_nothing_known_is_explained(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(QUOTA, Quota(now=1.0, scopes=()))
    assert hr("quota").out == "Nothing is known yet and nothing is blocked: quotas are learned from the providers' answers\n"
