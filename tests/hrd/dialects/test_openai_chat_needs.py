"""What a chat completion's request needs that not everybody can be told."""

import pytest

from hrd.core.needs import Need
from tests.hrd.dialects.chat import body, request


@pytest.mark.parametrize(
    ("members", "needs"),
    [
        ("", set()),
        ('"stop":null,"n":1,"logprobs":false,"tool_choice":"auto","response_format":{"type":"text"}', set()),
        ('"stop":["END"],"n":2', {Need.STOP, Need.CHOICES}),
        ('"logprobs":true,"logit_bias":{"1":2}', {Need.LOGPROBS, Need.LOGIT_BIAS}),
        ('"response_format":{"type":"json_object"},"tool_choice":"required"', {Need.FORMAT, Need.FORCED_CALL}),
        ('"web_search_options":{}', set()),
        ('"web_search_options":{"search_context_size":"low"}', {Need.OF_CHAT}),
        ('"modalities":["text","audio"],"audio":{"voice":"alloy","format":"wav"}', {Need.OF_CHAT}),
    ],
)
def test_members(members: str, needs: set[Need]) -> None:
    assert request(body(members)).ask.needs == needs


def test_sound_and_documents_are_needs() -> None:
    sound = '{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"QQ==","format":"wav"}}]}'
    file = '{"role":"user","content":[{"type":"file","file":{"file_data":"data:application/pdf;base64,QQ=="}}]}'
    assert request(body(messages=f"{sound},{file}")).ask.needs == {Need.AUDIO, Need.DOCUMENTS}


def test_a_file_of_text_is_none_but_goes_as_text_to_who_knows_no_files() -> None:
    file = '{"role":"user","content":[{"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain;base64,QQ=="}}]}'
    asked = request(body(messages=file))
    assert (asked.ask.needs, asked.openai_words) == (set(), True)


@pytest.mark.parametrize(
    ("part", "needs"),
    [
        ('{"type":"text","text":"a"}', set()),
        ('"a"', set()),
        ('{"type":"of_some_day","text":"a"}', set()),
        ('{"type":"video_url","video_url":{"url":"https://a.example/a.mp4"}}', {Need.OF_CHAT}),
        ('{"type":"file","file":{"file_id":"file-1"}}', {Need.DOCUMENTS, Need.OF_CHAT}),
        ('{"type":7}', set()),
    ],
)
def test_parts(part: str, needs: set[Need]) -> None:
    before, behind = '{"role":"user","content":[{"type":"text","text":"a"},', "]}"
    assert request(body(messages=f"{before}{part}{behind}")).ask.needs == needs
