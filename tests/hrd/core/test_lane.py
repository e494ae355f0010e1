"""A lane: what is known of one candidate, and where it stands."""

from hrd.core.lane import LOCAL_SHARE, Lane, reading_of
from hrd.core.providers import Candidate, CostClass
from hrd.core.quota.meter import Meter
from hrd.core.quota.window import Turn, Window
from tests.hrd.stage import NOON, candidate, key, provider

HOUR, DAY = 3600.0, 86_400.0


def meter(kind: str) -> Meter:
    return Meter(Window(scope="s", kind=kind, turn=Turn.SAID, limit=100, used=50, begun_at=NOON - HOUR, ends_at=NOON + DAY / 2))


def lane_of(one: Candidate, noted: list[Lane] | None = None) -> Lane:
    return Lane(one, (noted if noted is not None else []).append)


def test_a_local_one_has_all_its_share_and_its_class_depends_on_the_request() -> None:
    here = lane_of(candidate(provider("here", cost_class="local")))
    assert (here.worth.share, here.tier) == (LOCAL_SHARE, None)
    free = lane_of(candidate(provider("alpha", cost_class="free")))
    assert (free.worth.share, free.tier) == (0.5, float(CostClass.FREE))


def test_a_provider_with_keys_of_two_classes_has_two_groups() -> None:
    alpha = provider("alpha")
    first, second = (lane_of(candidate(alpha, "m", key("alpha", name, cost_class=kind))) for name, kind in PAIRS)
    assert first.group != second.group


PAIRS = (("a1", CostClass.FREE), ("a2", CostClass.PAID))


def test_where_it_stands_is_kept_unless_it_depends_on_the_request() -> None:
    lane = lane_of(candidate())
    lane.worth.weigh(meter("requests/day"), 0.5)
    assert lane.stand(NOON) is lane.standing
    assert NOON < lane.standing_until < NOON + DAY
    other = lane_of(candidate())
    other.worth.weigh(meter("tokens/day"), 0.5)
    assert other.stand(NOON, 0.5)[1] < other.stand(NOON, 2.0)[1]
    assert other.standing is None


def test_of_two_that_lapse_at_once_the_one_with_more_left_comes_first() -> None:
    lanes = []
    for used, ends_s in ((40, DAY / 4), (20, DAY / 4 + 1)):
        lane = lane_of(candidate())
        ends_at = NOON + ends_s
        window = Window(
            scope="s", kind="requests/day", turn=Turn.SAID, limit=100, used=used, begun_at=NOON - HOUR, ends_at=ends_at
        )
        lane.worth.weigh(Meter(window), 1 - used / 100)
        lanes.append(lane.stand(NOON)[:4])
    assert sorted(lanes) == lanes[::-1]


def test_each_change_is_noted_and_a_second_before_it_is_looked_at_is_none() -> None:
    noted: list[Lane] = []
    lane = lane_of(candidate(), noted)
    lane.touch()
    assert noted == []  # nobody has looked at it yet
    lane.is_stale = False
    lane.touch()
    lane.touch()
    assert (noted, lane.is_stale) == ([lane], True)


def test_what_runs_on_it_and_how_fast_it_answers_is_a_change_of_where_it_stands() -> None:
    noted: list[Lane] = []
    lane = lane_of(candidate(), noted)
    before = lane.stand(NOON)
    lane.run(1)
    assert (lane.standing, lane.stand(NOON) > before) == (None, True)
    lane.answered(100.0)
    lane.answered(200.0)
    assert lane.latency_ms == 120.0
    assert noted == [lane, lane, lane]


def test_a_reading_has_the_numbers_of_the_scarcest_window() -> None:
    lane = lane_of(candidate())
    assert (reading_of(lane, NOON).kind, reading_of(lane, NOON).limit) == ("", None)
    lane.reading = None
    lane.worth.weigh(meter("requests/day"), 0.5)
    assert (reading_of(lane, NOON).kind, reading_of(lane, NOON).left, reading_of(lane, NOON).limit) == ("requests/day", 50, 100)
