"""The bench of the ledger: that it measures what it says, on a small scale."""

from pathlib import Path

from bench.quota import claims_us, fill
from hrd.store.contract import Process
from hrd.store.opening import open_database
from hrd.store.questions import remembered


def test_a_claim_is_measured_over_a_hundred_candidates() -> None:
    assert 0 < claims_us(providers=10, scopes=100, claims=20, rounds=2) < 100_000


def test_the_long_memory_is_one_that_a_daemon_reads(tmp_path: Path) -> None:
    open_database(tmp_path / "hrd.db", 1.0).connection.close()
    fill(tmp_path / "hrd.db", 50, scopes=100)
    opened = open_database(tmp_path / "hrd.db", 1.0)
    assert opened.moved_aside == ""
    found = remembered(opened.connection, 1.0, 0, Process(1, 1.0), ())
    assert (len(found.windows), len(found.spent), found.next_reservation) == (100, 50, 51)
    opened.connection.close()
