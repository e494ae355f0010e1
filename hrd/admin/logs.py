"""`hr logs`: the last exchanges, or each one as it ends."""

from collections.abc import Collection, Mapping

import msgspec
import trio

from hrd.admin.denied import Denied, misused, unreadable
from hrd.admin.exchanges import exchange_of
from hrd.admin.finished import Finished, Follower
from hrd.admin.lines import BEAT_S, hang_up
from hrd.admin.provider_names import provider_meant
from hrd.admin.wire.journal import Exchange, Logs, LogsQuestion
from hrd.core.journal import Entry
from hrd.downstream.call import JSON_LINES, Call
from hrd.store.contract import JournalQuestion, Store, StoreUnreadableError
from hrd.store.counting import is_error

ROWS_MAX = 10_000


async def list_logs(ask: LogsQuestion, store: Store, names: Mapping[str, str], known: Collection[str]) -> Logs | Denied:
    """Oldest first. *names*: client key → name; *known*: providers beside those of the catalogue."""
    question = _question(ask, known)
    if isinstance(question, Denied):
        return question
    try:
        found = await store.journal(question)
    except StoreUnreadableError as error:
        return unreadable(error)
    if question.after_row is None:
        found.reverse()
    return Logs(
        exchanges=tuple(exchange_of(entry, names, row=row) for row, entry in found),
        last_row=found[-1][0] if found else question.after_row or 0,
        unwritten=store.health().unwritten,
    )


async def follow_logs(
    ask: LogsQuestion, call: Call, store: Store, finished: Finished, names: Mapping[str, str], known: Collection[str]
) -> Denied | None:
    """Some older ones, then each as it ends, a JSON line each, until one side hangs up."""
    with finished.follow() as follower:
        older = await list_logs(ask, store, names, known)
        question = _question(ask, known)
        if isinstance(older, Denied):
            return older
        assert isinstance(question, JournalQuestion), "the list was made from it"
        call.begin_stream([(b"x-request-id", call.request_id.encode())], JSON_LINES)
        try:
            for exchange in older.exchanges:
                await call.send(_line(exchange))
            await _relay(call, follower, question, names, told={exchange.request_id for exchange in older.exchanges})
        finally:
            await hang_up(call)
    return None


async def _relay(call: Call, follower: Follower, question: JournalQuestion, names: Mapping[str, str], told: set[str]) -> None:
    """*told* are exchanges that ended while the older ones were read."""
    await call.send(b"\n")
    dropped = 0
    while True:
        entry = None
        with trio.move_on_after(BEAT_S):
            missed, entry = await follower.wait_next()
            dropped += missed
        if entry is None:
            await call.send(b"\n")
        elif entry.request_id not in told and _is_asked_for(entry, question):
            notes = (f"{dropped} exchanges before this one were not told: the follower was too slow",) if dropped else ()
            dropped = 0
            await call.send(_line(exchange_of(entry, names, notes=notes)))


def _question(ask: LogsQuestion, known: Collection[str]) -> JournalQuestion | Denied:
    if not 0 <= ask.n <= ROWS_MAX:
        return misused(f"n is 0 to {ROWS_MAX}", "hr logs -n 100")
    provider = provider_meant(ask.provider, known) if ask.provider else ""
    if isinstance(provider, Denied):
        return provider
    return JournalQuestion(rows_max=ask.n, after_row=ask.after, errors_only=ask.errors, provider=provider)


def _is_asked_for(entry: Entry, question: JournalQuestion) -> bool:
    return question.provider in ("", entry.provider) and (is_error(entry) or not question.errors_only)


def _line(exchange: Exchange) -> bytes:
    return msgspec.json.encode(exchange) + b"\n"
