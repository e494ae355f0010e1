"""What other processes hold and learn, in the books of this one."""

from collections.abc import Sequence

import msgspec

from hrd.core.block_book import BlockBook
from hrd.core.blocks import Block
from hrd.core.client_book import ClientBook
from hrd.core.day_book import DayBook
from hrd.core.elsewhere import Elsewhere
from hrd.core.failures import HintSource
from hrd.core.learned import Learning
from hrd.core.ledger import Raised, Reservation, Settlement
from hrd.core.pin import Pin
from hrd.core.quota.book import QuotaBook
from hrd.core.quota.window import Turn, Window
from hrd.core.remembered import AccountNamed, BlockLifted, Charge, DayCounts, EmbeddingPin, Learned

NOON = 1_795_003_200.0
GROQ = "credential:groq-1"
HELD = Reservation(
    id=7,
    at=NOON - 5,
    request_id="req-1",
    provider="groq",
    model="m",
    credential="groq-1",
    scopes=(GROQ,),
    tokens=100,
    client="c",
)
TOKENS = Window(
    scope=GROQ,
    kind="tokens/day",
    limit=1000,
    used=600,
    begun_at=NOON - 3600,
    ends_at=NOON + 3600,
    seen_at=NOON - 60,
    through=7,
)
BLOCK = Block(scope=GROQ, reason="rejected", source=HintSource.GUESS, set_at=NOON - 30, until=NOON + 30)


class Books:
    """The pool's books, as a process that took over has them."""

    def __init__(self, *blocks: Block, held: tuple[Reservation, ...] = (HELD,), windows: Sequence[Window] = (TOKENS,)) -> None:
        self.blocks = BlockBook(blocks)
        self.quota = QuotaBook(windows)
        self.learning = Learning([])
        self.pin = Pin(None)
        self.today = DayBook([], NOON)
        self.named: dict[str, str] = {}
        self.clients = ClientBook(held=held)
        self.elsewhere = Elsewhere(
            held,
            NOON,
            blocks=self.blocks,
            quota=self.quota,
            learning=self.learning,
            pin=self.pin,
            today=self.today,
            named=self.named,
            clients=self.clients,
            meet=lambda *_: None,
        )

    @property
    def left(self) -> int:
        left = self.quota.windows(NOON)[0].left
        assert left is not None
        return left


def test_a_settlement_gives_back_what_was_reserved_and_not_spent() -> None:
    books = Books()
    assert books.elsewhere.follow(Settlement(id=7, at=NOON + 1, tokens=30, outcome="ok"), NOON + 1) == []
    assert (books.left, len(books.elsewhere)) == (470, 0)


def test_what_runs_on_elsewhere_counts_here_while_it_runs() -> None:
    for held, left in (((HELD,), 150), ((), 150)):
        books = Books(held=held)
        if not held:
            books.elsewhere.lend(HELD, NOON, insists=False)
            left -= 100
        books.elsewhere.follow(Raised(id=7, tokens=350, cost_microusd=0), NOON)
        assert books.left == left
        books.elsewhere.follow(Settlement(id=7, at=NOON + 1, tokens=360, outcome="ok"), NOON + 1)
        assert books.left == left - 10
    books.elsewhere.follow(Raised(id=8, tokens=350, cost_microusd=0), NOON)
    assert books.left == 40


def test_a_settlement_counts_once_and_strangers_never() -> None:
    books = Books()
    for number in (7, 7, 8):
        books.elsewhere.follow(Settlement(id=number, at=NOON + 1, tokens=30, outcome="ok"), NOON + 1)
    assert books.left == 470


def test_what_was_served_elsewhere_is_not_in_doubt_here() -> None:
    """Its provider has counted it: nobody need look whether it has, once the window is full."""
    for outcome, doubt in (("ok", 0), ("broken", 30)):
        books = Books(held=())
        books.elsewhere.lend(HELD, NOON, insists=False)
        books.elsewhere.follow(Settlement(id=7, at=NOON + 1, tokens=30, outcome=outcome), NOON + 1)
        assert [window.doubt for window in books.quota.windows(NOON + 1)] == [doubt]


def test_what_is_lent_is_reserved_here() -> None:
    books = Books(held=())
    assert books.elsewhere.lend(HELD, NOON, insists=False) == []
    assert (books.left, len(books.elsewhere)) == (300, 1)


