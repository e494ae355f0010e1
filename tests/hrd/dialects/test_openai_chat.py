"""Requests in: their facts, or what is wrong with them."""

import json

import pytest
from hypothesis import given

from hrd.core.affinity import affinity_of_beginning
from hrd.core.ask import Ask, Kind
from hrd.core.needs import Need
from hrd.core.refusals import Refusal
from hrd.dialects.contract import Encoded, Request
from hrd.dialects.openai_chat import decode
from hrd.dialects.openai_chat_native import encode
from hrd.dialects.prompt import IMAGE_TOKENS
from tests.hrd.dialects.chat import ALPHA, HI, JSON, body, encoded, quirky, request

# decode ------------------------------------------------------------------------------------------------------------------


def test_the_facts_of_a_small_request() -> None:
    text = body()
    begun = affinity_of_beginning("hermes-router", f"[{HI}]".encode())
    assert request(text).ask == Ask(kind=Kind.CHAT, model="hermes-router", input_tokens=7, body_bytes=len(text), affinity=begun)


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


@pytest.mark.parametrize(
    ("content", "images"),
    [
        ([{"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}}], True),
        ("image_url", False),
        ('I wrote {"type": "image_url"} by hand', False),
        ([{"type": "text", "text": "image_url"}], False),
        ([{"type": 5, "image_url": 1}], False),
        ({"image_url": 1}, False),
        (["image_url"], False),
    ],
)
def test_what_is_a_picture_and_what_the_word_alone(content: object, images: bool) -> None:
    assert request(body(messages=json.dumps({"role": "user", "content": content}))).ask.images is images


def test_what_is_in_base64_counts_for_little() -> None:
    data = "QUJD" * 20_000
    for part in (
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
        {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}},
        {"type": "video_url", "video_url": {"url": f"data:video/mp4;base64,{data}"}},
    ):
        assert request(body(messages=json.dumps({"role": "user", "content": [part]}))).ask.input_tokens < 900
    drawn = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
    answer = {"role": "assistant", "content": "Here it is.", "images": [drawn]}
    assert request(body(messages=json.dumps(answer))).ask.input_tokens < 900


def test_a_member_of_another_type_hides_nothing_of_what_the_messages_hold() -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}}
    file = {"type": "file", "file": {"file_data": "data:application/pdf;base64,QQ=="}}
    message = json.dumps({"role": "user", "content": [picture, file]})
    asked = request(body('"max_tokens":"100"', message)).ask
    assert (asked.images, asked.needs) == (True, {Need.DOCUMENTS})
    assert asked.affinity == request(body(messages=message)).ask.affinity


def test_a_file_counts_by_its_text_or_its_pages() -> None:
    def tokens(kind: str) -> int:
        part = {"type": "file", "file": {"file_data": f"data:{kind};base64," + "QUJD" * 20_000}}
        return request(body(messages=json.dumps({"role": "user", "content": [part]}))).ask.input_tokens

    assert 15_000 <= tokens("text/plain") <= 15_100
    assert 2 * IMAGE_TOKENS <= tokens("application/pdf") <= 2 * IMAGE_TOKENS + 60


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            '{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"custom","custom":{"name":"f","input":"x"}}]}',
            True,
        ),
        ('{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"custom"}}]}', False),
        ('{"role":"assistant","content":[{"type":"refusal","refusal":"no"}]}', True),
        ('{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}}', True),
        ('{"role":"assistant","content":"hi","function_call":null,"tool_calls":null}', False),
        ('{"role":"function","name":"f","content":"5"}', True),
    ],
)
def test_messages_that_openai_alone_understands_as_they_stand(message: str, words: bool) -> None:
    assert request(body(messages=f"{HI},{message}")).openai_words is words


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
