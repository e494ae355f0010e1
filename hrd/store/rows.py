"""How rows become statements: one batch is folded into a few `executemany`, whatever its length.

Facts that replace one another (blocks, windows, what was learned) are folded to the last of each key; usage and charges are
added up here, so that a batch writes one row a key; ledger and journal rows go as they are.
"""

from collections.abc import Iterable, Sequence
from typing import assert_never

import msgspec

from hrd.core.blocks import Block
from hrd.core.journal import Entry
from hrd.core.ledger import Raised, Reservation, Settlement
from hrd.core.quota.window import Window
from hrd.core.remembered import AccountNamed, BlockLifted, Charge, Discovered, EmbeddingPin, Learned, Row, WindowForgotten
from hrd.store.contract import Process
from hrd.store.counting import Counts, SessionTotals, Totals, count, count_session, is_error
from hrd.store.scope_lists import ScopeLists

RESERVE = "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, NULL, NULL, NULL, ?, ?)"
RAISE = "UPDATE ledger SET tokens = ?, cost_microusd = ? WHERE id = ? AND state = 0"
SETTLE = "UPDATE ledger SET state = 1, settled_at = ?, spent = ?, outcome = ? WHERE id = ?"
JOURNAL = "INSERT INTO journal (request_id, provider, failed, entry) VALUES (?, ?, ?, ?)"
ADD_UP = "ON CONFLICT DO UPDATE SET " + ", ".join(f"{name} = {name} + excluded.{name}" for name in Counts.__struct_fields__)
ADD_USAGE = f"INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) {ADD_UP}"  # noqa: S608 — names of our own
ADD_SESSION = f"INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) {ADD_UP}"  # noqa: S608 — names of our own
CHARGE = """INSERT INTO client_days VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET requests = requests + excluded.requests,
    tokens = tokens + excluded.tokens, cost_microusd = cost_microusd + excluded.cost_microusd"""
BLOCK = "INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
LIFT = "DELETE FROM blocks WHERE scope = ? AND reason = ?"
WINDOW = "INSERT OR REPLACE INTO windows VALUES (?, ?, ?, ?, ?, ?)"
FORGET_WINDOW = "DELETE FROM windows WHERE scope = ? AND kind = ? AND owner = ?"
KEEP_SCOPES = "INSERT OR REPLACE INTO scopes VALUES (?, ?, ?)"
LEARN = "INSERT OR REPLACE INTO learned VALUES (?, ?, ?, ?, ?, ?)"
PIN = "INSERT OR REPLACE INTO embedding_pin VALUES (1, ?, ?, ?)"
DISCOVER = "INSERT OR REPLACE INTO discovered VALUES (?, ?, ?, ?, ?)"
NAME_ACCOUNT = "INSERT OR REPLACE INTO accounts VALUES (?, ?)"
FORGET_ACCOUNT = "DELETE FROM accounts WHERE credential = ?"

Values = tuple[object, ...]
Statement = tuple[str, list[Values]]
Charged = dict[tuple[str, int], tuple[int, int, int]]
"""Client and day → requests, tokens, cost."""
_NO_CHARGE = (0, 0, 0)
_encode = msgspec.json.encode
_astuple = msgspec.structs.astuple


def fold(rows: Iterable[Row], process: Process, lists: ScopeLists, *, keep_journal: bool) -> Sequence[Statement]:
    """The statements that write *rows*, in an order in which they may run; lists of scopes that are new go with them."""
    reserved: list[Values] = []
    raised: list[Values] = []
    settled: list[Values] = []
    entries: list[Values] = []
    charged: Charged = {}
    totals: Totals = {}
    sessions: SessionTotals = {}
    facts: dict[tuple[str, ...], tuple[str, Values]] = {}
    for row in rows:
        if isinstance(row, Charge):
            whose = (row.client, row.day)
            requests, tokens, cost = charged.get(whose, _NO_CHARGE)
            charged[whose] = (requests + row.requests, tokens + row.tokens, cost + row.cost_microusd)
        elif isinstance(row, Reservation):
            scopes = lists.number_of(row.scopes, row.at)
            asked = (row.id, row.at, row.request_id, row.provider, row.model, row.credential, scopes, row.tokens)
            reserved.append((*asked, *process, row.client, row.cost_microusd))
        elif isinstance(row, Settlement):
            settled.append((row.at, row.tokens, row.outcome, row.id))
        elif isinstance(row, Raised):
            raised.append((row.tokens, row.cost_microusd, row.id))
        elif isinstance(row, Entry):
            count(row, totals)
            if row.session:
                count_session(row, sessions)
            if keep_journal:
                entries.append((row.request_id, row.provider, int(is_error(row)), _encode(row)))
        else:
            key, fact = _fact(row)
            facts.pop(key, None)  # what is written again stands behind what was written meanwhile
            facts[key] = fact
    statements: list[Statement] = []
    if lists.unsaved:
        statements.append((KEEP_SCOPES, [*lists.unsaved]))
    if reserved:
        statements.append((RESERVE, reserved))
    if raised:
        statements.append((RAISE, raised))
    if settled:
        statements.append((SETTLE, settled))
    if entries:
        statements.append((JOURNAL, entries))
    statements += _added_up(charged, totals, sessions)
    statements += [(sql, [values]) for sql, values in facts.values()]
    return statements


def _added_up(charged: Charged, totals: Totals, sessions: SessionTotals) -> list[Statement]:
    statements: list[Statement] = []
    if charged:
        statements.append((CHARGE, [(*whose, *sums) for whose, sums in charged.items()]))
    if totals:
        statements.append((ADD_USAGE, [(*key, *_astuple(counts)) for key, counts in totals.items()]))
    if sessions:
        statements.append((ADD_SESSION, [(*key, *_astuple(counts)) for key, counts in sessions.items()]))
    return statements


def _fact(
    row: Block | BlockLifted | Window | WindowForgotten | Learned | EmbeddingPin | Discovered | AccountNamed,
) -> tuple[tuple[str, ...], tuple[str, Values]]:
    """The key under which *row* replaces what was there, and its statement."""
    match row:
        case Block():
            probed_at = _encode(row.probed_at).decode()
            values = (row.scope, row.reason, row.source.value, row.set_at, row.until, row.next_probe, row.step, row.message)
            return ("block", row.scope, row.reason), (BLOCK, (*values, row.probe_s, probed_at))
        case BlockLifted():
            return ("block", row.scope, row.reason), (LIFT, (row.scope, row.reason))
        case Window():
            return ("window", row.scope, row.kind, row.owner), (
                WINDOW,
                (row.scope, row.kind, row.owner, row.through, row.seen_at, _encode(row)),
            )
        case WindowForgotten():
            whose = (row.scope, row.kind, row.owner)
            return ("window", *whose), (FORGET_WINDOW, whose)
        case Learned():
            learned = (row.provider, row.model, row.what, row.value, row.at, row.expires_at)
            return ("learned", row.provider, row.model, row.what), (LEARN, learned)
        case EmbeddingPin():
            return ("pin",), (PIN, (row.provider, row.model, row.at))
        case Discovered():
            models, contexts = _encode(row.models).decode(), _encode(row.contexts).decode()
            prices = _encode(row.prices).decode()
            return ("discovered", row.provider), (DISCOVER, (row.provider, models, contexts, row.at, prices))
        case AccountNamed(account=""):
            return ("account", row.credential), (FORGET_ACCOUNT, (row.credential,))
        case AccountNamed():
            return ("account", row.credential), (NAME_ACCOUNT, (row.credential, row.account))
        case _:
            assert_never(row)
