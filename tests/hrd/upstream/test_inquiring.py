"""Free questions over real HTTP: asked within bounds, and not again where there is no answer."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
import trio

from hrd.core.facts import LookedUp
from hrd.core.providers import Candidate
from hrd.upstream.inquiring import ANSWER_BYTES_MAX, Inquiries
from hrd.upstream.passes import Keys
from tests.hrd.stage import candidate, key, provider
from tests.hrd.upstream.test_lookups import answering, general
from tests.upstreams import Asked, Status, Upstream
from tests.upstreams.behaviours import Behaviour

NOW = 1_000_000.0
DAY = {"data": {"free_model_daily_requests": {"limit": 1000, "remaining": 870}}}


class Desk:
    """Inquiries about whoever is put into `due`."""

    def __init__(self) -> None:
        self.due: list[Candidate] = []
        self.seen: list[Mapping[str, float]] = []
        self.told: list[LookedUp] = []
        self.not_told: list[str] = []
        self.inquiries = Inquiries(
            general=general(),
            passes=Keys(),
            now=lambda: NOW + trio.current_time(),
            due=self._due,
            told=self.told.append,
            not_told=lambda _, why: self.not_told.append(why),
        )

    def _due(self, asked_at: Mapping[str, float]) -> Sequence[Candidate]:
        self.seen.append(dict(asked_at))
        return self.due


def at(base_url: str, *look_ups: str, name: str = "a1") -> Candidate:
    row = provider("openrouter", base_url=base_url, reader="openrouter", look_ups=look_ups or ("key",))
    return candidate(row, credential=key("openrouter", name))


@asynccontextmanager
async def router(answers: Mapping[str, Behaviour]) -> AsyncIterator[Upstream]:
    def look_up(asked: Asked) -> Behaviour:
        return answers.get(asked.path, Status.json(404, {"error": {"message": "no such page"}}))

    async with Upstream(look_ups=look_up, rules=None) as upstream:
        yield upstream


async def test_an_answer_is_told_with_the_moment_of_its_question() -> None:
    desk = Desk()
    async with router({"/v1/key": Status.json(200, DAY)}) as upstream:
        await desk.inquiries.ask(at(upstream.base_url))
    (fact,) = desk.told
    assert [(one.limit, one.left) for one in fact.observations] == [(1000, 870)]
    assert NOW <= fact.begun_at <= NOW + trio.current_time()
    (asked,) = upstream.seen
    assert (asked.method, asked.path, asked.body) == ("GET", "/v1/key", b"")
    assert asked.header("authorization") == "Bearer test-not-a-key-openrouter-a1"


@pytest.mark.parametrize("status", [401, 403, 404, 405, 410])
async def test_where_there_is_no_such_question_it_is_asked_once(status: int) -> None:
    desk = Desk()
    nothing = Status.json(status, {"error": {"message": "no"}})
    async with router({"/v1/key": Status.json(200, DAY), "/v1/credits": nothing}) as upstream:
        for _ in range(3):
            await desk.inquiries.ask(at(upstream.base_url, "key", "credits"))
        await desk.inquiries.ask(at(upstream.base_url, "credits", name="a2"))
        assert [asked.path for asked in upstream.seen] == ["/v1/key", "/v1/credits", "/v1/key", "/v1/key", "/v1/credits"]
        assert desk.not_told == [f"credits: status {status}"] * 2
        desk.inquiries.keep_only({"openrouter-a2"})
        await desk.inquiries.ask(at(upstream.base_url, "credits"))
        assert len(upstream.seen) == 6  # the key came back: it may be another's
    assert len(desk.told) == 3


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n", "key: status 500"),
        (b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", "key: status 302"),
        (b"nonsense\r\n\r\n", "key: RemoteProtocolError"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (ANSWER_BYTES_MAX + 1) + b" " * (ANSWER_BYTES_MAX + 1),
            f"key: more than {ANSWER_BYTES_MAX} bytes",
        ),
    ],
)
async def test_trouble_is_told_without_a_secret_and_asked_again(reply: bytes, why: str) -> None:
    desk = Desk()
    async with answering(reply) as (base_url, asked):
        for _ in range(2):
            await desk.inquiries.ask(at(base_url))
        assert len(asked) == 2
    assert (desk.told, desk.not_told) == ([], [why] * 2)


async def test_an_answer_without_a_number_tells_nothing() -> None:
    desk = Desk()
    async with router({"/v1/key": Status.json(200, {"data": {"label": "k"}})}) as upstream:
        await desk.inquiries.ask(at(upstream.base_url))
    assert (desk.told, desk.not_told) == ([], [])


async def test_who_hangs_is_left_in_time_and_the_next_is_asked(autojump_clock: trio.testing.MockClock) -> None:
    desk = Desk()
    async with answering(b"HTTP/1.1 200 OK\r\n", then_hangs=True) as (base_url, asked), trio.open_nursery() as nursery:
        desk.due = [at(base_url), at(base_url, name="a2")]
        nursery.start_soon(desk.inquiries.run)
        await trio.sleep(23)
        assert len(asked) == 2
        assert desk.not_told == ["key: TooSlowError"] * 2
        assert desk.seen[0] == {}
        await trio.sleep(3)
        assert desk.seen[1] == {"openrouter-a1": pytest.approx(NOW + 2), "openrouter-a2": pytest.approx(NOW + 12)}
        nursery.cancel_scope.cancel()
