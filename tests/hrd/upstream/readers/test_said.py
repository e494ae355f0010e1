"""Envelopes: where the message, the codes and the details stand."""

import pytest

from hrd.upstream.readers.said import LEAVES_MAX, TEXT_CHARS_MAX, read_said, said_in


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error":{"message":"a"}}', "a"),
        (b'[{"error":{"message":"a"}}]', "a"),
        (b'{"error":"a"}', "a"),
        (b'{"errors":[{"message":"a"},{"message":"b"}]}', "a"),
        (b'{"message":"a"}', "a"),
        (b'{"message":{"detail":[{"msg":"a"},{"msg":"b"}]}}', "a; b"),
        (b'{"detail":"a"}', "a"),
        (b'{"detail":[{"msg":"a"}]}', "a"),
        (b'{"status":500,"title":"a"}', "a"),
        (b'{"type":"error","error":{"type":"t","message":"a"}}', "a"),
        (b'{"error":{"code":"x"},"message":"a"}', "a"),
        (b'"a"', "a"),
        (b"a", "a"),
        (b"{half", "{half"),
        (b"<html><head><title>\n a\n</title>", "a"),
        (b"<html>", "a page of HTML"),
        (b"[]", ""),
        (b"", ""),
    ],
)
def test_the_message_is_found(body: bytes, message: str) -> None:
    assert read_said(500, {}, body).message == message


def test_codes_are_found_wherever_they_stand_in_lower_case() -> None:
    said = read_said(400, {}, b'{"error":{"code":1302,"status":"INVALID","details":[{"reason":"API_KEY_INVALID"}]}}')
    assert said.codes == {"1302", "invalid", "api_key_invalid"}


def test_no_rule_sees_what_the_client_wrote_or_a_link() -> None:
    said = read_said(
        400,
        {},
        b'{"error":{"message":"no, see https://x.test/billing ok","failed_generation":"quota","flagged_input":["quota"]},'
        b'"detail":[{"input":{"a":"quota"},"loc":["body","seed"]}]}',
    )
    assert "quota" not in said.text
    assert "billing" not in said.text
    assert said.message == "no, see https://x.test/billing ok"
    assert said.located == ("seed",)


def test_the_status_inside_a_200_is_the_one_that_the_error_names() -> None:
    assert said_in({"error": {"code": 429}}, 200).status == 429
    assert said_in({"code": "1302"}, 200).status is None
    assert said_in({"raw_status_code": 503, "code": "1300"}, None).status == 503
    assert said_in({"error": {"code": 429}}, 400).status == 400


def test_signs_come_from_headers() -> None:
    headers = {b"sunset": b"x", b"x-ratelimit-remaining-requests-day": b"0"}
    assert read_said(403, headers, b"").signs == {"sunset", "day is used up"}
    assert read_said(403, {b"content-type": b"Text/HTML; charset=utf-8"}, b"hm").signs == {"html"}


def test_what_is_looked_at_is_bounded() -> None:
    said = read_said(500, {}, b'{"a":[' + b",".join(b'"%d"' % n for n in range(5000)) + b"]}")
    assert said.text.count("a: ") == LEAVES_MAX
    long = read_said(500, {}, b'{"message":"' + b"x" * 50_000 + b'"}')
    assert (len(long.text), len(long.message)) == (TEXT_CHARS_MAX, TEXT_CHARS_MAX)


def test_a_nest_without_end_is_looked_at_to_a_depth() -> None:
    node: object = {"loc": ["body", "deep"]}
    for _ in range(100):
        node = {"error": node}
    assert said_in(node, 400).located == ()
