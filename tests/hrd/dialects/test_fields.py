"""Bodies that are no JSON object are refused with what is wrong; the members of those that are keep their spelling."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.refusals import Refusal
from hrd.dialects.fields import count_of, count_turns, flag_of, read_fields, refuse_shape, text_of


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b'{"a":1} x', "trailing characters"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"a":NaN}', "invalid character"),
        (b'{"a":Infinity}', "invalid character"),
        (b'{"a":01}', "invalid number"),
        (b"{'a':1}", "not valid JSON"),
        (b'{"a":"\x01"}', "not valid JSON"),
        (b'{"a":"\\ud800"', "truncated"),
        (b'{"a":"\\ud83d\\ude00"', "truncated"),
        (b'{"a":"\xff"}', "not valid UTF-8 (byte 6)"),
        (b'{"\xff":1}', "not valid UTF-8 (byte 2)"),
        (b'{"a":"\xed\xa0\x80"}', "not valid UTF-8"),
        (b"[1]", "not an object"),
        (b"null", "not an object"),
        (b'"text"', "not an object"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_object_is_refused_and_told_why(body: bytes, says: str) -> None:
    refusal = read_fields(body)
    assert isinstance(refusal, Refusal)
    assert (refusal.http_status, refusal.param) == (400, None)
    assert says in refusal.message


def test_half_of_a_character_is_marked() -> None:
    fields = read_fields(b'{"a":"\\ud83d\\ude00 \\uDE00", "b": 1.50}')
    assert not isinstance(fields, Refusal)
    assert {name: bytes(raw) for name, raw in fields.items()} == {"a": b'"\\ud83d\\ude00 \\ufffd"', "b": b"1.50"}


@given(st.binary(max_size=200))
def test_any_bytes_are_fields_or_a_refusal(body: bytes) -> None:
    assert isinstance(read_fields(body), dict | Refusal)


def test_members_keep_order_and_spelling_and_the_last_of_two_wins() -> None:
    fields = read_fields(b'{ "z": 1.50,\n"a": [1,  2], "n": 1e400, "z": -0.0 }')
    assert isinstance(fields, dict)
    assert {name: bytes(raw) for name, raw in fields.items()} == {"z": b"-0.0", "a": b"[1,  2]", "n": b"1e400"}


@pytest.mark.parametrize(("raw", "text"), [(b'"a\\u0062"', "ab"), (b"null", ""), (b"7", None), (b"[]", None)])
def test_a_text(raw: bytes, text: str | None) -> None:
    value = text_of({"model": msgspec.Raw(raw)}, "model")
    assert (value == text) if text is not None else (isinstance(value, Refusal) and value.param == "model")
    assert text_of({}, "model") == ""


@pytest.mark.parametrize(
    ("raw", "flag"), [(b"true", True), (b"false", False), (b"null", False), (b"1", None), (b'"true"', None)]
)
def test_a_flag(raw: bytes, flag: bool | None) -> None:
    value = flag_of({"stream": msgspec.Raw(raw)}, "stream")
    assert (value is flag) if flag is not None else (isinstance(value, Refusal) and value.param == "stream")
    assert flag_of({}, "stream") is False


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        (b"5", 5),
        (b"0", None),
        (b"-1", None),
        (b"1.5", None),
        (b'"5"', None),
        (b"1" * 400, None),
        (b"1" * 5000, None),
        (b"null", None),
    ],
)
def test_a_count_is_positive_and_whole_or_not_known(raw: bytes, count: int | None) -> None:
    assert count_of({"n": msgspec.Raw(raw)}, "n") == count
    assert count_of({}, "n") is None


def test_a_wrong_shape_is_named_by_its_path() -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(b'[{"role": 5}]', type=list[dict[str, str]])
    refusal = refuse_shape("messages", caught.value)
    assert refusal.param == "messages[0][...]"
    assert refusal.message == "messages[0][...] is not as it must be: Expected `str`, got `int`."
    assert refuse_shape("input", RecursionError()).message == "input is nested too deeply."


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ('{"messages":[{"role":"user"},{"role":"x","y":1}]}', 2),
        ("{}", "messages is missing."),
        ('{"messages":[]}', "messages is empty."),
        ('{"messages":[{}]}', "messages[0] is not as it must be: Object missing required field `role`."),
    ],
)
def test_messages_are_counted_or_said_to_be_none(members: str, told: int | str) -> None:
    fields = read_fields(members.encode())
    assert isinstance(fields, dict)
    counted = count_turns(fields)
    assert (counted.message if isinstance(counted, Refusal) else counted) == told