def test_what_was_reserved_without_asking_here_counts_here_all_the_same() -> None:
    """Lent by the process before this one in its last moment, or by nobody, because the answer was late."""
    books = Books(held=())
    for _ in range(2):
        books.elsewhere.follow(HELD, NOON)
        assert (books.left, len(books.elsewhere), books.clients.standing("c", NOON).at_once) == (300, 1, 1)
    books.elsewhere.follow(Settlement(id=7, at=NOON + 1, tokens=30, outcome="ok"), NOON + 1)
    assert (books.left, len(books.elsewhere), books.clients.standing("c", NOON).at_once) == (370, 0, 0)


def test_what_was_lent_is_not_reserved_again_when_it_is_written() -> None:
    books = Books(held=())
    books.elsewhere.lend(HELD, NOON, insists=False)
    books.elsewhere.follow(HELD, NOON)
    assert (books.left, len(books.elsewhere), books.clients.standing("c", NOON).at_once) == (300, 1, 1)


def test_nothing_is_lent_against_a_block_unless_it_is_known() -> None:
    books = Books(BLOCK, held=())
    assert books.elsewhere.lend(HELD, NOON, insists=False) == [BLOCK]
    assert (books.left, len(books.elsewhere)) == (400, 0)
    assert books.elsewhere.lend(HELD, NOON, insists=True) == []
    assert books.left == 300


def test_nothing_is_lent_out_of_a_window_that_is_empty() -> None:
    books = Books(held=())
    (against,) = books.elsewhere.lend(msgspec.structs.replace(HELD, tokens=500), NOON, insists=False)
    assert (against.scope, against.kind, against.left) == (GROQ, "tokens/day", 400)  # type: ignore[union-attr]


def test_who_goes_first_after_a_block_goes_first_elsewhere_too() -> None:
    over = msgspec.structs.replace(BLOCK, until=NOON - 1)
    books = Books(over, held=())
    assert books.elsewhere.lend(HELD, NOON, insists=False) == []
    assert books.blocks.why((GROQ,), NOON) == "probing"
    books.elsewhere.follow(Settlement(id=7, at=NOON, tokens=1, outcome="ok"), NOON)
    assert books.blocks.why((GROQ,), NOON) == ""


def test_blocks_come_and_go_with_the_rows() -> None:
    books = Books()
    books.elsewhere.follow(BLOCK, NOON)
    assert books.blocks.why((GROQ,), NOON) == "rejected"
    books.elsewhere.follow(BlockLifted(scope=GROQ, reason="rejected"), NOON)
    assert books.blocks.why((GROQ,), NOON) == ""


def test_a_block_that_was_set_here_since_is_not_lifted_from_elsewhere() -> None:
    books = Books()
    ours = msgspec.structs.replace(BLOCK, set_at=NOON + 5, until=NOON + 60)
    books.blocks.put(ours)
    assert books.elsewhere.follow(BlockLifted(scope=GROQ, reason="rejected"), NOON + 6) == [ours]
    assert books.blocks.why((GROQ,), NOON + 6) == "rejected"


def test_a_shorter_block_from_elsewhere_does_not_end_a_longer_one_of_ours() -> None:
    """The other process did not know of it: its request was out already."""
    books = Books()
    ours = msgspec.structs.replace(BLOCK, source=HintSource.HEADER, set_at=NOON + 5, until=NOON + 3600)
    books.blocks.put(ours)
    for theirs in (BLOCK, msgspec.structs.replace(ours, set_at=NOON + 6, until=NOON + 60)):
        assert books.elsewhere.follow(theirs, NOON + 6) == [ours]
        assert books.blocks.get(GROQ, "rejected") == ours
    longer = msgspec.structs.replace(ours, until=NOON + 7200)
    probed = msgspec.structs.replace(longer, next_probe=NOON + 100)
    over = msgspec.structs.replace(BLOCK, set_at=NOON + 8000, until=NOON + 8030)
    for theirs, at in ((longer, NOON + 6), (probed, NOON + 7), (over, NOON + 8000)):
        assert books.elsewhere.follow(theirs, at) == []
        assert books.blocks.get(GROQ, "rejected") == theirs


def test_what_a_provider_says_elsewhere_counts_more_than_our_guess() -> None:
    books = Books()
    books.blocks.put(msgspec.structs.replace(BLOCK, set_at=NOON + 5, until=NOON + 3600))
    said = msgspec.structs.replace(BLOCK, source=HintSource.HEADER, set_at=NOON + 6)
    assert books.elsewhere.follow(said, NOON + 6) == []
    assert books.blocks.get(GROQ, "rejected") == said


