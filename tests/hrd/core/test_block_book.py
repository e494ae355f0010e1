"""The book of blocks: who is hindered by what, until when, and who goes first afterwards."""

import pytest

from hrd.core.block_book import PROBED_REASONS, SCOPES_MAX, BlockBook
from hrd.core.blocks import FOREVER, Block
from hrd.core.failures import HintSource
from hrd.core.remembered import BlockLifted

NOW = 1_000_000.0
MINE = ("candidate:a-1/m", "credential:a-1", "account:a/a-1")


def block(scope: str, reason: str, left_s: float, *, source: HintSource = HintSource.HEADER, set_at: float = NOW) -> Block:
    return Block(scope=scope, reason=reason, source=source, set_at=set_at, until=NOW + left_s)


def test_nothing_known_hinders_nobody() -> None:
    book = BlockBook([])
    assert not book.touches(MINE)
    assert book.why(MINE, NOW) == ""
    assert book.hindrance(MINE, NOW) is None
    assert book.patient_at(MINE, NOW) == 0.0


def test_the_block_that_holds_longest_is_the_reason() -> None:
    book = BlockBook([block(MINE[0], "rate limit", 5), block(MINE[1], "rejected", 300), block("credential:b-1", "dead", 900)])
    assert book.why(MINE, NOW) == "rejected"
    assert book.patient_at(MINE, NOW) == NOW + 300
    assert book.why(MINE, NOW + 300) == ""
    assert book.why(("credential:b-1",), NOW + 300) == "dead"


def test_one_scope_may_be_blocked_for_two_reasons() -> None:
    book = BlockBook([block(MINE[1], "rate limit", 5), block(MINE[1], "quota", 50)])
    assert book.why(MINE, NOW) == "quota"
    assert {one.reason for one in book.blocks()} == {"rate limit", "quota"}
    assert book.get(MINE[1], "rate limit") == block(MINE[1], "rate limit", 5)
    assert book.get(MINE[0], "rate limit") is None


@pytest.mark.parametrize("reason", sorted(PROBED_REASONS))
def test_after_such_a_block_one_goes_first_and_the_others_wait_for_what_it_meets(reason: str) -> None:
    book = BlockBook([block(MINE[1], reason, 300)])
    later = NOW + 301
    assert book.why(MINE, later) == ""
    book.begin(MINE, 7)
    assert book.why(MINE, later) == "probing"
    assert book.probing == {MINE[1]}
    book.begin(MINE, 8)  # somebody whom nothing stopped: the first one's outcome still counts
    book.end(8)
    assert book.why(MINE, later) == "probing"
    book.end(7)
    assert book.why(MINE, later) == ""


@pytest.mark.parametrize("reason", ["rate limit", "errors"])
def test_what_passes_by_itself_needs_no_probe(reason: str) -> None:
    book = BlockBook([block(MINE[0], reason, 5)])
    book.begin(MINE, 7)
    assert book.why(MINE, NOW + 6) == ""


def test_a_breaker_that_only_patience_passes_is_probed_too() -> None:
    book = BlockBook([block(MINE[2], "breaker", 60, source=HintSource.GUESS)])
    assert not book.is_probed(MINE, NOW + 11)
    book.begin(MINE, 7)
    assert not book.is_probed(MINE, NOW + 9)
    assert book.is_probed(MINE, NOW + 11)


def test_a_success_lifts_what_was_set_before_it_began() -> None:
    book = BlockBook([block(MINE[0], "rate limit", 5), block(MINE[1], "rejected", 300, set_at=NOW + 10)])
    assert book.lift(MINE, begun_at=NOW + 10) == [BlockLifted(scope=MINE[0], reason="rate limit")]
    assert book.why(MINE, NOW + 11) == "rejected"
    assert book.lift(MINE, begun_at=NOW + 10.5) == [BlockLifted(scope=MINE[1], reason="rejected")]
    assert book.blocks() == ()


