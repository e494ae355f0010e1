"""The store's contract in memory: for virtual time, where a thread would let the clock run away.

A `Disk` outlives the stores on it, as a file outlives processes; `is_writable` set to false is a full disk.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice

import msgspec
import trio

from hrd.core.blocks import REMEMBERED_S, Block
from hrd.core.journal import SERVED, Entry
from hrd.core.ledger import STORED_WITHIN_S, Raised, Reservation, Settlement, Spent, State
from hrd.core.quota.window import Asleep, Window, put_to_sleep
from hrd.core.remembered import (
    AccountNamed,
    AskedAt,
    BlockLifted,
    Charge,
    DayCounts,
    Discovered,
    EmbeddingPin,
    Learned,
    Remembered,
    Row,
    WindowForgotten,
)
from hrd.store.contract import JournalQuestion, Process, StoreHealth, Told, UsageQuestion, UsageRow
from hrd.store.counting import (
    DAY_HOURS,
    Counts,
    SessionTotals,
    Totals,
    count,
    count_session,
    day_named,
    day_numbered,
    day_of,
    is_error,
)
from hrd.store.limits import StoreLimits
from hrd.store.lost import entries_of
from hrd.store.questions import LATELY_S, SPENT_MAX, WINDOWS_KEPT_S
from hrd.store.waiting import HELD, WaitingRows, WriteFailed

FIRST = Process(1, 0.0)
USUAL_LIMITS = StoreLimits()
LEDGER_ROWS_MAX = 100_000
FULL = WriteFailed(message="the disk is full", pause_s=1.0)


class LedgerRow(msgspec.Struct, kw_only=True):
    """A reservation, whose it is, and what became of it."""

    reservation: Reservation
    process: Process
    state: State = State.HELD
    settlement: Settlement | None = None


class Disk(msgspec.Struct, kw_only=True):
    """The tables."""

    is_writable: bool = True
    ledger: dict[int, LedgerRow] = {}
    journal: dict[int, Entry] = {}
    usage: Totals = {}
    blocks: dict[tuple[str, str], Block] = {}
    windows: dict[tuple[str, str, str], Window] = {}
    learned: dict[tuple[str, str, str], Learned] = {}
    pin: EmbeddingPin | None = None
    discovered: dict[str, Discovered] = {}
    accounts: dict[str, AccountNamed] = {}
    charged: dict[tuple[str, int], Charge] = {}
    sessions: SessionTotals = {}
    told_through: dict[tuple[int, float], int] = {}
    entries: int = 0


class MemoryStore:
    """See `hrd.store.contract`. A new one on an old disk is a new process."""

    def __init__(
        self, disk: Disk, now: Callable[[], float], process: Process = FIRST, limits: StoreLimits = USUAL_LIMITS
    ) -> None:
        self.disk = disk
        self._limits = limits
        self._process = process
        self._waiting = WaitingRows(self._write_and_tell, now, limits.buffer_rows)
        self._living: set[Process] = set()
        self._is_held = False
        self._told: Told | None = None
        self._told_through = 0

    @property
    def limits(self) -> StoreLimits:
        return self._limits

    @limits.setter
    def limits(self, limits: StoreLimits) -> None:
        self._limits = limits
        self._waiting.rows_max = limits.buffer_rows

    def commit_nowait(self, rows: Sequence[Row]) -> None:
        self._waiting.commit_nowait(rows)

    async def commit(self, rows: Sequence[Row]) -> None:
        await self._waiting.commit(rows)

    @property
    def is_full(self) -> bool:
        return self._waiting.is_full

    def health(self) -> StoreHealth:
        failure = self._waiting.trouble
        return StoreHealth(
            state="full" if self.is_full else "degraded" if failure is not None else "ok",
            message=failure.message if failure is not None else "",
            rows_waiting=len(self._waiting.rows),
            rows_max=self._waiting.rows_max,
        )

    async def housekeep(self) -> None:
        while True:
            await trio.sleep(1.0)
            await self.tidy()

    async def tidy(self) -> None:
        """One round of housekeeping."""
        while self._waiting.retry():
            await trio.lowlevel.checkpoint()

    def close(self) -> None:
        while self._waiting.retry_now():
            pass

    # questions -----------------------------------------------------------------------------------------------------------

    async def usage(self, question: UsageQuestion) -> list[UsageRow]:
        await trio.lowlevel.checkpoint()
        since = day_numbered(question.since_day)
        if question.by_session:
            return list(islice(self._sessions(since, question.client), max(0, question.rows_max)))
        days: dict[tuple[int, str, str, str, str], Counts] = {}
        for (hour, provider, credential, model, client), counts in self.disk.usage.items():
            day = hour // DAY_HOURS
            if day >= since and question.client in ("", client):
                where = (-day, provider, model, credential, client)
                days.setdefault(where, Counts()).add(counts)
        rows = (_usage_row(where, counts) for where, counts in sorted(days.items()) if counts.requests)
        return list(islice(rows, max(0, question.rows_max)))

    def _sessions(self, since: int, client: str) -> Iterator[UsageRow]:
        newest_first = sorted(self.disk.sessions.items(), key=lambda item: (-item[0][0], *item[0][1:]))
        for (day, session, whose), counts in newest_first:
            if day >= since and client in ("", whose):
                yield _usage_row((-day, "", "", "", whose), counts, session)

    async def journal(self, question: JournalQuestion) -> list[tuple[int, Entry]]:
        await trio.lowlevel.checkpoint()
        after = question.after_row
        rows = self.disk.journal.items() if after is not None else reversed(self.disk.journal.items())
        found = (
            (row, entry)
            for row, entry in rows
            if row > (after or 0)
            and (is_error(entry) or not question.errors_only)
            and question.provider in ("", entry.provider)
        )
        return list(islice(found, max(0, question.rows_max)))

    async def entry(self, request_id: str) -> Entry | None:
        await trio.lowlevel.checkpoint()
        waiting = (row for row in reversed(self._waiting.rows) if isinstance(row, Entry))
        for entry in (*waiting, *reversed(self.disk.journal.values())):
            if entry.request_id == request_id:
                return entry
        return None

    def load(self, now: float, living: Collection[Process] = ()) -> Remembered:
        self._living = set(living)
        lost = self._bury()
        disk = self.disk
        return Remembered(
            at=now,
            read_at=now if living else 0.0,
            next_reservation=max(disk.ledger, default=0) + 1,
            blocks=tuple(block for _, block in sorted(disk.blocks.items()) if block.until >= now - REMEMBERED_S),
            windows=tuple(self._windows(now)),
            spent=tuple(self._spent()),
            learned=tuple(learned for _, learned in sorted(disk.learned.items()) if learned.expires_at > now),
            embedding_pin=disk.pin if disk.pin is not None and disk.pin.provider else None,
            discovered=tuple(discovered for _, discovered in sorted(disk.discovered.items())),
            accounts=tuple(account for _, account in sorted(disk.accounts.items())),
            today=_today(disk.usage, day_of(now)),
            charged=self._charged(day_of(now)),
            asked_lately=self._asked_lately(now - LATELY_S),
            held=tuple(row.reservation for row in self._held() if row.process in self._living),
            held_by={row.reservation.id: row.process for row in self._held() if row.process in self._living},
            told_through=dict(disk.told_through) if living else {},
            lost=lost,
        )

    def _asked_lately(self, since: float) -> tuple[AskedAt, ...]:
        first: dict[tuple[str, str], float] = {}
        for row in self.disk.ledger.values():
            reservation = row.reservation
            if reservation.client and reservation.at > since:
                key = (reservation.client, reservation.request_id)
                first[key] = min(reservation.at, first.get(key, reservation.at))
        asked = (AskedAt(client, at) for (client, _), at in first.items())
        return tuple(sorted(asked, key=lambda one: (one.at, one.client)))

    def hold(self) -> bool:
        self.flush()
        self._is_held = not self._waiting.rows
        return self._is_held

    def flush(self) -> None:
        while self._waiting.retry_now():
            pass

    def go_on(self) -> None:
        self._is_held = False
        self.flush()

    def retire(self, told: Told | None) -> None:
        self._told = told

    def bury(self, process: Process) -> None:
        self._living.discard(process)
        self._bury()

    def _bury(self) -> int:
        lost = [row for row in self._held() if row.process not in self._living]
        if self._write(entries_of(row.reservation for row in lost)) is None:
            for row in lost:
                row.state = State.LOST
            for process in self.disk.told_through.keys() - {*self._living, self._process}:
                del self.disk.told_through[process]
        return len(lost)

    def _held(self) -> list[LedgerRow]:
        """By other processes."""
        return [row for row in self.disk.ledger.values() if row.state is State.HELD and row.process != self._process]

    def _charged(self, today: int) -> tuple[Charge, ...]:
        since = min(today, max((day for _, day in self.disk.charged), default=today)) - 1
        charged = sorted(self.disk.charged.values(), key=lambda charge: (charge.day, charge.client))
        return tuple(charge for charge in charged if charge.day >= since)

    def _windows(self, now: float) -> Iterator[Asleep]:
        since = min(now, max((window.seen_at for window in self.disk.windows.values()), default=now)) - WINDOWS_KEPT_S
        for window in self.disk.windows.values():
            if window.seen_at > since:
                yield put_to_sleep(window)

    def _spent(self) -> Iterator[Spent]:
        through = max((window.through for window in self.disk.windows.values()), default=0)
        seen_at = max((window.seen_at for window in self.disk.windows.values()), default=0.0) - STORED_WITHIN_S
        for number, row in sorted(islice(reversed(self.disk.ledger.items()), SPENT_MAX)):
            held, settled = row.reservation, row.settlement
            settled_at = settled.at if settled is not None else None
            if number > through or held.at > seen_at or (settled_at or 0.0) > seen_at:
                is_served = settled is not None and settled.outcome == SERVED
                yield Spent(number, held.at, held.scopes, held.tokens, _tokens_of(row), settled_at, is_served)

    # writing -------------------------------------------------------------------------------------------------------------

    def _write_and_tell(self, rows: Sequence[Row]) -> WriteFailed | None:
        if self._is_held:
            return HELD
        failure = self._write(rows)
        if failure is None and self._told is not None:
            self._told_through += 1
            self.disk.told_through[self._process] = self._told_through
            self._told(self._told_through, rows)
        return failure

    def _write(self, rows: Iterable[Row]) -> WriteFailed | None:
        if not self.disk.is_writable:
            return FULL
        for row in rows:
            self._put(row)
        return None

    def _put(self, row: Row) -> None:
        disk = self.disk
        match row:
            case Reservation() | Raised() | Settlement():
                self._put_in_ledger(row)
            case Entry():
                self._record(row)
            case Block():
                disk.blocks[row.scope, row.reason] = row
            case BlockLifted():
                disk.blocks.pop((row.scope, row.reason), None)
            case Window():
                disk.windows.pop((row.scope, row.kind, row.owner), None)  # it stands last then, as in SQLite
                disk.windows[row.scope, row.kind, row.owner] = row
            case WindowForgotten():
                disk.windows.pop((row.scope, row.kind, row.owner), None)
            case Learned():
                disk.learned[row.provider, row.model, row.what] = row
            case EmbeddingPin():
                disk.pin = row
            case Discovered():
                disk.discovered[row.provider] = row
            case AccountNamed(account=""):
                disk.accounts.pop(row.credential, None)
            case AccountNamed():
                disk.accounts[row.credential] = row
            case Charge():
                self._charge(row)

    def _charge(self, row: Charge) -> None:
        before = self.disk.charged.get((row.client, row.day), Charge(client=row.client, day=row.day))
        self.disk.charged[row.client, row.day] = Charge(
            client=row.client,
            day=row.day,
            requests=before.requests + row.requests,
            tokens=before.tokens + row.tokens,
            cost_microusd=before.cost_microusd + row.cost_microusd,
        )

    def _put_in_ledger(self, row: Reservation | Raised | Settlement) -> None:
        ledger = self.disk.ledger
        if isinstance(row, Reservation):
            ledger.setdefault(row.id, LedgerRow(reservation=row, process=self._process))
            _bound(ledger, LEDGER_ROWS_MAX)
        elif (known := ledger.get(row.id)) is None:
            pass
        elif isinstance(row, Settlement):
            known.state, known.settlement = State.SETTLED, row
        elif known.state is State.HELD:
            raised = {"tokens": row.tokens, "cost_microusd": row.cost_microusd}
            known.reservation = msgspec.structs.replace(known.reservation, **raised)

    def _record(self, entry: Entry) -> None:
        disk = self.disk
        count(entry, disk.usage)
        if entry.session:
            count_session(entry, disk.sessions)
        rows_max = self._limits.retention.journal_rows
        if rows_max:
            disk.entries += 1
            disk.journal[disk.entries] = entry
            _bound(disk.journal, rows_max)


def _bound(table: dict[int, LedgerRow] | dict[int, Entry], rows_max: int) -> None:
    while len(table) > rows_max:
        del table[next(iter(table))]


def _tokens_of(row: LedgerRow) -> int:
    return row.settlement.tokens if row.settlement is not None else row.reservation.tokens


def _today(usage: Totals, today: int) -> tuple[DayCounts, ...]:
    credentials: dict[tuple[str, str], Counts] = {}
    for (hour, provider, credential, _, _), counts in usage.items():
        if hour // DAY_HOURS == today and provider:
            where = (provider, credential)
            credentials.setdefault(where, Counts()).add(counts)
    return tuple(
        DayCounts(
            provider=provider,
            credential=credential,
            requests=counts.attempts,
            errors=counts.failed,
            input_tokens=counts.input_tokens,
            output_tokens=counts.output_tokens,
        )
        for (provider, credential), counts in sorted(credentials.items())
    )


def _usage_row(where: tuple[int, str, str, str, str], counts: Counts, session: str = "") -> UsageRow:
    before, provider, model, credential, client = where
    return UsageRow(
        provider=provider,
        model=model,
        credential=credential,
        client=client,
        day=day_named(-before),
        requests=counts.requests,
        errors=counts.errors,
        input_tokens=counts.input_tokens,
        output_tokens=counts.output_tokens,
        cost_microusd=counts.cost_microusd,
        unpriced=counts.unpriced,
        session=session,
    )