def test_two_processes_do_not_pin_two_models() -> None:
    """Both found nothing pinned, and both were answered: the first answer counts, for both."""
    books = Books()
    books.pin.set(("groq", "e"), NOON + 1)
    ours = EmbeddingPin(provider="groq", model="e", at=NOON + 1)
    assert books.elsewhere.follow(EmbeddingPin(provider="other", model="f", at=NOON + 2), NOON + 2) == [ours]
    assert books.pin.pair == ("groq", "e")
    before_ours = EmbeddingPin(provider="other", model="f", at=NOON)
    assert books.elsewhere.follow(before_ours, NOON + 2) == [before_ours], "ours was written over it"
    assert books.pin.pair == ("other", "f")


def test_of_two_words_about_a_limit_the_newer_counts() -> None:
    books = Books()
    books.elsewhere.follow(msgspec.structs.replace(TOKENS, limit=700, limit_at=-1.0), NOON)
    assert books.left == 400
    books.elsewhere.follow(msgspec.structs.replace(TOKENS, limit=700, limit_at=NOON), NOON)
    assert books.left == 100


def test_what_was_learned_pinned_named_and_counted_is_known_here() -> None:
    books = Books()
    books.elsewhere.follow(Learned(provider="groq", model="m", what="tools", value=1, at=NOON, expires_at=NOON + 9), NOON)
    books.elsewhere.follow(EmbeddingPin(provider="groq", model="e", at=NOON), NOON)
    books.elsewhere.follow(AccountNamed(credential="groq-1", account="me"), NOON)
    books.elsewhere.count(DayCounts(provider="groq", credential="groq-1", requests=2, errors=1, input_tokens=5), NOON, NOON)
    assert books.learning.of("groq", "m") == {"tools": 1}
    assert (books.pin.pair, books.named) == (("groq", "e"), {"groq-1": "me"})
    today = books.today.today(NOON)["groq", "groq-1"]
    assert (today.requests, today.errors, today.input_tokens) == (2, 1, 5)
    books.elsewhere.follow(EmbeddingPin(provider="", model="", at=NOON), NOON)
    assert books.pin.pair is None


def test_when_nobody_is_left_what_was_held_stays_spent() -> None:
    books = Books(msgspec.structs.replace(BLOCK, until=NOON - 1), held=())
    books.elsewhere.lend(HELD, NOON, insists=False)
    books.elsewhere.all_gone(NOON)
    assert (books.left, len(books.elsewhere)) == (300, 0)
    assert books.blocks.why((GROQ,), NOON) == ""


def test_one_at_a_time_is_free_again_when_the_process_that_had_it_died() -> None:
    """A slot has no end by the clock: whoever asked there waited until the next restart."""
    slot = Window(scope=GROQ, kind="at once", turn=Turn.IN_FLIGHT, limit=1, seen_at=NOON - 60, through=7)
    for is_lent in (False, True):
        books = Books(held=() if is_lent else (HELD,), windows=[slot])
        if is_lent:
            books.elsewhere.lend(HELD, NOON, insists=True)
        assert books.quota.full_at_once((GROQ,))
        books.elsewhere.all_gone(NOON)
        assert not books.quota.full_at_once((GROQ,))


def test_what_one_of_several_held_is_out_no_longer_when_it_is_gone() -> None:
    books = Books(msgspec.structs.replace(BLOCK, until=NOON - 1))
    other = msgspec.structs.replace(HELD, id=8)
    books.elsewhere.lend(other, NOON, insists=False)
    books.elsewhere.gone([8, 9], NOON)
    assert (books.left, len(books.elsewhere), books.clients.standing("c", NOON).at_once) == (300, 1, 1)
    assert books.blocks.why((GROQ,), NOON) == ""


def test_requests_of_client_keys_are_under_way_until_they_are_settled_or_nobody_is_left() -> None:
    books = Books()
    books.elsewhere.lend(msgspec.structs.replace(HELD, id=8), NOON, insists=True)
    assert books.clients.standing("c", NOON).at_once == 2
    books.elsewhere.follow(Settlement(id=7, at=NOON + 1, tokens=30, outcome="ok"), NOON + 1)
    assert books.clients.standing("c", NOON).at_once == 1
    books.elsewhere.all_gone(NOON)
    assert books.clients.standing("c", NOON).at_once == 0


def test_what_client_keys_spend_elsewhere_counts_here() -> None:
    books = Books()
    books.elsewhere.follow(Charge(client="c", day=int(NOON // 86400), requests=1, tokens=100, cost_microusd=7), NOON)
    standing = books.clients.standing("c", NOON)
    assert (standing.requests, standing.tokens, standing.cost_microusd) == (1, 100, 7)