def test_what_is_meant_is_forgotten_with_its_probe() -> None:
    book = BlockBook([block(MINE[0], "model", 5), block(MINE[0], "errors", 5), block(MINE[1], "rejected", 300)])
    book.begin(MINE, 7)
    lifted = book.forget(lambda scope: scope.startswith("candidate:"))
    assert {row.reason for row in lifted} == {"model", "errors"}
    assert book.probing == {MINE[1]}
    assert [one.reason for one in book.blocks()] == ["rejected"]


def test_what_was_said_of_an_account_holds_under_its_true_name() -> None:
    scopes = ("account:a/a-1", "free:a/a-1", "accountmodel:a/a-1/m", "account:a/a-10", "credential:a-1")
    known = block("account:a/org", "quota", 500)
    book = BlockBook([known, *(block(scope, "quota", 100) for scope in scopes), block("account:a/a-1", "credits", 9)])
    rows = book.move({"a/a-1": "a/org"})
    assert {(row.scope, row.reason) for row in rows if isinstance(row, Block)} == {
        ("free:a/org", "quota"),
        ("accountmodel:a/org/m", "quota"),
        ("account:a/org", "credits"),
    }
    assert {row.scope for row in rows if isinstance(row, BlockLifted)} == set(scopes[:3])
    assert book.get("account:a/org", "quota") == known
    assert {one.scope for one in book.blocks()} == {
        "account:a/org",
        "free:a/org",
        "accountmodel:a/org/m",
        "account:a/a-10",
        "credential:a-1",
    }


def test_a_block_is_remembered_for_an_hour_for_the_sake_of_its_step() -> None:
    book = BlockBook([block(MINE[0], "errors", 5)])
    assert book.forget_old(NOW + 5 + 3600) == []
    assert book.forget_old(NOW + 5 + 3601) == [BlockLifted(scope=MINE[0], reason="errors")]
    assert book.forget_old(NOW + 9999) == []


def test_a_clock_that_was_set_back_keeps_nobody_longer() -> None:
    """Set by a clock that was years ahead, they hold as long from now on as they were to hold; others are left alone."""
    ahead = NOW + 11 * 365 * 86400
    weeks = Block(
        scope=MINE[2],
        reason="quota",
        source=HintSource.BODY,
        set_at=NOW - 900,
        until=NOW + 86400,
        next_probe=ahead + 7200,
        probe_s=3600.0,
        probed_at=(NOW - 600, ahead),
    )
    book = BlockBook(
        [
            Block(scope=MINE[0], reason="errors", source=HintSource.GUESS, set_at=ahead, until=ahead + 60),
            Block(scope=MINE[1], reason="rejected", source=HintSource.GUESS, set_at=ahead, until=FOREVER),
            block(MINE[1], "rate limit", 30),
            weeks,
        ]
    )
    changed = []
    book.changed = changed.append
    rows = {one.reason: one for one in book.bring_back(NOW)}
    assert {reason: one.until - NOW for reason, one in rows.items()} == {
        "errors": 60.0,
        "rejected": FOREVER - NOW,
        "quota": 86400.0,
    }
    assert {one.set_at for one in rows.values()} == {NOW, NOW - 900}
    assert rows["quota"].next_probe == NOW + 7200, "two hours after the last one"
    assert max(rows["quota"].probed_at) == NOW
    assert set(changed) == set(MINE)
    assert book.get(MINE[1], "rate limit") == block(MINE[1], "rate limit", 30)
    assert book.bring_back(NOW) == []


def test_names_that_clients_make_up_fill_no_more_than_its_room_and_cost_nobody_else_a_block() -> None:
    book = BlockBook([block(MINE[1], "dead", 1e9)])
    for number in range(SCOPES_MAX - 1):
        assert book.put(block(f"candidate:a-1/{number}", "model", 600)) == []
    assert book.put(block("candidate:a-1/one more", "model", 600)) == [BlockLifted(scope="candidate:a-1/0", reason="model")]
    assert book.put(block("candidate:a-1/one more", "errors", 5)) == []
    assert len({one.scope for one in book.blocks()}) == SCOPES_MAX
    assert book.why(MINE, NOW) == "dead"
