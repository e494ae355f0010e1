"""hrd.http against h11: what h11 refuses we refuse, what both take reads alike, and exceptions are those of exceptions.py.

FUZZ_CASES says how many messages are made up (half requests, half replies), FUZZ_SEED from which seed. A failure prints both,
and the bytes.
"""

import os
from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random

from tests.fuzz import exceptions, generate, oracle, ours
from tests.fuzz.oracle import Reading

CASES = int(os.environ.get("FUZZ_CASES", "2000"))
SEED = int(os.environ.get("FUZZ_SEED", "20261121"))


def test_requests() -> None:
    tally: Counter[str] = Counter()
    for number in range(CASES // 2):
        random = Random(f"{SEED} request {number}")
        data = generate.request(random)
        case = f"FUZZ_SEED={SEED}, request {number}: {data!r}"
        reading = _same_in_all_pieces(ours.read_requests, random, data, case)
        tally.update(_compare_requests(data, reading, case))
    _check_that_it_was_worth_it(tally)


def test_replies() -> None:
    tally: Counter[str] = Counter()
    for number in range(CASES - CASES // 2):
        random = Random(f"{SEED} reply {number}")
        method = random.choice(["POST", "POST", "GET", "HEAD"])
        data = generate.reply(random)
        case = f"FUZZ_SEED={SEED}, reply {number} to {method}: {data!r}"
        reading = _same_in_all_pieces(partial(ours.read_reply, method), random, data, case)
        tally.update(_compare_reply(method, data, reading, case))
    _check_that_it_was_worth_it(tally)


def _same_in_all_pieces(read: Callable[[list[bytes]], Reading], random: Random, data: bytes, case: str) -> Reading:
    whole = read([data] if data else [])
    for pieces in ([data[at : at + 1] for at in range(len(data))], generate.cuts(random, data)):
        assert read(pieces) == whole, f"another reading in the pieces {pieces}: {case}"
    return whole


def _compare_requests(data: bytes, ours_: Reading, case: str) -> list[str]:
    theirs = oracle.read_requests(data)
    for mine, other in zip(ours_.messages, theirs.messages, strict=False):
        assert mine == other, case
    start = theirs.starts[min(len(ours_.messages), len(theirs.messages))]
    if len(ours_.messages) < len(theirs.messages):
        assert ours_.refused, f"neither taken nor refused: {case}"
        reasons = exceptions.why_stricter("request", data[start:], theirs.messages[len(ours_.messages)])
        assert reasons, f"refused for no known reason: {case}"
        return reasons
    if len(ours_.messages) > len(theirs.messages) or ours_.refused != theirs.refused:
        assert exceptions.more_lenient(data[start:]), f"taken for no known reason: {case}"
        return ["more lenient"]
    assert ours_.rest == theirs.rest, case
    return ["refused by both" if ours_.refused else "taken by both"]


def _compare_reply(method: str, data: bytes, ours_: Reading, case: str) -> list[str]:
    theirs = oracle.read_reply(method, data)
    if theirs.refused:
        assert ours_.refused, f"taken, but refused by h11: {case}"
        return ["refused by both"]
    if ours_.refused:
        reasons = exceptions.why_stricter("reply", data, theirs.messages[0])
        assert reasons, f"refused for no known reason: {case}"
        return reasons
    assert ours_.rest == theirs.rest, case
    [mine], [other] = ours_.messages, theirs.messages
    assert mine._replace(keep_alive=other.keep_alive) == other, case
    assert other.keep_alive or not mine.keep_alive, f"kept alive, but not by h11: {case}"
    return ["taken by both"]


def _check_that_it_was_worth_it(tally: Counter[str]) -> None:
    """A generator that makes up nothing but nonsense, or nothing but sense, finds nothing."""
    print(f"FUZZ_SEED={SEED}", *(f"{count:7} {what}" for what, count in tally.most_common()), sep="\n")  # noqa: T201 - shown with -s
    total = tally.total()
    assert tally["taken by both"] > total / 5
    assert tally["refused by both"] > total / 20
