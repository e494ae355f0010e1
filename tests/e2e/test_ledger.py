"""What the stories of restarts hold the ledger to can fail, and says of each row what is wrong with it."""

from __future__ import annotations

from typing import Any

from tests.e2e.ledger import EACH_ONCE, compare

HELD, SETTLED, LOST = 0, 1, 2


def entry(*outcomes: str, outcome: str = "ok") -> dict[str, Any]:
    return {"outcome": outcome, "attempts": [{"outcome": one, "message": f"it said {one}"} for one in outcomes]}


def test_each_once_is_nothing_to_tell() -> None:
    assert compare(["a", "b"], [("a", SETTLED), ("b", SETTLED)], [("a", entry("ok")), ("b", entry("ok"))]) == EACH_ONCE


def test_a_reply_without_a_row_or_an_entry_is_lost() -> None:
    found = compare(["a", "b"], [("b", SETTLED)], [("a", entry("ok"))])
    assert found.lost == {"a": "rows in states []; journal: ok ok: it said ok", "b": "rows in states [1]; journal: nothing"}


def test_more_rows_than_attempts_or_two_entries_are_doubled() -> None:
    rows = [("a", SETTLED), ("a", SETTLED), ("b", SETTLED)]
    found = compare(["a", "b"], rows, [("a", entry("ok")), ("b", entry("ok")), ("b", entry("ok"))])
    assert list(found.doubled) == ["a", "b"]
    assert (found.asked_again, found.wrong) == ({}, 2)


def test_a_failover_has_a_row_for_each_attempt_and_is_right() -> None:
    found = compare(["a"], [("a", SETTLED), ("a", SETTLED)], [("a", entry("overloaded", "ok"))])
    assert (list(found.asked_again), found.doubled, found.wrong) == (["a"], {}, 0)
    assert found != EACH_ONCE


def test_whose_client_left_is_told_apart_from_what_is_wrong() -> None:
    found = compare(
        ["a"], [("a", SETTLED), ("gone", SETTLED)], [("a", entry("ok")), ("gone", entry("ok", outcome="client gone"))]
    )
    assert found.unanswered == {"gone": "rows in states [1]; journal: client gone ok: it said ok"}
    assert found.wrong == 0


def test_what_is_still_held_or_taken_for_lost_is_unsettled() -> None:
    found = compare([], [("a", HELD), ("b", LOST)], [])
    assert list(found.unsettled) == list(found.unanswered) == ["a", "b"]
