"""Embeddings: one model for one name, pinned at first use, and never another's vectors."""

import base64
import struct

from tests.scenarios.client import Reply
from tests.scenarios.failing import rate_limited, refused
from tests.scenarios.world import World
from tests.upstreams import Answer, Quirk, Status
from tests.upstreams.chat_replies import vector

PATH = "/v1/embeddings"


async def embed(world: World, model: str = "hermes-router", given: object = "hello", **fields: object) -> Reply:
    return await world.post({"model": model, "input": given, **fields}, path=PATH)


async def two(world: World) -> None:
    for name in ("alpha", "beta"):
        await world.provider(name, Answer(), embed_model=f"{name}-embed")


async def test_the_first_to_answer_is_pinned(world: World) -> None:
    await two(world)
    reply = await embed(world)
    assert reply.json["data"][0]["embedding"] == vector("hello", 8)
    assert reply.json["model"] == "alpha-embed"
    assert (world.disk.pin.provider, world.disk.pin.model) == ("alpha", "alpha-embed")  # type: ignore[union-attr]
    entry = world.journal.last
    assert (entry.endpoint, entry.usage.input_tokens, entry.usage.source.value) == ("/v1/embeddings", 7, "known")


async def test_a_pinned_pair_that_is_blocked_is_a_429_and_nobody_elses_vectors(world: World) -> None:
    alpha = await world.provider("alpha", Answer(), rate_limited(90), embed_model="alpha-embed")
    beta = await world.provider("beta", Answer(), embed_model="beta-embed")
    await embed(world)
    for _ in range(2):
        reply = await embed(world)
        assert (reply.status, reply.headers["retry-after"]) == (429, "90")
    assert [len(alpha.asked), len(beta.asked)] == [2, 0]


async def test_before_the_pin_everybody_may_answer(world: World) -> None:
    await world.provider("alpha", refused(500), embed_model="alpha-embed")
    await world.provider("beta", Answer(), embed_model="beta-embed")
    assert (await embed(world)).json["model"] == "beta-embed"
    assert world.disk.pin.provider == "beta"  # type: ignore[union-attr]


async def test_a_named_model_is_that_model(world: World) -> None:
    await two(world)
    assert (await embed(world, "beta-embed")).headers["x-hermes-provider"] == "beta"
    unknown = await embed(world, "somebody-elses-embed")
    assert (unknown.status, unknown.error["code"]) == (404, "model_not_found")


async def test_keys_of_one_provider_stand_in_for_each_other(world: World) -> None:
    alpha = await world.provider("alpha", rate_limited(90), Answer(), keys=("", ""), embed_model="alpha-embed")
    assert (await embed(world)).status == 200
    assert [asked.key for asked in alpha.asked] == ["alpha-key-1", "alpha-key-2"]


async def test_base64_is_made_of_numbers(world: World) -> None:
    await world.provider("alpha", Answer(quirks=frozenset({Quirk.FLOATS_ONLY})), embed_model="alpha-embed")
    reply = await embed(world, encoding_format="base64")
    packed = base64.b64decode(reply.json["data"][0]["embedding"])
    assert list(struct.unpack("<8f", packed)) == vector("hello", 8)


async def test_token_ids_go_only_to_those_who_take_them(world: World) -> None:
    alpha = await world.provider("alpha", Answer(), embed_model="alpha-embed")
    await world.provider("beta", Answer(), embed_model="beta-embed", embed_takes_tokens=True)
    reply = await embed(world, given=[[1, 2, 3], [4, 5]])
    assert (reply.headers["x-hermes-provider"], len(reply.json["data"])) == ("beta", 2)
    assert alpha.asked == []


async def test_a_chat_completion_is_no_vector(world: World) -> None:
    await world.provider("alpha", Status.json(200, {"object": "chat.completion", "choices": []}), embed_model="alpha-embed")
    await world.provider("beta", Answer(), embed_model="beta-embed")
    assert (await embed(world)).headers["x-hermes-provider"] == "beta"
    assert world.journal.walked() == [("alpha", "connection broken"), ("beta", "ok")]


async def test_embeddings_wait_for_their_only_candidate(world: World) -> None:
    await world.provider("alpha", Answer(), rate_limited(), Answer(), embed_model="alpha-embed")
    await embed(world)
    assert (await embed(world)).status == 200
    assert 5.0 <= world.elapsed_s < 5.1
