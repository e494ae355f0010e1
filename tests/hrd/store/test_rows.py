"""A batch, folded into statements."""

import msgspec

from hrd.core.journal import Entry
from hrd.core.remembered import AccountNamed, BlockLifted, Charge
from hrd.store.rows import ADD_USAGE, BLOCK, CHARGE, FORGET_ACCOUNT, JOURNAL, KEEP_SCOPES, LIFT, RESERVE, SETTLE, fold
from hrd.store.scope_lists import ScopeLists
from tests.hrd.store.samples import ANSWERED, NOON, OLD, answered, blocked, refused, reserved, settled


def test_a_batch_is_one_statement_a_table_and_one_usage_row_a_key() -> None:
    rows = [row for number in range(20) for row in (reserved(number), settled(number), answered(f"req-{number}"))]
    statements = fold(rows, OLD, ScopeLists(), keep_journal=True)
    counted = [(KEEP_SCOPES, 1), (RESERVE, 20), (SETTLE, 20), (JOURNAL, 20), (ADD_USAGE, 1)]
    assert [(sql, len(values)) for sql, values in statements] == counted
    usage = statements[4][1][0]
    assert usage[5:] == (20, 0, 20, 0, 2000, 1000, 0, 0)


def test_charges_of_a_batch_are_one_row_a_client_and_day() -> None:
    rows = [Charge(client=client, day=day, requests=1, tokens=70, cost_microusd=5) for client in "ab" for day in (1, 2)]
    rows += [Charge(client="a", day=1, tokens=-30, cost_microusd=-2)]
    ((sql, values),) = fold(rows, OLD, ScopeLists(), keep_journal=True)
    assert (sql, values) == (CHARGE, [("a", 1, 1, 40, 3), ("a", 2, 1, 70, 5), ("b", 1, 1, 70, 5), ("b", 2, 1, 70, 5)])


def test_a_reservation_carries_its_process_and_its_scopes() -> None:
    ((_, (scopes,)), (_, (values,))) = fold([reserved(7, scopes=("a\nb", 'c"d'))], OLD, ScopeLists(), keep_journal=True)
    assert values == (7, NOON, "req-7", "groq", "llama", "groq-00000001", scopes[0], 1000, 100, 1.5, "", 0)
    assert scopes[1:] == (NOON, '["a\\nb","c\\"d"]')


def test_of_facts_that_replace_one_another_the_last_is_written() -> None:
    rows = [blocked(step=1), BlockLifted(scope="provider:groq", reason="rate limit"), blocked("x"), blocked("x", step=3)]
    statements = fold(rows, OLD, ScopeLists(), keep_journal=True)
    assert [(sql, values[0][0]) for sql, values in statements] == [(LIFT, "provider:groq"), (BLOCK, "x")]
    assert statements[1][1][0][6] == 3


def test_an_account_taken_back_is_forgotten() -> None:
    taken_back = AccountNamed(credential="c", account="")
    assert fold([taken_back], OLD, ScopeLists(), keep_journal=True) == [(FORGET_ACCOUNT, [("c",)])]


def test_an_entry_is_encoded_whole() -> None:
    ((sql, (values,)), _) = fold([ANSWERED], OLD, ScopeLists(), keep_journal=True)
    assert (sql, values[:3]) == (JOURNAL, ("req-1", "groq", 0))
    assert isinstance(values[3], bytes)
    assert msgspec.json.decode(values[3], type=Entry) == ANSWERED


def test_without_a_journal_only_the_totals_are_kept() -> None:
    ((sql, values),) = fold([refused(), answered()], OLD, ScopeLists(), keep_journal=False)
    assert (sql, len(values)) == (ADD_USAGE, 2)


def test_nothing_is_nothing() -> None:
    assert fold([], OLD, ScopeLists(), keep_journal=True) == []
