"""Arguments of tools: valid as they are, mended where nothing is guessed, or none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.dialects.arguments import MENDED_CHARS_MAX, is_object, mend_arguments


@pytest.mark.parametrize("text", ["{}", '{"a":1}', ' {"a" : 1.50} ', '{"a":{"b":[null,true]}}', '{"a":"\\u00e9"}'])
def test_a_valid_object_keeps_its_spelling(text: str) -> None:
    assert mend_arguments(text) == text


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("", {}),
        ("  ", {}),
        ("null", {}),
        ('""', {}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('{}{"a": 1}', {"a": 1}),
        ('{"a": 1}{"a": 1}', {"a": 1}),
        ('{"a": 1}\n{}', {"a": 1}),
        ('{"a": 1,}', {"a": 1}),
        ('{"a": [1, 2,], "b": "x,]"}', {"a": [1, 2], "b": "x,]"}),
        ('{"a": "two\nlines"}', {"a": "two\nlines"}),
        ('{"a": {"b": 1}', {"a": {"b": 1}}),
        ('{"a": {"b": true', {"a": {"b": True}}),
        ('{"a": [1, {"b": "}"', {"a": [1, {"b": "}"}]}),
        ("{'a': 'x', 'b': True, 'c': None}", {"a": "x", "b": True, "c": None}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        ('{"a": "cut \\ud83d"}', {"a": "cut \ufffd"}),
        ('{"\\udc00": [NaN, "\\ud83d\\ude00 \\ud83d"]}', {"\ufffd": [None, "\U0001f600 \ufffd"]}),
    ],
)
def test_what_can_only_mean_one_thing_is_mended(text: str, means: object) -> None:
    mended = mend_arguments(text)
    assert mended is not None
    assert json.loads(mended) == means


@pytest.mark.parametrize(
    "text",
    [
        '{"command": "rm -rf /tmp/ab',
        '{"a": tru',
        '{"a": 12',
        '{"a":',
        '{"a": 1}{"a": 2}',
        '{"a": 1} and then',
        '{"a": 1]',
        "[1, 2]",
        "12",
        '"words"',
        "words",
        "{'a': float('nan')}",
        "{'a': {1, 2}}",
        "{" * 5000,
        '{"a":' * 5000,
        "{" + " " * MENDED_CHARS_MAX + "x",
    ],
)
def test_what_would_have_to_be_guessed_is_none(text: str) -> None:
    assert mend_arguments(text) is None


@given(st.text(alphabet="{}[]\",:\\ abn1\n'", max_size=30) | st.text(max_size=20))
def test_whatever_comes_the_result_is_an_object_or_none(text: str) -> None:
    mended = mend_arguments(text)
    assert mended is None or is_object(mended)


@given(
    st.dictionaries(st.text(max_size=4), st.text(max_size=4) | st.integers() | st.booleans(), min_size=1, max_size=3), st.data()
)
def test_what_is_cut_short_never_becomes_another_object(value: dict[str, object], data: st.DataObject) -> None:
    text = json.dumps(value)
    cut = text[: data.draw(st.integers(1, len(text) - 1))]
    mended = mend_arguments(cut)
    if mended is not None:
        found = json.loads(mended)
        assert all(name in value for name in found)
