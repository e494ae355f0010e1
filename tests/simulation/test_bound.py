"""The bound: the largest flow, and that it is one."""

from collections import Counter

import pytest

from tests.simulation import tiers
from tests.simulation.bound import Network, Spent, offline_bound
from tests.simulation.month import BEGIN
from tests.simulation.providers import Asked, Key


def test_the_largest_flow_of_a_small_network() -> None:
    network = Network()
    edges = [("s", "a", 16), ("s", "b", 13), ("b", "a", 4), ("a", "c", 12), ("c", "b", 9), ("b", "d", 14), ("d", "c", 7)]
    for a, b, capacity in [*edges, ("c", "t", 20), ("d", "t", 4)]:
        network.add(a, b, capacity)
    assert network.flow("s", "t") == 23


def requests(count: int, *, at: float = BEGIN) -> list[Asked]:
    return [Asked(number, at, tiers.CLOSE_CLIENT, 400, 100, 400, 0.5, 2.0) for number in range(count)]


@pytest.mark.parametrize(
    ("name", "asked", "days", "most"),
    [
        ("naga-1", requests(250), 1, 100),
        ("naga-1", requests(60), 1, 60),
        ("naga-1", requests(250) + requests(250, at=BEGIN + 86400), 2, 200),
        ("naga-1", requests(250) + requests(50, at=BEGIN + 86400), 2, 150),
        ("cohere-1", requests(990) + requests(990, at=BEGIN + 86400), 2, 1000),
        ("groq-1", requests(2000), 1, 800),
        ("groq-1", requests(150) + requests(2000, at=BEGIN + 86400), 2, 150 + 800),
        ("groq-1", requests(400) + requests(400, at=BEGIN + 86400) + requests(3000, at=BEGIN + 2 * 86400), 3, 1600),
        ("gemini-1", requests(2000), 1, 500),
    ],
)
def test_it_is_the_sum_over_the_windows_of_what_fits_or_comes(name: str, asked: list[Asked], days: int, most: int) -> None:
    keys = [key for key in tiers.pool() if key.text.endswith(name)]
    assert offline_bound(keys, Spent(asked, BEGIN, days, [], {}, Counter())) == most


def test_what_others_spent_is_not_ours_to_serve() -> None:
    keys: list[Key] = [key for key in tiers.pool() if key.text.endswith("naga-1")]
    account = keys[0].account
    spent = Spent(requests(250), BEGIN, 1, [], {}, Counter({(id(account), BEGIN + 86400): 30}))
    assert offline_bound(keys, spent) == 70
