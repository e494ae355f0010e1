"""When a free question about what a key has left is worth it."""

from typing import Any

from hrd.core import inquiries
from hrd.core.facts import LookedUp
from hrd.core.failures import HintSource, Observation, Verdict, WindowKind
from hrd.core.providers import Candidate
from hrd.core.quota.limit import Limit
from tests.hrd.stage import NOON, Stage, provider, roster

DAY = Limit(kind="requests/day", limit=5, scope="free")
EVERY_S = 300.0


class Desk:
    """A stage, and who is asked about over it."""

    def __init__(self, *, keys: int = 1, models: tuple[str, ...] = ("m1",), **facts: Any) -> None:
        facts = {"look_ups": ("key",), "quota_scope": "account", "cost_class": "free", **facts}
        self.stage = Stage(
            roster([(provider("alpha", *models, **facts), [f"a{n}" for n in range(1, keys + 1)])]), max_wait_s=0.0
        )
        self.asked_at: dict[str, float] = {}

    def due(self) -> list[Candidate]:
        pool, now = self.stage.pool, self.stage.now
        shown = pool.snapshot(now)
        return inquiries.due(
            shown.roster,
            shown.selections,
            shown.book,
            shown.blocks,
            asked_at=self.asked_at,
            requested_at=pool.requested_at,
            every_s=EVERY_S,
            now=now,
        )

    def ask(self) -> list[str]:
        """Who is asked about now."""
        found = self.due()
        for one in found:
            self.asked_at[one.credential.fingerprint] = self.stage.now
        return [one.credential.fingerprint for one in found]

    def told(self, left: int | None, limit: int | None = 1000, **facts: Any) -> None:
        facts = {"kind": WindowKind.REQUESTS_DAY, "scope": "free", **facts}
        seen = Observation(limit=limit, left=left, source=HintSource.LOOKUP, **facts)
        who = self.stage.pool.roster.select_chat("alpha").candidates[0]  # type: ignore[union-attr]
        self.stage.apply(LookedUp(candidate=who, observations=(seen,), begun_at=self.stage.now))


def test_a_claim_is_asked_about_once_at_the_start_for_every_key() -> None:
    desk = Desk(keys=2, limits=(DAY,))
    assert desk.ask() == ["alpha-a1", "alpha-a2"]
    desk.stage.now += EVERY_S + 1
    assert desk.ask() == []  # nobody wants anything


def test_a_claim_that_could_not_be_settled_is_asked_about_again_while_somebody_wants_something() -> None:
    desk = Desk(limits=(DAY,))
    desk.ask()
    desk.stage.now += 10
    desk.stage.serve()
    assert desk.ask() == []
    desk.stage.now += EVERY_S
    assert desk.ask() == ["alpha-a1"]


def test_what_was_told_is_the_limit_from_then_on_and_the_claim_is_not_in_the_way() -> None:
    desk = Desk(limits=(DAY,))
    desk.ask()
    desk.told(996)
    desk.stage.now += EVERY_S + 1
    assert [desk.stage.serve() for _ in range(8)] == ["a1"] * 8
    (window,) = [w for w in desk.stage.pool.snapshot(desk.stage.now).book.windows(desk.stage.now) if w.kind == "requests/day"]
    assert (window.limit, window.left, window.source, window.is_known) == (1000, 988, "look-up", True)
    assert window.resets_at == NOON + 43_200
    assert desk.ask() == []  # there is plenty


def test_where_nothing_is_claimed_the_first_request_has_it_asked_once() -> None:
    """So with a base URL of one's own, where the catalogue's word does not hold."""
    desk = Desk(keys=2)
    assert desk.ask() == []  # nobody wants anything
    desk.stage.serve()
    assert desk.ask() == ["alpha-a1", "alpha-a2"]
    desk.stage.now += EVERY_S + 1
    desk.stage.serve()
    assert desk.ask() == []  # nothing was told, so nothing will be
    told = Desk()
    told.told(900, 1000)
    told.stage.serve()
    assert told.ask() == []  # it is known already


