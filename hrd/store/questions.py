"""What is read: by a new process at its start, and for people. Plain functions of a connection."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from hrd.core.blocks import REMEMBERED_S, Block
from hrd.core.failures import HintSource
from hrd.core.journal import SERVED, Entry
from hrd.core.ledger import STORED_WITHIN_S, Reservation, Spent
from hrd.core.price import Price
from hrd.core.quota.window import Asleep
from hrd.core.remembered import AccountNamed, AskedAt, Charge, DayCounts, Discovered, EmbeddingPin, Learned, Remembered
from hrd.store.contract import JournalQuestion, Process, UsageQuestion, UsageRow
from hrd.store.counting import DAY_HOURS, day_named, day_numbered, day_of
from hrd.store.notes import HELD_FROM, all_told

WINDOWS_KEPT_S = 35 * 86400.0
"""Longer than the longest window."""

HELD_BY_OTHERS = f"""SELECT pid, started, ledger.id, at, request_id, provider, model, credential, ifnull(names, '[]'), tokens,
        client, cost_microusd FROM ledger LEFT JOIN scopes ON scopes.id = ledger.scopes
    WHERE ledger.id >= ifnull((SELECT value FROM meta WHERE name = '{HELD_FROM}'), 0)
    AND state = 0 AND NOT (pid = ? AND started = ?) ORDER BY ledger.id"""  # noqa: S608 - a name of our own
NEXT_ID = "SELECT max(id) + 1 FROM ledger"
NEWEST_SPENT = f"""SELECT id, at, scopes, tokens, iif(state = 1, spent, tokens), settled_at, ifnull(outcome = '{SERVED}', 0)
    FROM (SELECT * FROM ledger ORDER BY id DESC LIMIT ?) WHERE id > ? OR at > ? OR settled_at > ?"""  # noqa: S608 - a word of our own
LIST_OF_SCOPES = "SELECT names FROM scopes WHERE id = ?"
SPENT_MAX = 20_000
"""Of so many of the newest ledger rows those are looked at when a process starts that came, or were settled, after windows were
last stored, or not long before: all older ones are in every count."""
TODAY = """SELECT provider, credential, sum(attempts), sum(failed), sum(input_tokens), sum(output_tokens) FROM usage
    WHERE hour >= ? AND hour < ? AND provider <> '' GROUP BY provider, credential ORDER BY provider, credential"""
USAGE = """SELECT provider, model, credential, client, hour / 24 AS day,
        sum(requests), sum(errors), sum(input_tokens), sum(output_tokens), sum(cost_microusd), sum(unpriced)
    FROM usage WHERE hour >= ?1 AND (?2 = '' OR client = ?2) GROUP BY day, provider, model, credential, client
    HAVING sum(requests) > 0 ORDER BY day DESC, provider, model, credential, client LIMIT ?3"""

SESSIONS = """SELECT session, client, day, requests, errors, input_tokens, output_tokens, cost_microusd, unpriced FROM sessions
    WHERE day >= ?1 AND (?2 = '' OR client = ?2) ORDER BY day DESC, session, client LIMIT ?3"""
CHARGED = """SELECT client, day, requests, tokens, cost_microusd FROM client_days
    WHERE day >= min(?, (SELECT max(day) FROM client_days)) - 1 ORDER BY day, client"""
ASKED_LATELY = """SELECT client, min(at) AS first FROM (SELECT client, request_id, at FROM ledger ORDER BY id DESC LIMIT ?)
    WHERE at > ? AND client <> '' GROUP BY client, request_id ORDER BY first, client"""
LATELY_S = 60.0

_SOURCES = {source.value: source for source in HintSource}
"""A word that only a newer version knows is passed over: going back a version must not keep the daemon from starting."""

_strings = msgspec.json.Decoder(tuple[str, ...])
_numbers = msgspec.json.Decoder(dict[str, int])
_prices = msgspec.json.Decoder(dict[str, Price])
_moments = msgspec.json.Decoder(tuple[float, ...])
_entry = msgspec.json.Decoder(Entry)


class Held(NamedTuple):
    """What other processes hold: those that are no more, and those that still finish it."""

    by_dead: list[Reservation]
    by_living: list[Reservation]
    holders: dict[int, tuple[int, float]]
    """Number → whose it is, of the living."""


NOTHING_HELD = Held([], [], {})


def held_by_others(connection: sqlite3.Connection, process: Process, living: Collection[Process] = ()) -> Held:
    held = Held([], [], {})
    for pid, started, number, at, request_id, provider, model, credential, scopes, tokens, client, cost in connection.execute(
        HELD_BY_OTHERS, process
    ):
        reservation = Reservation(
            id=number,
            at=at,
            request_id=request_id,
            provider=provider,
            model=model,
            credential=credential,
            scopes=_strings.decode(scopes),
            tokens=tokens,
            client=client,
            cost_microusd=cost,
        )
        if (pid, started) in living:
            held.by_living.append(reservation)
            held.holders[number] = pid, started
        else:
            held.by_dead.append(reservation)
    return held


def remembered(
    connection: sqlite3.Connection, now: float, lost: int, process: Process, living: Collection[Process]
) -> Remembered:
    """What a new process starts from. How long this takes does not depend on how much there is to remember. All of it is of one
    moment, whoever else writes."""
    connection.execute("BEGIN")
    try:
        return _remembered(connection, now, lost, process, living)
    finally:
        if connection.in_transaction:  # a malformed page ends it
            connection.execute("ROLLBACK")


def _remembered(
    connection: sqlite3.Connection, now: float, lost: int, process: Process, living: Collection[Process]
) -> Remembered:
    pin = connection.execute("SELECT provider, model, at FROM embedding_pin WHERE provider <> ''").fetchone()
    windows = _windows(connection, now)
    held = held_by_others(connection, process, living) if living else NOTHING_HELD
    return Remembered(
        at=now,
        read_at=now if living else 0.0,
        next_reservation=connection.execute(NEXT_ID).fetchone()[0] or 1,
        blocks=tuple(_blocks(connection, now)),
        windows=windows,
        spent=tuple(_spent(connection, windows)),
        learned=tuple(
            Learned(provider=provider, model=model, what=what, value=value, at=at, expires_at=expires_at)
            for provider, model, what, value, at, expires_at in connection.execute(
                "SELECT * FROM learned WHERE expires_at > ? ORDER BY provider, model, what", (now,)
            )
        ),
        embedding_pin=EmbeddingPin(provider=pin[0], model=pin[1], at=pin[2]) if pin is not None else None,
        discovered=tuple(
            Discovered(
                provider=provider,
                models=_strings.decode(models),
                contexts=_numbers.decode(contexts),
                at=at,
                prices=_prices.decode(prices),
            )
            for provider, models, contexts, at, prices in connection.execute("SELECT * FROM discovered ORDER BY provider")
        ),
        accounts=tuple(
            AccountNamed(credential=credential, account=account)
            for credential, account in connection.execute("SELECT * FROM accounts ORDER BY credential")
        ),
        today=_today(connection, now),
        charged=tuple(
            Charge(client=client, day=day, requests=requests, tokens=tokens, cost_microusd=cost)
            for client, day, requests, tokens, cost in connection.execute(CHARGED, (day_of(now),))
        ),
        asked_lately=tuple(AskedAt(*row) for row in connection.execute(ASKED_LATELY, (SPENT_MAX, now - LATELY_S))),
        held=tuple(held.by_living),
        held_by=held.holders,
        told_through=all_told(connection) if living else {},
        lost=lost,
    )


def _blocks(connection: sqlite3.Connection, now: float) -> Iterator[Block]:
    sql = "SELECT * FROM blocks WHERE until >= ? ORDER BY scope, reason"
    for scope, reason, source, set_at, until, next_probe, step, message, probe_s, probed_at in connection.execute(
        sql, (now - REMEMBERED_S,)
    ):
        if source in _SOURCES:
            yield Block(
                scope=scope,
                reason=reason,
                source=_SOURCES[source],
                set_at=set_at,
                until=until,
                next_probe=next_probe,
                probe_s=probe_s,
                probed_at=_moments.decode(probed_at),
                step=step,
                message=message,
            )


def _windows(connection: sqlite3.Connection, now: float) -> tuple[Asleep, ...]:
    """As they are stored: there may be a hundred thousand, and most are never asked for. None is too old by a clock that is
    years ahead, and may be put right later."""
    rows = list(map(Asleep._make, connection.execute("SELECT scope, through, seen_at, body FROM windows")))
    since = min(now, max((row.seen_at for row in rows), default=now)) - WINDOWS_KEPT_S
    return tuple(row for row in rows if row.seen_at > since)


def _spent(connection: sqlite3.Connection, windows: Sequence[Asleep]) -> list[Spent]:
    """What *windows* may not have counted, the newest last. Few lists of scopes stand in many rows."""
    lists: dict[int, tuple[str, ...]] = {}
    rows = []
    through = max((window.through for window in windows), default=0)
    seen_at = max((window.seen_at for window in windows), default=0.0) - STORED_WITHIN_S
    for number, at, key, reserved, tokens, settled_at, is_served in connection.execute(
        NEWEST_SPENT, (SPENT_MAX, through, seen_at, seen_at)
    ):
        scopes = lists.get(key)
        if scopes is None:
            names = connection.execute(LIST_OF_SCOPES, (key,)).fetchone()
            scopes = lists[key] = _strings.decode(names[0]) if names is not None else ()
        rows.append(Spent(number, at, scopes, reserved, tokens, settled_at, bool(is_served)))
    rows.reverse()
    return rows


def _today(connection: sqlite3.Connection, now: float) -> tuple[DayCounts, ...]:
    first = day_of(now) * DAY_HOURS
    return tuple(
        DayCounts(
            provider=provider,
            credential=credential,
            requests=attempts,
            errors=failed,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
        )
        for provider, credential, attempts, failed, input_tokens, output_tokens in connection.execute(
            TODAY, (first, first + DAY_HOURS)
        )
    )


def usage(connection: sqlite3.Connection, question: UsageQuestion) -> list[UsageRow]:
    """The newest day first."""
    if question.by_session:
        return _sessions(connection, question)
    since = day_numbered(question.since_day) * DAY_HOURS
    found = connection.execute(USAGE, (since, question.client, max(0, question.rows_max)))
    return [
        _row(counters, provider=provider, model=model, credential=credential, client=client, day=day)
        for provider, model, credential, client, day, *counters in found
    ]


def _sessions(connection: sqlite3.Connection, question: UsageQuestion) -> list[UsageRow]:
    values = (day_numbered(question.since_day), question.client, max(0, question.rows_max))
    return [
        _row(counters, client=client, session=session, day=day)
        for session, client, day, *counters in connection.execute(SESSIONS, values)
    ]


def _row(
    counters: Sequence[int],
    *,
    client: str,
    day: int,
    provider: str = "",
    model: str = "",
    credential: str = "",
    session: str = "",
) -> UsageRow:
    requests, errors, input_tokens, output_tokens, cost_microusd, unpriced = counters
    return UsageRow(
        provider=provider,
        model=model,
        credential=credential,
        client=client,
        session=session,
        day=day_named(day),
        requests=requests,
        errors=errors,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cost_microusd=cost_microusd,
        unpriced=unpriced,
    )


def journal(connection: sqlite3.Connection, question: JournalQuestion) -> list[tuple[int, Entry]]:
    """With their row ids."""
    oldest_first = question.after_row is not None
    sql = f"""SELECT row, entry FROM journal WHERE row > ?1 AND (?2 = 0 OR failed = 1) AND (?3 = '' OR provider = ?3)
        ORDER BY row {"ASC" if oldest_first else "DESC"} LIMIT ?4"""  # noqa: S608 — one of two words of our own
    values = (question.after_row or 0, int(question.errors_only), question.provider, max(0, question.rows_max))
    return list(_readable(connection.execute(sql, values)))


def entry(connection: sqlite3.Connection, request_id: str) -> Entry | None:
    """The newest of that id. A walk through a bounded table."""
    sql = "SELECT row, entry FROM journal WHERE request_id = ? ORDER BY row DESC LIMIT 1"
    return next((found for _, found in _readable(connection.execute(sql, (request_id,)))), None)


def is_whole(connection: sqlite3.Connection) -> bool:
    """A look at every page: for when there is a suspicion."""
    return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")


def _readable(rows: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, Entry]]:
    """Without the entries that only another version of us can read."""
    for row, encoded in rows:
        try:
            yield row, _entry.decode(encoded)
        except msgspec.MsgspecError:
            continue
