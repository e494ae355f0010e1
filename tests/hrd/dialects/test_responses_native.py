"""Responses between a client and a provider that both speak it."""

from typing import Any

import msgspec
import pytest

from hrd.core.failures import REPLAYED_REASONING
from hrd.core.providers import Provider, Quirks
from hrd.dialects.contract import Encoded, Ending, Request
from hrd.dialects.responses_native import encode, read_whole, reply_stream
from tests.hrd.dialects.replies import BOUNDS
from tests.hrd.dialects.responses import ALPHA, message, request, spell

SEALED = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA"}
FOREIGN = {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "hermes:anthropic:Erde"}
REPLY = {"id": "resp_1", "object": "response", "status": "completed", "output": [message("Hi", "assistant")]}
STREAM = spell(
    {"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1", "model": "gpt-9"}},
    {"type": "response.output_text.delta", "sequence_number": 1, "delta": "Hi", "logprobs": []},
    {"type": "response.completed", "sequence_number": 2, "response": REPLY},
)


def sent(
    asked: Request, provider: Provider = ALPHA, *, drop: frozenset[str] = frozenset(), limit: int | None = None
) -> Encoded:
    return encode(asked, provider, "gpt-9", drop=drop, max_tokens=limit, ask_usage=True)


def body_of(encoded: Encoded) -> dict[str, Any]:
    return msgspec.json.decode(encoded.body, type=dict[str, Any])


def test_members_go_as_they_were_spelled_but_for_the_model() -> None:
    asked = request(input=[message("hi"), SEALED], stream=True, temperature=1.0, odd={"b": 1e3}, tools=[{"type": "mcp"}])
    assert body_of(sent(asked)) == {
        "model": "gpt-9",
        "input": [message("hi"), SEALED],
        "stream": True,
        "temperature": 1.0,
        "odd": {"b": 1e3},
        "tools": [{"type": "mcp"}],
    }
    assert sent(asked).notes == ()


def test_what_the_router_knows_itself_is_not_sent() -> None:
    encoded = sent(request(previous_response_id="resp_0", hermes_priority="low", client_metadata={"x": "y"}), limit=64)
    assert body_of(encoded) == {"model": "gpt-9", "input": "hi", "max_output_tokens": 64}
    assert encoded.notes == ("hermes_priority left out", "client_metadata left out")


def test_what_was_learned_not_to_be_taken_is_left_out() -> None:
    quirky = msgspec.structs.replace(ALPHA, quirks=Quirks(drop=("user",), drop_for={"top_p": ("gpt-9",)}))
    encoded = sent(request(user="u", top_p=0.5, temperature=0.5), quirky, drop=frozenset({"temperature"}))
    assert body_of(encoded) == {"model": "gpt-9", "input": "hi"}
    assert encoded.notes == ("user left out", "top_p left out", "temperature left out")


def test_what_another_vendor_sealed_goes_no_further() -> None:
    encoded = sent(request(input=[{**message("hi"), "id": "msg_1"}, FOREIGN, SEALED]))
    kept = {name: value for name, value in SEALED.items() if name != "id"}
    assert body_of(encoded)["input"] == [message("hi"), kept]
    assert encoded.notes == ("reasoning of earlier turns left out",)


def test_all_reasoning_is_left_out_once_it_could_not_be_opened() -> None:
    asked = request(input=[message("hi"), SEALED, message("ok", "assistant")])
    encoded = sent(asked, drop=frozenset({REPLAYED_REASONING}))
    assert body_of(encoded)["input"] == [message("hi"), message("ok", "assistant")]
    plain = request(input=[message("hi")])
    assert body_of(sent(plain, drop=frozenset({REPLAYED_REASONING})))["input"] == [message("hi")]


@pytest.mark.parametrize("odd", ['"hermes:" is what I said', '["hermes:"]'])
def test_an_input_of_another_shape_is_the_providers_to_judge(odd: str) -> None:
    asked = msgspec.structs.replace(
        request(), fields={"input": msgspec.Raw(msgspec.json.encode(odd) if odd[0] == '"' else odd.encode())}
    )
    assert msgspec.json.decode(sent(asked).body)["input"] == (odd if odd[0] == '"' else ["hermes:"])


def test_a_whole_reply_passes_as_it_came() -> None:
    body = msgspec.json.format(msgspec.json.encode({**REPLY, "usage": {"input_tokens": 7, "output_tokens": 3}}), indent=2)
    reply = read_whole(request(), body, Quirks())
    assert (reply.body, reply.error, reply.broken, reply.empty, reply.finish_reason) == (body, None, "", False, "stop")
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (7, 3)


@pytest.mark.parametrize(
    ("body", "error", "broken"),
    [
        (b'{"error":{"message":"no"}}', {"message": "no"}, ""),
        (b"{}", None, "the reply has no output"),
        (b'{"output":[]}', None, ""),
    ],
)
def test_what_is_no_reply(body: bytes, error: object, broken: str) -> None:
    reply = read_whole(request(), body, Quirks())
    assert (reply.error, reply.broken, reply.empty) == (error, broken, not error and not broken)


def test_a_stream_passes_as_it_came_and_its_end_is_told() -> None:
    told: list[bytes] = []
    stream = reply_stream(request(stream=True), Quirks(), BOUNDS, told.append)
    assert stream.feed(STREAM) == b""
    assert (stream.finished, stream.last) == (True, STREAM)
    assert stream.end() is Ending.COMPLETE
    assert told == [msgspec.json.encode(REPLY)]
