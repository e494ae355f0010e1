"""Both stores keep the contract, and give the same answers to whatever was stored."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import trio
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hrd.core.journal import Outcome
from hrd.core.price import Price
from hrd.core.quota.book import QuotaBook
from hrd.core.quota.kinds import KINDS
from hrd.core.quota.window import wake
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
from hrd.store.contract import JournalQuestion, Process, Store, UsageQuestion, UsageRow
from hrd.store.limits import Retention, StoreLimits
from hrd.store.memory import Disk, MemoryStore
from hrd.store.sqlite import open_store
from tests.hrd.store.samples import (
    ANSWERED,
    NEW,
    NOON,
    OLD,
    SCOPES,
    Clock,
    answered,
    attempt,
    blocked,
    raised,
    refused,
    reserved,
    settled,
    window,
)

OpenStore = Callable[[Process], Store]


@pytest.fixture(params=["memory", "sqlite"])
def open_as(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenStore]:
    """Opens the same store again and again, each time as some process."""
    opened: list[Store] = []
    disk = Disk()

    def again(process: Process) -> Store:
        for store in opened:
            store.close()
        if request.param == "memory":
            opened.append(MemoryStore(disk, Clock(), process))
        else:
            opened.append(open_store(tmp_path / "hrd.db", StoreLimits(), process, Clock()))
        return opened[-1]

    yield again
    opened[-1].close()


async def test_a_blank_store_remembers_nothing(open_as: OpenStore) -> None:
    store = open_as(NEW)
    assert store.load(NOON) == Remembered(at=NOON)
    assert await store.usage(UsageQuestion()) == []
    assert await store.journal(JournalQuestion()) == []
    assert await store.entry("req-1") is None
    assert (store.health().state, store.health().message, store.is_full) == ("ok", "", False)


async def test_new_limits_hold_from_the_next_row_on(open_as: OpenStore) -> None:
    store = open_as(NEW)
    store.commit_nowait([answered("req-1")])
    store.limits = StoreLimits(retention=Retention(journal_rows=0), buffer_rows=7)
    assert (store.limits.buffer_rows, store.health().rows_max) == (7, 7)
    store.commit_nowait([answered("req-2")])
    assert [entry.request_id for _, entry in await store.journal(JournalQuestion())] == ["req-1"]


async def test_what_was_committed_is_answered_by_the_next_process(open_as: OpenStore) -> None:
    open_as(OLD).commit_nowait([reserved(7), settled(7), answered()])
    store = open_as(NEW)
    assert store.load(NOON).next_reservation == 8
    assert await store.entry("req-1") == ANSWERED
    assert await store.journal(JournalQuestion()) == [(1, ANSWERED)]
    assert await store.usage(UsageQuestion()) == [
        UsageRow(
            provider="groq",
            model="llama",
            credential="groq-00000001",
            client="client-1",
            day="2026-11-18",
            requests=1,
            errors=0,
            input_tokens=100,
            output_tokens=50,
            cost_microusd=0,
        )
    ]


async def test_reservations_of_a_dead_process_are_lost_once_and_count_as_spent(open_as: OpenStore) -> None:
    open_as(OLD).commit_nowait([reserved(1), reserved(2, tokens=700), reserved(3, request="req-2", tokens=300), settled(1)])
    store = open_as(NEW)
    remembered = store.load(NOON + 5)
    assert (remembered.lost, remembered.next_reservation) == (2, 4)
    assert remembered.today == (
        DayCounts(provider="groq", credential="groq-00000001", requests=2, errors=2, input_tokens=1000, output_tokens=0),
    )
    entry = await store.entry("req-2")
    assert entry is not None
    assert (entry.outcome, entry.usage.input_tokens, len(entry.attempts)) == (Outcome.CRASHED, 1000, 2)
    assert store.load(NOON + 6).lost == 0


async def test_what_a_reply_had_come_to_when_its_process_died_counts_as_spent(open_as: OpenStore) -> None:
    open_as(OLD).commit_nowait([reserved(1, tokens=700)])
    open_as(OLD).commit_nowait([raised(1), raised(2)])
    store = open_as(NEW)
    (row,) = store.load(NOON + 5).spent
    assert (row.reserved, row.tokens) == (5000, 5000)
    entry = await store.entry("req-1")
    assert entry is not None
    assert (entry.usage.input_tokens, entry.cost_microusd) == (5000, 9)


async def test_what_is_over_grows_no_more(open_as: OpenStore) -> None:
    open_as(OLD).commit_nowait([reserved(1, tokens=700), settled(1, tokens=150)])
    open_as(OLD).commit_nowait([raised(1)])
    (row,) = open_as(NEW).load(NOON + 5).spent
    assert (row.reserved, row.tokens) == (700, 150)


async def test_a_process_does_not_lose_its_own_reservations(open_as: OpenStore) -> None:
    store = open_as(OLD)
    store.commit_nowait([reserved(1)])
    assert store.load(NOON).lost == 0
    assert open_as(Process(OLD.pid, OLD.started + 1)).load(NOON).lost == 1


async def test_what_windows_have_counted_is_not_read_again_unless_it_was_settled_since(open_as: OpenStore) -> None:
    store = open_as(OLD)
    store.commit_nowait([reserved(1, at=NOON - 13), reserved(2, at=NOON - 12), settled(1, at=NOON - 11)])
    store.commit_nowait([window(through=2, seen_at=NOON), settled(2, at=NOON + 1, tokens=150)])
    remembered = open_as(NEW).load(NOON + 3)
    assert [(row.id, row.tokens, row.settled_at) for row in remembered.spent] == [(2, 150, NOON + 1)]


async def test_windows_come_back_with_what_the_ledger_has_since(open_as: OpenStore) -> None:
    day, tokens = window(through=1), window(kind="tokens/day", left=9000, through=1)
    store = open_as(OLD)
    store.commit_nowait([day, tokens])
    store.commit_nowait([reserved(1, at=NOON - 11), reserved(2, at=NOON + 1), settled(2, tokens=150), reserved(3, at=NOON + 2)])
    remembered = open_as(NEW).load(NOON + 3)
    assert [wake(window) for window in remembered.windows] == [day, tokens]
    assert [(row.id, row.at, row.reserved, row.tokens, row.settled_at) for row in remembered.spent] == [
        (2, NOON + 1, 1000, 150, NOON + 1),
        (3, NOON + 2, 1000, 1000, None),
    ]
    assert {row.scopes for row in remembered.spent} == {SCOPES}
    book = QuotaBook(remembered.windows, remembered.spent, remembered.at)
    assert {kept.kind: kept.left for kept in book.windows(NOON + 3)} == {"requests/day": 98, "tokens/day": 9000 - 150 - 1000}


async def test_what_client_keys_spend_is_added_up_by_day(open_as: OpenStore) -> None:
    today = int(NOON // 86400)
    store = open_as(OLD)
    store.commit_nowait([Charge(client="client-2", day=today - 1, requests=9)])
    store.commit_nowait([Charge(client="client-1", day=today, requests=1, tokens=700, cost_microusd=40)])
    store.commit_nowait([Charge(client="client-1", day=today, tokens=-550, cost_microusd=-30)])
    before = Charge(client="client-2", day=today - 1, requests=9)
    now = Charge(client="client-1", day=today, requests=1, tokens=150, cost_microusd=10)
    assert open_as(NEW).load(NOON).charged == (before, now)
    assert open_as(NEW).load(NOON + 86400).charged == (before, now), "tomorrow by a clock that may be set back"


@pytest.mark.parametrize("years", [-50, 11])
async def test_a_clock_that_is_years_off_when_we_start_makes_nothing_forgotten(open_as: OpenStore, years: int) -> None:
    """It is put right a little later, and what was spent today still counts."""
    today = int(NOON // 86400)
    charge = Charge(client="client-1", day=today, requests=1)
    open_as(OLD).commit_nowait([charge, window(through=0, seen_at=NOON)])
    remembered = open_as(NEW).load(NOON + years * 365 * 86400)
    assert remembered.charged == (charge,)
    assert [wake(one) for one in remembered.windows] == [window(through=0, seen_at=NOON)]
    assert [one.seen_at for one in open_as(NEW).load(NOON + 35 * 86400).windows] == [NOON]


async def test_what_was_written_by_a_clock_that_was_ahead_hides_nothing(open_as: OpenStore) -> None:
    today, ahead = int(NOON // 86400), NOON + 11 * 365 * 86400
    charges = [Charge(client="client-1", day=day, requests=1) for day in (today, int(ahead // 86400))]
    rows = [window("requests/day", through=0, seen_at=NOON), window("tokens/day", through=0, seen_at=ahead)]
    open_as(OLD).commit_nowait([*charges, *rows])
    remembered = open_as(NEW).load(NOON)
    assert remembered.charged == tuple(charges)
    assert {one.seen_at for one in remembered.windows} == {NOON, ahead}


async def test_what_was_set_aside_for_a_client_key_stays_spent_when_its_process_dies(open_as: OpenStore) -> None:
    today = int(NOON // 86400)
    open_as(OLD).commit_nowait([reserved(1, client="client-1"), Charge(client="client-1", day=today, requests=1, tokens=700)])
    store = open_as(NEW)
    remembered = store.load(NOON + 5)
    assert [(charge.requests, charge.tokens) for charge in remembered.charged] == [(1, 700)]
    entry = await store.entry("req-1")
    assert entry is not None
    assert (entry.client, entry.cost_microusd) == ("client-1", 0)


async def test_requests_of_the_last_minute_are_known_each_once_and_whose_they_are(open_as: OpenStore) -> None:
    lately = [
        reserved(1, at=NOON - 61, client="client-1"),
        reserved(2, at=NOON - 59, client="client-1"),
        reserved(3, at=NOON - 20, client="client-1", request="req-2"),
        reserved(4, at=NOON - 10, client="client-2"),
        reserved(5, at=NOON - 5),
    ]
    open_as(OLD).commit_nowait(lately)
    assert open_as(NEW).load(NOON).asked_lately == (AskedAt("client-1", NOON - 59), AskedAt("client-2", NOON - 10))


async def test_what_living_processes_hold_names_the_client_key(open_as: OpenStore) -> None:
    open_as(OLD).commit_nowait([reserved(1, client="client-1")])
    assert [held.client for held in open_as(NEW).load(NOON, [OLD]).held] == ["client-1"]


async def test_a_lost_request_whose_price_was_not_known_has_no_known_cost(open_as: OpenStore) -> None:
    unpriced = msgspec.structs.replace(reserved(2, request="req-1"), cost_microusd=None)
    open_as(OLD).commit_nowait([msgspec.structs.replace(reserved(1), cost_microusd=12), unpriced])
    store = open_as(NEW)
    store.load(NOON)
    entry = await store.entry("req-1")
    assert entry is not None
    assert entry.cost_microusd is None
    (row,) = await store.usage(UsageQuestion())
    assert (row.cost_microusd, row.unpriced) == (0, 1)


async def test_sessions_are_added_up_by_day_and_client(open_as: OpenStore) -> None:
    of_run = msgspec.structs.replace(ANSWERED, session="run 7", cost_microusd=5)
    unpriced = msgspec.structs.replace(of_run, cost_microusd=None)
    other = msgspec.structs.replace(of_run, client="client-2", at=NOON + 86400)
    store = open_as(NEW)
    store.commit_nowait([of_run, unpriced, other, ANSWERED])
    rows = await store.usage(UsageQuestion(by_session=True))
    assert [
        (row.day, row.session, row.client, row.requests, row.input_tokens, row.cost_microusd, row.unpriced) for row in rows
    ] == [
        ("2026-11-19", "run 7", "client-2", 1, 100, 5, 0),
        ("2026-11-18", "run 7", "client-1", 2, 200, 5, 1),
    ]
    assert rows[1].provider == rows[1].model == rows[1].credential == ""
    asked = UsageQuestion(by_session=True, client="client-1", since_day="2026-11-18", rows_max=1)
    assert [row.client for row in await store.usage(asked)] == ["client-1"]


async def test_prices_of_a_list_of_models_are_kept(open_as: OpenStore) -> None:
    found = Discovered(provider="p", models=("m",), contexts={}, at=NOON, prices={"m": Price(input=1, output=2, cached=0)})
    open_as(OLD).commit_nowait([found])
    assert open_as(NEW).load(NOON).discovered == (found,)


async def test_a_block_is_replaced_lifted_and_forgotten_an_hour_after_it_ended(open_as: OpenStore) -> None:
    store = open_as(OLD)
    store.commit_nowait([blocked(), blocked("a"), blocked("b"), BlockLifted(scope="a", reason="rate limit")])
    store.commit_nowait([blocked(until=NOON + 120, step=2), BlockLifted(scope="b", reason="another")])
    store = open_as(NEW)
    assert store.load(NOON).blocks == (blocked("b"), blocked(until=NOON + 120, step=2))
    assert store.load(NOON + 60 + 3601).blocks == (blocked(until=NOON + 120, step=2),)
    assert store.load(NOON + 120 + 3601).blocks == ()


async def test_a_block_lifted_and_set_again_in_one_commit_stands(open_as: OpenStore) -> None:
    store = open_as(OLD)
    store.commit_nowait([blocked(), BlockLifted(scope="provider:groq", reason="rate limit"), blocked(step=1)])
    assert open_as(NEW).load(NOON).blocks == (blocked(step=1),)


async def test_a_window_that_is_forgotten_does_not_come_back_and_may_be_known_anew(open_as: OpenStore) -> None:
    store = open_as(OLD)
    forgotten = [WindowForgotten(scope=SCOPES[1], kind=kind, owner="provider") for kind in ("requests/day", "tokens/day", "x")]
    store.commit_nowait([window(), window(kind="tokens/day"), window(kind="requests/minute")])
    store.commit_nowait([*forgotten, window(kind="tokens/day", left=5)])
    found = [wake(one) for one in open_as(NEW).load(NOON).windows]
    assert {(one.kind, one.left) for one in found if one is not None} == {("requests/minute", 100), ("tokens/day", 5)}


async def test_facts_come_back_as_they_were(open_as: OpenStore) -> None:
    learned = Learned(provider="groq", model="llama", what="drop:logprobs", value=1, at=NOON, expires_at=NOON + 100)
    over = Learned(provider="groq", model="llama", what="tools", value=1, at=NOON, expires_at=NOON + 10)
    pin = EmbeddingPin(provider="groq", model="embed", at=NOON)
    lists = Discovered(provider="groq", models=("a", "b/ü"), contexts={"a": 8192}, at=NOON)
    account = AccountNamed(credential="groq-00000001", account="org_1")
    store = open_as(OLD)
    store.commit_nowait([learned, over, pin, lists, account, AccountNamed(credential="x", account="y")])
    store.commit_nowait([AccountNamed(credential="x", account="")])
    remembered = open_as(NEW).load(NOON + 10)
    assert remembered == Remembered(
        at=remembered.at, learned=(learned,), embedding_pin=pin, discovered=(lists,), accounts=(account,)
    )


async def test_an_empty_pin_unpins(open_as: OpenStore) -> None:
    store = open_as(OLD)
    store.commit_nowait([EmbeddingPin(provider="groq", model="embed", at=NOON)])
    store.commit_nowait([EmbeddingPin(provider="", model="", at=NOON)])
    assert open_as(NEW).load(NOON).embedding_pin is None


async def test_the_journal_is_asked_newest_first_or_onward_from_a_row(open_as: OpenStore) -> None:
    store = open_as(OLD)
    store.commit_nowait([answered("a"), refused("b"), answered("c"), refused("d")])

    async def ask(**question: object) -> list[tuple[int, str]]:
        return [(row, entry.request_id) for row, entry in await store.journal(msgspec.convert(question, JournalQuestion))]

    assert await ask(rows_max=2) == [(4, "d"), (3, "c")]
    assert await ask(after_row=2) == [(3, "c"), (4, "d")]
    assert await ask(after_row=0, rows_max=1) == [(1, "a")]
    assert await ask(errors_only=True) == [(4, "d"), (2, "b")]
    assert await ask(provider="groq") == [(3, "c"), (1, "a")]
    assert await ask(after_row=9) == []
    assert await ask(rows_max=-1) == []


async def test_usage_is_summed_by_day_for_one_client_or_all(open_as: OpenStore) -> None:
    store = open_as(OLD)
    store.commit_nowait(
        [answered("a", NOON - 86400), answered("b"), answered("c", NOON + 3600), answered("d", client="client-2")]
    )

    async def ask(**question: object) -> list[tuple[str, str, int]]:
        rows = await store.usage(msgspec.convert(question, UsageQuestion))
        return [(row.day, row.client, row.requests) for row in rows]

    assert await ask() == [("2026-11-18", "client-1", 2), ("2026-11-18", "client-2", 1), ("2026-11-17", "client-1", 1)]
    assert await ask(since_day="2026-11-18") == [("2026-11-18", "client-1", 2), ("2026-11-18", "client-2", 1)]
    assert await ask(client="client-2") == [("2026-11-18", "client-2", 1)]
    assert await ask(rows_max=1) == [("2026-11-18", "client-1", 2)]
    with pytest.raises(ValueError, match="yesterday"):
        await ask(since_day="yesterday")


async def test_a_key_that_fails_while_another_answers_shows_its_failures_today(open_as: OpenStore) -> None:
    entry = msgspec.structs.replace(ANSWERED, attempts=(attempt("rate limited", "mistral", "mistral-1", "large"), attempt()))
    open_as(OLD).commit_nowait([entry])
    store = open_as(NEW)
    assert [(d.provider, d.requests, d.errors) for d in store.load(NOON).today] == [("groq", 1, 0), ("mistral", 1, 1)]
    assert store.load(NOON + 43200).today == ()
    assert [(row.provider, row.requests, row.errors) for row in await store.usage(UsageQuestion())] == [("groq", 1, 0)]


async def test_a_model_name_that_nobody_served_is_kept_in_the_journal_alone(open_as: OpenStore) -> None:
    store = open_as(OLD)
    store.commit_nowait([refused()])
    assert [(row.model, row.requests, row.errors) for row in await store.usage(UsageQuestion())] == [("", 1, 1)]
    entry = await store.entry("req-r")
    assert entry is not None
    assert entry.model_asked == "a-name-of-the-client's"


async def test_commits_of_one_turn_are_all_there_when_any_of_them_returns(open_as: OpenStore) -> None:
    store = open_as(OLD)
    seen: list[int] = []

    async def one(number: int) -> None:
        await store.commit([answered(f"req-{number}")])
        assert store.health().rows_waiting == 0
        seen.append(number)

    async with trio.open_nursery() as nursery:
        for number in range(50):
            nursery.start_soon(one, number)
    assert sorted(seen) == list(range(50))
    assert len(await store.journal(JournalQuestion())) == 50


async def test_a_cancelled_commit_is_written_all_the_same(open_as: OpenStore) -> None:
    store = open_as(OLD)
    with trio.CancelScope() as scope:
        scope.cancel()
        await store.commit([answered()])
        await trio.lowlevel.checkpoint()
        pytest.fail("the cancellation was swallowed")
    assert scope.cancelled_caught
    assert await store.entry("req-1") == ANSWERED


texts = st.sampled_from(["", "groq", "llama", "ü/x:free", "client-1"])
times = st.sampled_from([NOON - 90 * 86400, NOON - 86400, NOON - 3599, NOON, NOON + 1, NOON + 50000])
counts = st.integers(0, 10**6)
entries = st.builds(
    msgspec.structs.replace,
    st.just(ANSWERED),
    request_id=st.sampled_from(["a", "b", "c"]),
    at=times,
    client=texts,
    outcome=st.sampled_from(Outcome),
    provider=texts,
    model=texts,
    credential=texts,
    first_token_ms=st.none() | st.just(3.25),
    cost_microusd=st.none() | counts,
    session=texts,
    attempts=st.lists(st.builds(attempt, st.sampled_from(["ok", "server error"]), texts, texts, texts), max_size=2).map(tuple),
)
rows = st.one_of(
    entries,
    st.builds(settled, st.integers(1, 30), tokens=counts),
    st.builds(raised, st.integers(1, 30), tokens=counts, cost_microusd=st.none() | counts),
    st.builds(blocked, texts, texts, times, st.integers(0, 3)),
    st.builds(BlockLifted, scope=texts, reason=texts),
    st.builds(window, st.sampled_from(SCOPES), st.sampled_from(KINDS), counts, times, st.none() | times),
    st.builds(WindowForgotten, scope=st.sampled_from(SCOPES), kind=st.sampled_from(KINDS), owner=st.just("provider")),
    st.builds(Learned, provider=texts, model=texts, what=texts, value=counts, at=times, expires_at=times),
    st.builds(EmbeddingPin, provider=texts, model=texts, at=times),
    st.builds(
        Discovered,
        provider=texts,
        models=st.lists(texts, max_size=3).map(tuple),
        contexts=st.dictionaries(texts, counts, max_size=2),
        at=times,
    ),
    st.builds(AccountNamed, credential=texts, account=texts),
    st.builds(
        Charge,
        client=texts,
        day=st.sampled_from([int(NOON // 86400) - 1, int(NOON // 86400)]),
        requests=counts,
        tokens=st.integers(-(10**6), 10**6),
        cost_microusd=counts,
    ),
)
reservations = st.tuples(times, counts, st.lists(st.sampled_from(SCOPES), unique=True), texts)


@st.composite
def batches(draw: st.DrawFn) -> list[list[Row]]:
    """Commits in which ledger ids grow, as the pool gives them."""
    written: list[list[Row]] = []
    next_id = 1
    for batch in draw(st.lists(st.lists(rows | reservations, max_size=6), max_size=6)):
        written.append([])
        for row in batch:
            if isinstance(row, tuple):
                at, tokens, scopes, client = row
                request = f"r{next_id % 3}"
                written[-1].append(reserved(next_id, at=at, request=request, tokens=tokens, scopes=scopes, client=client))
                next_id += 1
            else:
                written[-1].append(row)
    return written


async def everything(store: Store) -> list[object]:
    answers: list[object] = [store.load(NOON), store.load(NOON + 50000)]
    usage = (
        UsageQuestion(),
        UsageQuestion(since_day="2026-11-17", client="client-1"),
        UsageQuestion(rows_max=2),
        UsageQuestion(by_session=True),
    )
    answers.extend([await store.usage(question) for question in usage])
    journal = (
        JournalQuestion(),
        JournalQuestion(rows_max=2),
        JournalQuestion(after_row=2),
        JournalQuestion(errors_only=True, provider="groq"),
    )
    answers.extend([await store.journal(question) for question in journal])
    answers.extend([await store.entry(request) for request in "abcz"])
    return answers


def in_order(answers: list[list[Row]], store: Store) -> Store:
    """What comes of a reservation may precede it only in tests: SQLite looks at a batch as a whole."""
    last = [type(raised(1)), type(settled(1))]
    for batch in answers:
        store.commit_nowait(sorted(batch, key=lambda row: last.index(type(row)) + 1 if type(row) in last else 0))
    return store


@settings(max_examples=60, deadline=None)
@given(batches())
@example(
    [
        [
            WindowForgotten(scope="one", kind="requests/day", owner="provider"),
            window("one", "requests/minute", 1),
            window("one", "requests/day", 1),
        ]
    ]
)
def test_any_rows_give_the_same_answers_from_both(written: list[list[Row]]) -> None:
    async def compare() -> None:
        with tempfile.TemporaryDirectory() as folder:
            path, disk = Path(folder, "hrd.db"), Disk()
            limits = StoreLimits(retention=Retention())
            on_disk = in_order(written, open_store(path, limits, OLD, Clock()))
            in_memory = in_order(written, MemoryStore(disk, Clock(), OLD))
            assert await everything(on_disk) == await everything(in_memory)
            on_disk.close()
            on_disk, in_memory = open_store(path, limits, NEW, Clock()), MemoryStore(disk, Clock(), NEW)
            assert await everything(on_disk) == await everything(in_memory)
            assert on_disk.health().message == ""
            on_disk.close()

    trio.run(compare)


# processes that have handed over -------------------------------------------------------------------------------------------


async def test_what_a_living_process_holds_is_not_lost(open_as: OpenStore) -> None:
    open_as(OLD).commit_nowait([reserved(1), reserved(2), settled(2)])
    store = open_as(NEW)
    remembered = store.load(NOON, {OLD})
    assert (remembered.held, remembered.lost, remembered.read_at) == ((reserved(1),), 0, NOON)
    assert remembered.held_by == {1: OLD}
    assert await store.journal(JournalQuestion()) == []


async def test_when_it_dies_what_it_still_held_is_lost(open_as: OpenStore) -> None:
    open_as(OLD).commit_nowait([reserved(1), reserved(2), settled(2)])
    store = open_as(NEW)
    store.load(NOON, {OLD})
    store.bury(OLD)
    store.bury(OLD)
    ((_, entry),) = await store.journal(JournalQuestion())
    assert entry.outcome is Outcome.CRASHED


async def test_a_write_that_somebody_is_told_of_has_its_number_in_the_database(open_as: OpenStore) -> None:
    told: list[tuple[int, list[Row]]] = []
    old = open_as(OLD)
    old.commit_nowait([reserved(1)])
    old.retire(lambda number, rows: told.append((number, [*rows])))
    old.commit_nowait([reserved(2)])
    old.retire(None)
    old.commit_nowait([settled(2)])
    old.retire(lambda number, rows: told.append((number, [*rows])))
    await old.commit([settled(1)])
    assert told == [(1, [reserved(2)]), (2, [settled(1)])]
    store = open_as(NEW)
    assert store.load(NOON, {OLD}).told_through == {OLD: 2}
    store.bury(OLD)
    assert store.load(NOON, {OLD}).told_through == {}


async def test_the_numbers_of_the_dead_are_forgotten(open_as: OpenStore) -> None:
    old = open_as(OLD)
    old.retire(lambda _number, _rows: None)
    old.commit_nowait([reserved(1)])
    assert open_as(NEW).load(NOON).told_through == {}
    assert open_as(NEW).load(NOON, {OLD}).told_through == {}
