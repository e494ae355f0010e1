"""What routing must know of a Responses request."""

from typing import Any

import msgspec
import pytest

from hrd.core.ask import Ask, Kind
from hrd.core.refusals import Refusal, RefusalKind
from hrd.dialects.responses_request import previous_of, read_request, unknown_response
from tests.hrd.dialects.responses import message, request

IMAGE = {"type": "input_image", "image_url": "data:image/png;base64," + "Q" * 4000}


def refused(**members: Any) -> Refusal:
    fields = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in members.items()}
    refusal = read_request(fields, 1)
    assert isinstance(refusal, Refusal)
    return refusal


def test_the_facts_of_a_request() -> None:
    asked = request(stream=True, max_output_tokens=100, prompt_cache_key="k", tools=[{"type": "function", "name": "f"}]).ask
    assert msgspec.structs.replace(asked, input_tokens=0, body_bytes=0) == Ask(
        kind=Kind.CHAT, model="hermes-router", stream=True, tools=True, max_tokens=100, affinity="k"
    )


@pytest.mark.parametrize(
    ("tools", "own"),
    [
        (None, False),
        ([], False),
        ([{"type": "web_search"}], False),
        ([{"type": "custom", "name": "p"}], True),
        ([{"type": "namespace", "name": "n", "tools": []}], True),
    ],
)
def test_only_the_clients_own_tools_must_be_taken(tools: object, own: bool) -> None:
    assert request(tools=tools).ask.tools is own


def test_pictures_count_as_such_and_blobs_not_as_text() -> None:
    asked = request(input=[{"role": "user", "content": [IMAGE]}]).ask
    assert asked.images
    assert asked.input_tokens < 850
    sealed = {"type": "reasoning", "summary": [], "encrypted_content": "Q" * 40_000}
    assert request(input=[message("hi"), sealed]).ask.input_tokens < 60
    assert not request(input='look at my "input_image"').ask.images


def test_files_count_by_their_text() -> None:
    file = {"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64," + "QUJD" * 4000}
    assert 3000 <= request(input=[{"role": "user", "content": [file]}]).ask.input_tokens <= 3060


def test_a_short_question_counts_for_little_and_a_long_one_for_what_it_says() -> None:
    assert request(input=[message("hi")]).ask.input_tokens < 10
    words = "the quick brown fox jumps over the lazy dog " * 100
    assert 850 < request(input=[message(words)], instructions="Be brief.").ask.input_tokens < 1150


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({}, "input"),
        ({"input": None}, "input"),
        ({"input": 5}, "input"),
        ({"input": ["hi"]}, "input[0]"),
        ({"input": "hi", "model": 5}, "model"),
        ({"input": "hi", "stream": "yes"}, "stream"),
        ({"input": "hi", "background": True}, "background"),
        ({"input": "hi", "background": "yes"}, "background"),
        ({"input": "hi", "conversation": "conv_1"}, "conversation"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0].id"),
        ({"input": [message("hi"), {"type": "item_reference"}]}, "input[1].id"),
    ],
)
def test_what_is_refused_is_named(members: dict[str, Any], param: str) -> None:
    refusal = refused(**members)
    assert (refusal.kind, refusal.param) == (RefusalKind.BAD_REQUEST, param)


def test_a_template_stands_for_the_input() -> None:
    fields = {"prompt": msgspec.Raw(b'{"id":"pmpt_1"}')}
    assert not isinstance(read_request(fields, 1), Refusal)


def test_what_says_no_to_background_and_storage_is_no_trouble() -> None:
    assert request(background=False, store=True, conversation=None, truncation="auto").ask.model == "hermes-router"


def test_the_words_item_reference_in_a_text_are_none() -> None:
    assert request(input=[message("item_reference"), {"type": "message", "role": "user", "content": "item_reference"}])


def test_the_reply_that_it_goes_on_from() -> None:
    assert previous_of({}) == ""
    assert previous_of({"previous_response_id": msgspec.Raw(b'"resp_1"')}) == "resp_1"
    assert isinstance(previous_of({"previous_response_id": msgspec.Raw(b"5")}), Refusal)
    refusal = unknown_response("resp_1")
    assert (refusal.http_status, refusal.kind.value[2], refusal.param) == (
        400,
        "previous_response_not_found",
        "previous_response_id",
    )
