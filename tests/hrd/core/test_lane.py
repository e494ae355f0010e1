"""A lane: what is known of one candidate, and where it stands."""

from hrd.core.lane import LOCAL_SHARE, Lane, reading_of
from hrd.core.providers import CostClass
from hrd.core.quota.meter import Meter
from hrd.core.quota.window import Turn, Window
from tests.hrd.stage import NOON, candidate, key, provider

HOUR, DAY = 3600.0, 86_400.0


def meter(kind: str) -> Meter:
    return Meter(Window(scope="s", kind=kind, turn=Turn.SAID, limit=100, used=50, begun_at=NOON - HOUR, ends_at=NOON + DAY / 2))


def test_a_local_one_has_all_its_share_and_its_class_depends_on_the_request() -> None:
    here = Lane(candidate(provider("here", cost_class="local")))
    assert (here.worth.share, here.tier) == (LOCAL_SHARE, None)
    free = Lane(candidate(provider("alpha", cost_class="free")))
    assert (free.worth.share, free.tier) == (0.5, float(CostClass.FREE))


def test_a_provider_with_keys_of_two_classes_has_two_groups() -> None:
    alpha = provider("alpha")
    first, second = (Lane(candidate(alpha, "m", key("alpha", name, cost_class=kind))) for name, kind in PAIRS)
    assert first.group != second.group


PAIRS = (("a1", CostClass.FREE), ("a2", CostClass.PAID))


def test_where_it_stands_is_kept_unless_it_depends_on_the_request() -> None:
    lane = Lane(candidate())
    lane.worth.weigh(meter("requests/day"), 0.5)
    assert lane.stand(NOON) is lane.standing
    assert NOON < lane.standing_until < NOON + DAY
    other = Lane(candidate())
    other.worth.weigh(meter("tokens/day"), 0.5)
    assert other.stand(NOON, 0.5)[1] < other.stand(NOON, 2.0)[1]
    assert other.standing is None


def test_of_two_that_lapse_at_once_the_one_with_more_left_comes_first() -> None:
    lanes = []
    for used, ends_s in ((40, DAY / 4), (20, DAY / 4 + 1)):
        lane = Lane(candidate())
        ends_at = NOON + ends_s
        window = Window(
            scope="s", kind="requests/day", turn=Turn.SAID, limit=100, used=used, begun_at=NOON - HOUR, ends_at=ends_at
        )
        lane.worth.weigh(Meter(window), 1 - used / 100)
        lanes.append(lane.stand(NOON)[:4])
    assert sorted(lanes) == lanes[::-1]


def test_a_reading_has_the_numbers_of_the_scarcest_window() -> None:
    lane = Lane(candidate())
    assert (reading_of(lane, NOON).kind, reading_of(lane, NOON).limit) == ("", None)
    lane.reading = None
    lane.worth.weigh(meter("requests/day"), 0.5)
    assert (reading_of(lane, NOON).kind, reading_of(lane, NOON).left, reading_of(lane, NOON).limit) == ("requests/day", 50, 100)
