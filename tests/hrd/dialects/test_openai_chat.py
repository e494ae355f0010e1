"""Requests in, requests out, whole replies read: what must change changes, and nothing else."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.ask import Ask, Kind
from hrd.core.journal import UsageSource
from hrd.core.providers import Provider, Quirks
from hrd.core.refusals import Refusal
from hrd.dialects.contract import Encoded, Request
from hrd.dialects.openai_chat import decode, encode, read_whole, reply_stream

ALPHA = Provider(name="alpha", base_url="http://alpha.test/v1")
HI = '{"role":"user","content":"hi"}'


def body(members: str = "", messages: str = HI, model: str = '"hermes-router"') -> bytes:
    return f'{{"model":{model},"messages":[{messages}]{"," if members else ""}{members}}}'.encode()


def request(text: bytes) -> Request:
    decoded = decode(text)
    assert isinstance(decoded, Request), decoded
    return decoded


def encoded(text: bytes, provider: Provider = ALPHA, *, drop: frozenset[str] = frozenset(), ask_usage: bool = True) -> Encoded:
    return encode(request(text), provider, "m-1", drop=drop, max_tokens=None, ask_usage=ask_usage)


def quirky(**quirks: object) -> Provider:
    return Provider(name="quirky", base_url="http://quirky.test/v1", quirks=msgspec.convert(quirks, Quirks))


# decode ------------------------------------------------------------------------------------------------------------------


def test_the_facts_of_a_small_request() -> None:
    text = body()
    assert request(text).ask == Ask(kind=Kind.CHAT, model="hermes-router", input_tokens=7, body_bytes=len(text))


def test_the_facts_of_a_large_request() -> None:
    members = (
        '"stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":50,"max_tokens":9,"tools":[{"a":1}]'
    )
    picture = '{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://example.org/cat.png"}}]}'
    decoded = request(body(members, picture))
    ask = decoded.ask
    assert (ask.stream, ask.tools, ask.images, ask.max_tokens) == (True, True, True, 50)
    assert 800 < ask.input_tokens < 900
    assert decoded.usage_to_client


@pytest.mark.parametrize(
    ("members", "tools"),
    [("", False), ('"tools":[]', False), ('"tools":null', False), ('"tools":[{"a":1}]', True), ('"functions":[{"a":1}]', True)],
)
def test_when_a_request_asks_for_tools(members: str, tools: bool) -> None:
    assert request(body(members)).ask.tools is tools


@pytest.mark.parametrize("model", ['"hermes-router"', '""', "null"])
def test_a_model_may_be_left_to_the_router(model: str) -> None:
    assert request(body(model=model)).ask.model == (json.loads(model) or "")
    assert request(b'{"messages":[{"role":"user"}]}').ask.model == ""


@pytest.mark.parametrize(
    "message",
    [
        '{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}',
        '{"role":"assistant","content":"","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}',
        '{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}',
        '{"role":"tool","tool_call_id":"c","name":"f","content":"5"}',
        '{"role":"developer","content":"be brief"}',
        '{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}',
        '{"role":"assistant","content":"x","reasoning_content":"y","reasoning_details":[{}]}',
        '{"role":"critic","content":7,"x":{"y":[]}}',
    ],
)
def test_every_shape_that_clients_send_is_taken(message: str) -> None:
    members = '"parallel_tool_calls":true,"x_vendor":{"a":1},"stream":false,"response_format":{"type":"json_schema"}'
    assert request(body(members, f"{HI},{message}")).ask.stream is False


@pytest.mark.parametrize(
    ("text", "param", "says"),
    [
        (b"", None, "not valid JSON"),
        (b"[]", None, "not an object"),
        (b'{"a":NaN}', None, "not valid JSON"),
        (b'{"model":"\xff"}', None, "not valid UTF-8"),
        (b'{"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}", None, "nested too deeply"),
        (b"{}", "messages", "messages is missing."),
        (b'{"messages":[]}', "messages", "messages is empty."),
        (b'{"messages":null}', "messages", "Expected `array`, got `null`"),
        (b'{"messages":"hi"}', "messages", "Expected `array`, got `str`"),
        (b'{"messages":[5]}', "messages[0]", "Expected `object`, got `int`"),
        (b'{"messages":[{"role":"user"},{"content":"x"}]}', "messages[1]", "missing required field `role`"),
        (b'{"messages":[{"role":["user"]}]}', "messages[0].role", "Expected `str`, got `array`"),
        (body(model="7"), "model", "Expected `str`, got `int`"),
        (body('"stream":"yes"'), "stream", "Expected `bool`, got `str`"),
        (body('"stream":true,"stream_options":5'), "stream_options", "Expected `object | null`, got `int`"),
    ],
)
def test_what_is_refused_names_its_parameter(text: bytes, param: str | None, says: str) -> None:
    refusal = decode(text)
    assert isinstance(refusal, Refusal)
    assert (refusal.http_status, refusal.param) == (400, param)
    assert says in refusal.message


def test_the_last_of_two_members_counts_and_is_sent() -> None:
    text = b'{"model":"a","messages":[{"role":"user"}],"stream":true,"model":"b","stream":false}'
    assert (request(text).ask.model, request(text).ask.stream) == ("b", False)
    assert encoded(text).body == b'{"model":"m-1","messages":[{"role":"user"}],"stream":false}'


NAMES = ["model", "messages", "stream", "stream_options", "tools", "max_tokens", "role", "content", "type", "image_url"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=15,
)


@given(JSON)
def test_any_json_is_a_request_or_a_refusal_and_a_request_can_be_encoded(value: object) -> None:
    decoded = decode(json.dumps(value).encode())
    if isinstance(decoded, Request):
        again = encode(decoded, ALPHA, "m-1", drop=frozenset(), max_tokens=None, ask_usage=True)
        assert json.loads(again.body)["model"] == "m-1"
    else:
        assert decoded.http_status == 400


@pytest.mark.parametrize("where", ["messages", "stream_options"])
def test_a_body_nested_to_the_very_limit_is_refused_or_can_be_encoded_with_a_longer_stack(where: str) -> None:
    def deeper(frames: int, decoded: Request) -> Encoded:
        if frames:
            return deeper(frames - 1, decoded)
        return encode(decoded, quirky(tool_ids="x"), "m-1", drop=frozenset(), max_tokens=None, ask_usage=True)

    for depth in range(700, 1000):
        nest = "[" * depth + "]" * depth
        picture = f'{{"role":"developer","content":[{{"type":"image_url"}}],"x":{nest}}}'
        text = body('"stream":true', picture)
        if where == "stream_options":
            text = body(f'"stream":true,"stream_options":{{"x":{nest}}}')
        decoded = decode(text)
        if isinstance(decoded, Request):
            assert deeper(50, decoded).body.startswith(b'{"model":"m-1"')
        else:
            assert "nested too deeply" in decoded.message


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
    asking = reply_stream(request(body('"stream":true,"stream_options":{"include_usage":true}')), Quirks(), 1024)
    assert asking.feed(word + chunk) == word + chunk
    silent = reply_stream(request(body('"stream":true')), Quirks(), 1024)
    assert silent.feed(word) == word
    assert (silent.usage().input_tokens, silent.usage().output_tokens) == (7, 3)
    assert silent.feed(chunk) == b""


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_read(text: bytes) -> None:
    read = read_whole(ASKED, text, Quirks(rewrite_reply=("list_content", "finish_reason", "choices", "tool_index")))
    assert read.broken or read.error or isinstance(json.loads(read.body), dict)
