"""The table of failures, row by row: what each blocks, until when, and where the request turns. Whole and stream.

Provider alpha has two keys, of which only the first fails; beta has one. Everybody is asked in stored order.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
import trio

from hrd.core.blocks import FOREVER
from hrd.core.providers import ModelFacts
from tests.scenarios.failing import first_key_only, rate_limited, refused, says
from tests.scenarios.world import EPOCH, World, open_world
from tests.upstreams import (
    CLOSE,
    DONE,
    HANG,
    RESET,
    Answer,
    Behave,
    Cut,
    Ends,
    Events,
    Raw,
    Status,
    affords,
    empty,
    error_in_stream,
    free_port,
    hangs,
    html,
    recorded,
)

ONE, TWO, BETA = "one", "two", "beta"


class Row(NamedTuple):
    """What key one of alpha does, and what comes of it."""

    behave: Behave
    verdict: str
    answered: str
    block: tuple[str, str, float, str] | None
    """Kind of scope, reason, seconds, source."""
    alpha: Mapping[str, Any] = MappingProxyType({})
    keys: str = ""
    """Which keys of alpha were asked, in order; empty follows from who answered."""


def errors(behave: Behave, verdict: str) -> Row:
    """A failure of the endpoint: its other keys come last."""
    return Row(behave, verdict, BETA, ("candidate", "errors", 5.0, "guess"))


ROWS = {
    "429 with a hint": Row(rate_limited(30), "rate limited", TWO, ("candidate", "rate limit", 30.0, "header")),
    "429 without one": Row(rate_limited(), "rate limited", TWO, ("candidate", "rate limit", 5.0, "guess")),
    "429 whose reset is far off": Row(rate_limited(7200), "quota exhausted", TWO, ("credential", "quota", 7200.0, "header")),
    "429 of the account's day": Row(
        rate_limited(7200), "quota exhausted", TWO, ("account", "quota", 7200.0, "header"), {"quota_scope": "account"}
    ),
    "402 that affords enough": Row(affords(2666), "can afford a smaller reply", ONE, None, {"reader": "openrouter"}, "11"),
    "402 that affords too little": Row(affords(1023), "can afford a smaller reply", TWO, None, {"reader": "openrouter"}),
    "402 for what is in flight": Row(
        Status.of(recorded.OPENROUTER_IN_FLIGHT),
        "rate limited",
        TWO,
        ("free", "rate limit", 3.0, "header"),
        {"reader": "openrouter"},
    ),
    "no credit": Row(
        refused(402, "Insufficient credits"), "no credit", TWO, ("free", "credits", 3600.0, "guess"), {"reader": "openrouter"}
    ),
    "401": Row(refused(401, "Incorrect API key"), "key rejected", TWO, ("credential", "rejected", 300.0, "guess")),
    "key revoked": Row(
        Status.of(recorded.GEMINI_LEAKED),
        "key revoked",
        TWO,
        ("credential", "dead", round(FOREVER - EPOCH, 3), "body"),
        {"reader": "gemini"},
    ),
    "404 for the model": Row(
        Status.of(recorded.OPENAI_NO_MODEL), "model unavailable", TWO, ("candidate", "model", 600.0, "guess")
    ),
    "model gone for every key": Row(
        Status.of(recorded.GROQ_DECOMMISSIONED),
        "model unavailable for every key",
        BETA,
        ("model", "model", 600.0, "guess"),
        {"reader": "groq"},
    ),
    "context too long": Row(Status.of(recorded.OPENAI_CONTEXT), "context too long", BETA, None, {"context": 4096}),
    "413": Row(refused(413, "Request entity too large"), "request too large", BETA, None),
    "provider gone": Row(
        refused(410, "The service has been retired"),
        "provider gone",
        BETA,
        ("provider", "gone", round(FOREVER - EPOCH, 3), "body"),
    ),
    "other 400": Row(refused(400, "nonsense"), "bad request", BETA, None),
    "other 422": Row(refused(422, "nonsense"), "bad request", BETA, None),
    "408": errors(refused(408), "server error"),
    "500": errors(refused(500), "server error"),
    "503": errors(refused(503), "overloaded"),
    "529": errors(refused(529), "overloaded"),
    "redirect": errors(Status(302, headers=[("location", "http://elsewhere.example/")]), "not the promised content type"),
    "gateway's page": errors(html(502), "server error"),
    "closes": errors(Ends(CLOSE), "connection broken"),
    "resets": errors(Ends(RESET), "connection broken"),
    "closes inside the head": errors(Raw(b"HTTP/1.1 200 O"), "connection broken"),
    "closes before the commit point": errors(Cut(Answer(), 10, CLOSE), "connection broken"),
    "resets before the commit point": errors(Cut(Answer(), 10, RESET), "connection broken"),
    "speaks no HTTP": errors(Raw(b"\x16\x03\x01 this is no HTTP\r\n\r\n"), "connection broken"),
    "page in place of a reply": errors(html(), "not the promised content type"),
    "error inside a 200": errors(error_in_stream({"code": 503, "message": "disconnected"}), "overloaded"),
    "empty": errors(empty(), "empty reply"),
}


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
async def test_a_failure_blocks_its_scope_and_turns_to_the_next(world: World, row: Row, stream: bool) -> None:
    behave = row.behave if row.answered != ONE else affords(2666, then=says(ONE))
    alpha = await world.provider("alpha", first_key_only(behave, says(TWO)), keys=("", ""), **row.alpha)
    await world.provider("beta", says(BETA))

    assert await world.ask(stream=stream) == row.answered

    assert world.elapsed_s == 0.0
    keys = row.keys or ("12" if row.answered == TWO else "1")
    assert "".join((asked.key or "")[-1] for asked in alpha.asked) == keys
    walked = [("alpha", row.verdict), ("beta" if row.answered == BETA else "alpha", "ok")]
    assert world.journal.walked() == walked
    assert world.blocks() == ([row.block] if row.block else [])
    assert (world.journal.last.outcome.value, world.journal.last.status) == ("ok", 200)


async def test_an_affordable_reply_is_asked_for_with_what_the_balance_pays(world: World, stream: bool) -> None:
    alpha = await world.provider("alpha", affords(2666), reader="openrouter")
    assert (await world.chat(stream=stream, max_tokens=60_000)).status == 200
    assert [asked.json["max_tokens"] for asked in alpha.asked] == [60_000, 2666]


async def test_a_hanging_provider_is_left_after_its_time(world: World, stream: bool) -> None:
    """FIRST_TOKEN_SECONDS for a stream, REPLY_SECONDS for a whole reply."""
    alpha = await world.provider("alpha", first_key_only(hangs(), says(TWO)), keys=("", ""))
    await world.provider("beta", says(BETA))
    assert await world.ask(stream=stream) == BETA
    assert world.elapsed_s == (60.0 if stream else 300.0)
    assert world.blocks() == [("candidate", "errors", 5.0, "guess")]
    assert alpha.asked[0].left_at == pytest.approx(trio.current_time())


async def test_a_model_that_thinks_first_has_longer(world: World) -> None:
    await world.provider("alpha", hangs(), models_facts={"model-x": ModelFacts(reasoning=True)})
    await world.provider("beta", says(BETA))
    assert await world.ask(stream=True) == BETA
    assert world.elapsed_s == 180.0


async def test_a_stream_of_comments_is_no_sign_of_a_reply(world: World) -> None:
    await world.provider("alpha", Events([item for _ in range(20) for item in (": processing", 5.0)]))
    await world.provider("beta", says(BETA))
    assert await world.ask(stream=True) == BETA
    assert world.elapsed_s == 60.0


async def test_nobody_listens_at_an_endpoint(world: World, stream: bool) -> None:
    world.add("alpha", f"http://127.0.0.1:{free_port()}/v1", ("", ""))
    await world.provider("beta", says(BETA))
    assert await world.ask(stream=stream) == BETA
    assert world.journal.walked() == [("alpha", "could not connect"), ("beta", "ok")]
    assert world.blocks() == [("candidate", "unreachable", 5.0, "guess")]


async def test_whom_nobody_can_reach_is_named_with_what_failed_at_first_and_once_its_breaker_is_open(world: World) -> None:
    port = free_port()
    world.add("alpha", f"http://127.0.0.1:{port}/v1", ("",))
    for _ in range(6):
        error = (await world.chat()).error
        assert (
            f"alpha cannot be reached (could not connect to 127.0.0.1 port {port}: Connection refused)" in error["message"]
        ), error
        assert "hr doctor" in error["message"]
    assert ("endpoint", "breaker") in {block[:2] for block in world.blocks()}


async def test_keys_are_walked_before_their_provider_is_left(world: World, stream: bool) -> None:
    """After a failure of the key every other key of the provider is tried first; after one of the endpoint they come last."""
    limits = {"1": rate_limited(30), "2": refused(401), "3": refused(500)}
    alpha = await world.provider(
        "alpha",
        lambda asked: limits[(asked.key or "")[-1]],
        keys=(
            "",
            "",
            "",
        ),
    )
    beta = await world.provider("beta", refused(500))
    gamma = await world.provider("gamma", says("gamma"))
    assert await world.ask(stream=stream) == "gamma"
    assert [(asked.key or "")[-1] for asked in alpha.asked] == ["1", "2", "3"]
    assert [len(beta.asked), len(gamma.asked)] == [1, 1]


async def test_other_keys_of_a_broken_endpoint_come_last(world: World, stream: bool) -> None:
    alpha = await world.provider("alpha", first_key_only(refused(500), says(TWO)), keys=("", ""))
    beta = await world.provider("beta", refused(500))
    assert await world.ask(stream=stream) == TWO
    assert [note.provider for note in world.journal.last.attempts] == ["alpha", "beta", "alpha"]
    assert [len(alpha.asked), len(beta.asked)] == [2, 1]


async def test_a_rejected_key_is_asked_again_after_five_minutes_then_after_an_hour(world: World) -> None:
    alpha = await world.provider("alpha", first_key_only(refused(401), says(TWO)), keys=("", ""))
    for at, until in ((0, 300.0), (300, 3600.0), (3900, 3600.0)):
        await trio.sleep(at - world.elapsed_s)
        assert await world.ask() == TWO
        assert world.blocks() == [("credential", "rejected", until, "guess")]
        assert await world.ask() == TWO
    assert [(asked.key or "")[-1] for asked in alpha.asked] == list("122" * 3)


async def test_guesses_climb_and_a_success_sends_them_back_to_the_start(world: World) -> None:
    behaviours = [rate_limited()] * 4 + [says(ONE), rate_limited()]
    alpha = await world.provider("alpha", *behaviours)
    await world.provider("beta", says(BETA))
    blocked_for = []
    for _ in range(4):
        assert await world.ask() == BETA
        blocked_for.append(world.blocks()[0][2])
        await trio.sleep(blocked_for[-1])
    assert blocked_for == [5.0, 15.0, 60.0, 60.0]
    assert await world.ask() == ONE
    assert await world.ask() == BETA
    assert world.blocks() == [("candidate", "rate limit", 5.0, "guess")]
    assert len(alpha.asked) == 6


async def test_a_context_that_is_too_small_turns_to_a_larger_one_only(world: World, stream: bool) -> None:
    await world.provider("alpha", Status.of(recorded.OPENAI_CONTEXT), context=8192)
    small = await world.provider("small", says("small"), context=8192)
    await world.provider("large", says("large"), context=131_072)
    assert await world.ask(stream=stream) == "large"
    assert small.asked == []


async def test_a_request_too_long_for_everybody_is_the_clients_to_shorten(world: World, stream: bool) -> None:
    await world.provider("alpha", Status.of(recorded.OPENAI_CONTEXT), context=8192)
    small = await world.provider("small", says("small"), context=8192)
    reply = await world.chat(stream=stream)
    assert (reply.status, reply.error["code"]) == (400, "context_length_exceeded")
    assert "maximum context length" in reply.error["message"]
    assert small.asked == []
    assert world.journal.last.outcome.value == "refused"


async def test_a_request_too_large_for_everybody_is_a_413(world: World, stream: bool) -> None:
    await world.provider("alpha", refused(413, "Request entity too large"))
    await world.provider("beta", refused(413, "Request entity too large"))
    reply = await world.chat(stream=stream)
    assert (reply.status, reply.error["code"]) == (413, "request_too_large")


async def test_content_policy_is_the_clients_and_nobody_else_is_asked(world: World, stream: bool) -> None:
    await world.provider("alpha", Status.of(recorded.OPENAI_POLICY), keys=("", ""))
    beta = await world.provider("beta", says(BETA))
    reply = await world.chat(stream=stream)
    assert (reply.status, reply.error["code"]) == (400, "content_policy_violation")
    assert (beta.asked, world.blocks()) == ([], [])


async def test_two_providers_that_object_are_believed_and_the_first_is_quoted(world: World, stream: bool) -> None:
    await world.provider("alpha", refused(400, "alpha says nonsense"), keys=("", ""))
    await world.provider("beta", refused(422, "beta says nonsense"))
    gamma = await world.provider("gamma", says("gamma"))
    reply = await world.chat(stream=stream)
    assert (reply.status, reply.error["message"]) == (400, "alpha says nonsense")
    assert (gamma.asked, world.blocks()) == ([], [])


async def test_a_field_that_is_not_taken_is_left_out_at_once_and_from_then_on(world: World, stream: bool) -> None:
    objects = refused(400, "Unsupported parameter: 'temperature' is not supported with this model.", param="temperature")
    alpha = await world.provider("alpha", lambda asked: objects if "temperature" in asked.json else says(ONE))
    beta = await world.provider("beta", says(BETA))
    for _ in range(3):
        assert await world.ask(stream=stream, temperature=0.5) == ONE
    assert ["temperature" in asked.json for asked in alpha.asked] == [True, False, False, False]
    assert (beta.asked, world.blocks()) == ([], [])
    assert [row.what for row in world.disk.learned.values()] == ["drop:temperature"]


async def test_a_field_is_not_forgotten_for_a_refusal_of_another_kind(world: World) -> None:
    """Left out once, and refused all the same: the objection counts as any other."""
    alpha = await world.provider("alpha", refused(400, "Unsupported parameter: 'temperature'", param="temperature"))
    await world.provider("beta", says(BETA))
    assert await world.ask(temperature=0.5) == BETA
    assert len(alpha.asked) == 2
    assert world.disk.learned == {}


async def test_if_every_reply_is_empty_the_first_is_the_clients(world: World, stream: bool) -> None:
    await world.provider("alpha", Answer(text="", extra={"system_fingerprint": "alpha"}))
    await world.provider("beta", Answer(text="", extra={"system_fingerprint": "beta"}))
    reply = await world.chat(stream=stream)
    assert reply.status == 200
    said = reply.chunks[0] if stream else reply.json
    assert (said["system_fingerprint"], reply.text or "") == ("alpha", "")
    assert reply.is_done if stream else True
    assert world.blocks() == []
    entry = world.journal.last
    assert (entry.provider, entry.outcome.value, entry.reason) == ("alpha", "ok", "every reply was empty")
    assert world.journal.walked() == [("alpha", "empty reply"), ("beta", "empty reply")]


async def test_an_empty_reply_is_blamed_once_somebody_else_answers(world: World, stream: bool) -> None:
    await world.provider("alpha", empty())
    await world.provider("beta", says(BETA))
    assert await world.ask(stream=stream) == BETA
    assert world.blocks() == [("candidate", "errors", 5.0, "guess")]


async def test_cut_short_by_length_is_an_answer(world: World, stream: bool) -> None:
    await world.provider("alpha", Answer(text="", finish_reason="length"))
    beta = await world.provider("beta", says(BETA))
    assert (await world.chat(stream=stream)).status == 200
    assert beta.asked == []


async def test_an_error_beside_the_first_words_is_still_before_the_commit_point(world: World) -> None:
    """They share a read, so nothing has gone out and somebody else can answer."""
    chunk = '{"choices":[{"index":0,"delta":{"content":"half"}}]}'
    both = f'data: {chunk}\n\ndata: {{"error":{{"code":503,"message":"gone"}}}}'
    await world.provider("alpha", Events([both]))
    await world.provider("beta", says(BETA))
    assert await world.ask(stream=True) == BETA
    assert world.elapsed_s == 0.0


@pytest.mark.parametrize(
    ("behave", "verdict"),
    [
        (Status(200, b'{"error": "\xff\xfe"}'), "not the promised content type"),
        (Status(200, b"[[[["), "not the promised content type"),
        (Events(["data: not json"]), "connection broken"),
        (Events([DONE]), "empty reply"),
        (Events([": only a comment"]), "connection broken"),
        (Events([{"choices": [], "padding": "x" * 40_000}] * 60), "connection broken"),
    ],
)
async def test_streams_that_are_none(world: World, behave: Behave, verdict: str) -> None:
    await world.provider("alpha", behave)
    await world.provider("beta", says(BETA))
    assert await world.ask(stream=True) == BETA
    assert world.journal.walked() == [("alpha", verdict), ("beta", "ok")]


async def test_a_refusal_whose_body_does_not_come_is_known_by_its_status(world: World, stream: bool) -> None:
    await world.provider("alpha", Cut(rate_limited(30), 5, HANG))
    await world.provider("beta", says(BETA))
    assert await world.ask(stream=stream) == BETA
    assert world.elapsed_s == pytest.approx(2.0)
    assert world.blocks()[0][:2] == ("candidate", "rate limit")


async def test_an_endless_refusal_is_read_no_further_than_it_is_worth(world: World) -> None:
    await world.provider("alpha", Status(500, b"x" * 10_000_000))
    await world.provider("beta", says(BETA))
    assert await world.ask() == BETA
    assert world.elapsed_s < 0.1


async def test_twenty_more_requests_ask_the_broken_ones_no_more_than_the_rules_allow(stream: bool) -> None:
    """One answers 429, one 500, one hangs, one closes, one errs inside a 200, one streams half an answer, one is fine."""
    broken: dict[str, Behave] = {
        "limited": rate_limited(600),
        "failing": refused(500),
        "hanging": hangs(),
        "closing": Ends(CLOSE),
        "erring": error_in_stream({"code": 503, "message": "disconnected"}),
        "halving": Cut(Answer(), 20, CLOSE),
    }
    async with open_world() as world:
        upstreams = {name: await world.provider(name, behave) for name, behave in broken.items()}
        await world.provider("fine", says("fine"))
        for _ in range(21):
            assert await world.ask(stream=stream) == "fine"
        asked = {name: len(upstream.asked) for name, upstream in upstreams.items()}
        first_s = 60.0 if stream else 300.0
        assert world.elapsed_s == first_s
        assert asked == {"limited": 1, "failing": 2, "hanging": 1, "closing": 1, "erring": 1, "halving": 1}