def test_when_little_is_left_others_may_have_spent_it_and_somebody_may_have_paid() -> None:
    desk = Desk()
    desk.stage.serve()
    assert desk.ask() == ["alpha-a1"]
    desk.told(3, 50)
    desk.stage.now += EVERY_S
    desk.stage.serve()
    assert desk.ask() == ["alpha-a1"]
    desk.told(0, 50)
    desk.stage.now += EVERY_S
    assert desk.ask() == []  # nobody has asked since
    assert desk.stage.serve() == "refused"
    desk.stage.now += 1
    assert desk.ask() == ["alpha-a1"]


def test_more_than_is_believed_is_asked_for_a_second_word() -> None:
    desk = Desk()
    desk.stage.serve()
    desk.told(0, 50)
    desk.stage.now += 1
    assert desk.stage.serve() == "refused"
    desk.stage.now += 1
    assert desk.ask() == ["alpha-a1"]
    desk.told(40, 50)
    desk.stage.now += 1
    assert desk.ask() == []
    desk.stage.now += 1
    assert desk.ask() == ["alpha-a1"]
    desk.told(40, 50)
    desk.stage.now += 2
    assert desk.ask() == []
    assert desk.stage.serve() == "a1"


def test_a_window_that_is_about_to_turn_by_itself_is_not_asked_about() -> None:
    desk = Desk()
    desk.stage.now = NOON + 43_200 - 200
    desk.told(0, 50)
    desk.stage.serve()
    assert desk.ask() == []


def test_a_block_is_looked_at_by_a_question_before_a_request_has_to() -> None:
    desk = Desk()
    walk = desk.stage.ask()
    walk.next()
    walk.missed(Verdict.NO_CREDIT, until=NOON + 86_400)
    (block,) = desk.stage.pool.snapshot(NOON).blocks
    assert block.next_probe == NOON + 900
    assert desk.ask() == ["alpha-a1"]  # it may be a lie
    desk.stage.now = NOON + 800
    desk.stage.serve()
    assert desk.ask() == []
    desk.stage.now = NOON + 900 - inquiries.AHEAD_S
    desk.stage.serve()
    assert desk.ask() == ["alpha-a1"]
    desk.told(0, None, kind=WindowKind.CREDIT, scope="free")
    (block,) = desk.stage.pool.snapshot(NOON).blocks
    assert block.next_probe == desk.stage.now + 1800  # that was the probe
    desk.stage.now = NOON + 900
    assert desk.stage.serve() == "refused"
    desk.told(5_000_000, None, kind=WindowKind.CREDIT, scope="free")
    assert desk.stage.blocks() == {}


def test_a_keys_budget_stops_what_costs_money_and_no_free_model() -> None:
    desk = Desk(models=("m1", "m1:free"), cost_class="paid", class_by_suffix={":free": "free"})
    desk.told(0, 5_000_000, kind=WindowKind.CREDIT, scope="paid_key")
    assert desk.stage.serve("alpha:m1") == "refused"
    assert desk.stage.serve("alpha:m1:free") == "a1/m1:free"


def test_a_balance_that_was_used_up_is_tried_again_now_and_then_whatever_was_told() -> None:
    desk = Desk(cost_class="paid")
    desk.told(0, None, kind=WindowKind.CREDIT, scope="paid")
    desk.told(0, 5_000_000, kind=WindowKind.CREDIT, scope="paid")
    assert desk.stage.serve() == "refused"
    desk.stage.now += 901
    assert [desk.stage.serve(), desk.stage.serve()] == ["a1", "a1"]  # somebody has paid


def test_whoever_has_no_such_questions_or_is_off_is_not_asked_about() -> None:
    assert Desk(limits=(DAY,), look_ups=()).ask() == []
    assert Desk(limits=(DAY,), retired="gone").ask() == []
