"""What nobody can serve more than: the requests that the windows had room for, summed over the windows, or fewer if fewer came.

Made apart from any strategy, as the largest flow from the hours in which requests came, through the windows that were open
then, to what an account has in all. A window counted in tokens or money takes as many as fit at the mean size of the requests
that were sent there. The client that may use NVIDIA is served in full: that takes nothing of what the others need.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.simulation.providers import Account, Asked, Key
from tests.simulation.tiers import CLOSE_CLIENT, NOT_FOR_CLOSE
from tests.simulation.troubles import Shrink
from tests.simulation.windows import DAY_S, Bucket, Fixed, InFlight, Sliding, Window

HOUR_S = 3600.0
MUCH = 10**9


@dataclass
class Spent:
    """What a month's requests and what others did, as far as the bound must know."""

    asked: Sequence[Asked]
    begin: float
    days: int
    shrinks: Sequence[Shrink]
    served: dict[int, list[Asked]]
    """Account → the requests that it served."""
    foreign: Counter[tuple[int, float]]
    """Account and turn of its longest window → requests of others."""


def offline_bound(keys: Sequence[Key], spent: Spent) -> int:
    """How many of the month's requests anybody could have served with *keys*."""
    closed = [one for one in spent.asked if one.caller == CLOSE_CLIENT]
    network = Network()
    for hour, count in Counter(int((one.at - spent.begin) // HOUR_S) for one in closed).items():
        network.add("source", ("hour", hour), count)
    for key in {id(key.account): key for key in keys}.values():
        if key.provider != NOT_FOR_CLOSE:
            mean = _mean(spent.served.get(id(key.account)) or closed)
            _add_account(network, key, mean, spent)
    return len(spent.asked) - len(closed) + network.flow("source", "sink")


def _mean(asked: Sequence[Asked]) -> Asked:
    """A request of the usual size."""
    count = len(asked)
    read, written = sum(one.input_tokens for one in asked), sum(one.output_tokens for one in asked)
    duration_s = sum(one.duration_s for one in asked) / count
    return Asked(0, 0.0, CLOSE_CLIENT, read // count, written // count, 0, 0.0, duration_s)


def _add_account(network: Network, key: Key, mean: Asked, spent: Spent) -> None:
    account = key.account
    long = max((w for w in account.windows if w.period_s >= DAY_S), key=lambda w: (w.period_s, -_fits(account, w, mean)))
    turns = set()
    for hour in range(spent.days * 24):
        start = spent.begin + hour * HOUR_S
        a_hour = min((_a_hour(account, window, mean) for window in account.windows), default=MUCH)
        turn = long.turn(start) if isinstance(long, Fixed) else hour // 24
        if open_share := _open_share(key, start):
            turns.add(turn)
            network.add(("hour", hour), (id(account), turn), round(a_hour * open_share))
    fits = _fits(account, long, mean)
    if isinstance(long, Bucket):  # what a day left can be used the next, as far as the bucket holds it
        for turn in range(spent.days):
            network.add((id(account), turn), "sink", fits if turn else 2 * fits)
            network.add((id(account), turn), (id(account), turn - 1), fits)
        return
    for turn in turns:
        limit = fits
        for shrink in spent.shrinks:
            if shrink.account is account and turn - long.period_s <= shrink.at:
                limit = int(long.was)
        network.add((id(account), turn), "sink", max(0, limit - spent.foreign[id(account), turn]))


def _fits(account: Account, window: Window, mean: Asked) -> int:
    return int(window.limit // max(1e-9, account.amount(window, mean)))


def _a_hour(account: Account, window: Window, mean: Asked) -> float:
    """How many an hour the short windows let through."""
    match window:
        case InFlight():
            return window.limit * HOUR_S / mean.duration_s
        case Fixed() | Sliding() | Bucket() if window.period_s < HOUR_S:
            return _fits(account, window, mean) * HOUR_S / window.period_s
        case _:
            return MUCH


def _open_share(key: Key, start: float) -> float:
    """Of the hour from *start*, how much the account was there."""
    end = min(start + HOUR_S, key.revoked_at)
    shut = [*key.account.outages, *((lie.since, lie.until) for lie in key.account.lies)]
    closed_s = sum(max(0.0, min(end, until) - max(start, since)) for since, until in shut)
    return max(0.0, end - start - closed_s) / HOUR_S


@dataclass
class _Edge:
    to: object
    left: int
    back: int


@dataclass
class Network:
    """A network of flows (Dinic)."""

    _edges: dict[object, list[_Edge]] = field(default_factory=lambda: defaultdict(list))

    def add(self, a: object, b: object, capacity: int) -> None:
        self._edges[a].append(_Edge(b, capacity, len(self._edges[b])))
        self._edges[b].append(_Edge(a, 0, len(self._edges[a]) - 1))

    def flow(self, source: object, sink: object) -> int:
        """The largest."""
        total = 0
        while levels := self._levels(source, sink):
            at = dict.fromkeys(self._edges, 0)
            while pushed := self._push(source, sink, MUCH, levels, at):
                total += pushed
        return total

    def _levels(self, source: object, sink: object) -> dict[object, int]:
        levels, queue = {source: 0}, deque([source])
        while queue:
            node = queue.popleft()
            for edge in self._edges[node]:
                if edge.left and edge.to not in levels:
                    levels[edge.to] = levels[node] + 1
                    queue.append(edge.to)
        return levels if sink in levels else {}

    def _push(self, node: object, sink: object, most: int, levels: dict[object, int], at: dict[object, int]) -> int:
        if node == sink:
            return most
        edges = self._edges[node]
        while at[node] < len(edges):
            edge = edges[at[node]]
            if edge.left and levels.get(edge.to, -1) == levels[node] + 1:
                pushed = self._push(edge.to, sink, min(most, edge.left), levels, at)
                if pushed:
                    edge.left -= pushed
                    self._edges[edge.to][edge.back].left += pushed
                    return pushed
            at[node] += 1
        return 0
