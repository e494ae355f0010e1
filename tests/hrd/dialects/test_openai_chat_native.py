"""Requests out, whole replies read, both in the client's own dialect: what must change changes, and nothing else."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.journal import UsageSource
from hrd.core.providers import Quirks
from hrd.core.refusals import Refusal
from hrd.dialects.contract import Encoded
from hrd.dialects.openai_chat import decode
from hrd.dialects.openai_chat_native import encode, read_whole, reply_stream
from tests.hrd.dialects.chat import ALPHA, HI, JSON, body, encoded, quirky, request
from tests.hrd.dialects.replies import BOUNDS

# encode ------------------------------------------------------------------------------------------------------------------


def test_the_model_changes_in_its_place_and_nothing_else_does() -> None:
    text = (
        b'{ "temperature": 0.70,\n "model": "hermes-router", "x": {"b": 1e2,  "a": [1.50]},"messages": [ {"role":"user" } ] }'
    )
    assert encoded(text) == Encoded(
        b'{"temperature":0.70,"model":"m-1","x":{"b": 1e2,  "a": [1.50]},"messages":[ {"role":"user" } ]}', ()
    )


def test_a_model_that_was_not_named_is_added() -> None:
    assert encoded(b'{"messages":[{"role":"user"}]}').body == b'{"messages":[{"role":"user"}],"model":"m-1"}'


@pytest.mark.parametrize(
    ("members", "options"),
    [
        ('"stream":true', b',"stream_options":{"include_usage":true}'),
        ('"stream":true,"stream_options":null', b',"stream_options":{"include_usage":true}'),
        ('"stream":true,"stream_options":{}', b',"stream_options":{"include_usage":true}'),
        ('"stream":true,"stream_options":{"x": 1.50}', b',"stream_options":{"x":1.50,"include_usage":true}'),
        ('"stream":true,"stream_options":{"include_usage":false,"x":1}', b',"stream_options":{"include_usage":true,"x":1}'),
        ('"stream":true,"stream_options":{ "include_usage": true}', b',"stream_options":{ "include_usage": true}'),
    ],
)
def test_usage_is_asked_for_in_streams(members: str, options: bytes) -> None:
    assert encoded(body(members)).body == b'{"model":"m-1","messages":[' + HI.encode() + b'],"stream":true' + options + b"}"


def test_usage_is_not_asked_for_where_it_is_not_wanted_or_not_taken() -> None:
    plain = b'{"model":"m-1","messages":[' + HI.encode() + b'],"stream":true}'
    streaming = body('"stream":true')
    assert encoded(streaming, ask_usage=False).body == plain
    assert encoded(streaming, quirky(stream_usage=False)).body == plain
    assert encoded(streaming, drop=frozenset({"stream_options"})).body == plain
    assert encoded(streaming, quirky(drop=["stream_options"])).body == plain
    assert b"stream_options" not in encoded(body()).body


def test_a_clients_stream_options_do_not_reach_a_provider_that_takes_none() -> None:
    asking = body('"stream":true,"stream_options":{"include_usage":true}')
    plain = b'{"model":"m-1","messages":[' + HI.encode() + b'],"stream":true}'
    assert encoded(asking, quirky(stream_usage=False)) == Encoded(plain, ("stream_options left out",))
    assert encoded(asking, drop=frozenset({"stream_options"})) == Encoded(plain, ("stream_options left out",))


def test_quirks_apply_and_are_noted() -> None:
    text = body('"seed":7,"tools":[]', '{"role":"developer","content":"x"}')
    assert encoded(text, quirky(rename={"seed": "random_seed"}, drop=["logit_bias"])) == Encoded(
        b'{"model":"m-1","messages":[{"role":"system","content":"x"}],"random_seed":7}', ("role developer sent as system",)
    )


def test_one_request_can_be_encoded_for_many() -> None:
    decoded = request(body('"seed":7,"max_tokens":5,"stream":true'))
    first = encode(decoded, quirky(drop=["seed"]), "a", drop=frozenset(), max_tokens=900, ask_usage=True)
    assert b"seed" not in first.body
    second = encode(decoded, ALPHA, "b", drop=frozenset(), max_tokens=None, ask_usage=False)
    messages = b'{"model":"b","messages":[' + HI.encode() + b'],"seed":7,"max_tokens":5,"stream":true}'
    assert second.body == messages


@given(st.dictionaries(st.text(min_size=1, max_size=8).map(lambda name: "x_" + name), JSON, max_size=5))
def test_unknown_fields_come_out_as_they_went_in(unknown: dict[str, object]) -> None:
    members = ",".join(f"{json.dumps(name)} : {json.dumps(value)}" for name, value in unknown.items())
    decoded = decode(body(members))
    if isinstance(decoded, Refusal):
        assert "NaN" in members or "Infinity" in members or "\\ud" in members
        return
    after = encode(decoded, ALPHA, "m-1", drop=frozenset(), max_tokens=None, ask_usage=True).body
    spelled = "".join(f",{msgspec.json.encode(name).decode()}:{json.dumps(value)}" for name, value in unknown.items())
    assert after == b'{"model":"m-1","messages":[' + HI.encode() + b"]" + spelled.encode() + b"}"


# read --------------------------------------------------------------------------------------------------------------------


def reply(message: dict[str, object] | None, reason: str | None = "stop", **members: object) -> bytes:
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return json.dumps({"id": "c-1", "object": "chat.completion", "choices": [choice], **members}).encode()


ASKED = request(body())
USAGE = {"prompt_tokens": 19, "completion_tokens": 10}


def test_an_ordinary_reply_passes_as_the_same_bytes_with_its_usage() -> None:
    text = reply({"role": "assistant", "content": "Hello, world!"}, usage=USAGE)
    read = read_whole(ASKED, text, Quirks(rewrite_reply=("list_content", "finish_reason")))
    assert read.body is text
    assert (read.empty, read.error, read.broken, read.finish_reason) == (False, None, "", "stop")
    assert (read.usage.input_tokens, read.usage.output_tokens, read.usage.source) == (19, 10, UsageSource.KNOWN)


def test_a_reply_without_usage_is_estimated() -> None:
    usage = read_whole(ASKED, reply({"content": "word " * 20}), Quirks()).usage
    assert (usage.input_tokens, usage.output_tokens, usage.source) == (7, 25, UsageSource.ESTIMATED)


@pytest.mark.parametrize(
    ("message", "reason", "empty"),
    [
        ({"content": ""}, "stop", True),
        ({"content": None}, None, True),
        (None, "stop", True),
        ({"content": ""}, "eos", True),
        ({"content": ""}, "length", False),
        ({"content": ""}, "content_filter", False),
        ({"content": "x"}, None, False),
        ({"content": None, "tool_calls": [{"id": "a", "function": {"name": "f"}}]}, "tool_calls", False),
        ({"content": None, "refusal": "no"}, "stop", False),
        ({"content": "", "reasoning_content": "hm"}, "stop", False),
    ],
)
def test_what_is_empty(message: dict[str, object] | None, reason: str | None, empty: bool) -> None:
    read = read_whole(ASKED, reply(message, reason), Quirks())
    assert (read.empty, read.broken, read.error) == (empty, "", None)


def test_no_choices_in_the_list_is_empty_and_no_list_is_broken() -> None:
    assert read_whole(ASKED, b'{"choices":[]}', Quirks()).empty
    assert read_whole(ASKED, b'{"choices":null}', Quirks()).broken == "the reply has no choices"
    assert read_whole(ASKED, b'{"ok":true}', Quirks()).broken == "the reply has no choices"


@pytest.mark.parametrize(
    "text", [b"", b"<html>", b"[]", b"5", b"[" * 50_000, b'{"choices":[', b'{"choices":[{"message":{"content":"\xff"}}]}']
)
def test_what_is_no_reply_is_broken(text: bytes) -> None:
    read = read_whole(ASKED, text, Quirks())
    assert (read.broken, read.body) == ("the reply is not a JSON object", text)


@pytest.mark.parametrize(
    "text",
    [
        b'{"error":{"message":"no","code":429}}',
        b'[{"error":{"message":"no","code":429}}]',
        b'{"choices":[{"error":{"message":"no","code":429},"message":{"content":"x"}}]}',
    ],
)
def test_an_error_inside_a_200_is_an_error_and_neither_empty_nor_broken(text: bytes) -> None:
    read = read_whole(ASKED, text, Quirks())
    assert (read.error, read.empty, read.broken) == ({"message": "no", "code": 429}, False, "")


def test_a_quirky_reply_is_mended() -> None:
    text = b'{"choices":[{"message":{"content":[{"type":"text","text":"hi"}]},"finish_reason":"model_length"}],"n":1.50}'
    read = read_whole(ASKED, text, Quirks(rewrite_reply=("list_content", "finish_reason")))
    assert read.body == b'{"choices":[{"message":{"content":"hi"},"finish_reason":"length"}],"n":1.50}'
    assert (read.finish_reason, read_whole(ASKED, text, Quirks()).body) == ("length", text)


def test_a_stream_reader_knows_what_the_request_asked_for() -> None:
    chunk = b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\n'
    word = b'data: {"choices":[{"delta":{"content":"word word"}}]}\n\n'
    asking = reply_stream(request(body('"stream":true,"stream_options":{"include_usage":true}')), Quirks(), BOUNDS)
    assert asking.feed(word + chunk) == word + chunk
    silent = reply_stream(request(body('"stream":true')), Quirks(), BOUNDS)
    assert silent.feed(word) == word
    assert (silent.usage().input_tokens, silent.usage().output_tokens) == (7, 3)
    assert silent.feed(chunk) == b""


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_read(text: bytes) -> None:
    read = read_whole(ASKED, text, Quirks(rewrite_reply=("list_content", "finish_reason", "choices", "tool_index")))
    assert read.broken or read.error or isinstance(json.loads(read.body), dict)
