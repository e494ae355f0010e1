"""Replies are read as they come from real providers: usage in its dialects, odd members, errors wherever they stand."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.journal import Usage, UsageSource
from hrd.dialects.fields import COUNT_MAX
from hrd.dialects.openai_reply import Chunk, Tally, chunk_error, flatten, known_usage, plain_finish, read_chunk


def chunk(value: object) -> Chunk:
    read = read_chunk(json.dumps(value).encode())
    assert read is not None
    return read


def known(given: int, produced: int, cached: int = 0, reasoning: int = 0, written: int = 0) -> Usage:
    return Usage(
        input_tokens=given,
        output_tokens=produced,
        cached_tokens=cached,
        cache_write_tokens=written,
        reasoning_tokens=reasoning,
        source=UsageSource.KNOWN,
    )


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29}, known(19, 10)),
        (
            {
                "prompt_tokens": 19,
                "completion_tokens": 10,
                "prompt_tokens_details": {"cached_tokens": 16, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 7},
            },
            known(19, 10, 16, 7),
        ),
        ({"prompt_tokens": 19, "completion_tokens": 10, "prompt_cache_hit_tokens": 5}, known(19, 10, 5)),
        ({"prompt_tokens": 19, "completion_tokens": 10, "cached_tokens": 6}, known(19, 10, 6)),
        (
            {"prompt_tokens": 19, "completion_tokens": 10, "prompt_tokens_details": {"cache_write_tokens": 4}},
            known(19, 10, written=4),
        ),
        ({"prompt_tokens": 19, "total_tokens": 29}, known(19, 10)),
        ({"completion_tokens": 10, "total_tokens": 29}, known(19, 10)),
        ({"prompt_tokens": 19}, known(19, 0)),
        ({"prompt_tokens": 0, "completion_tokens": 0}, known(0, 0)),
        ({"prompt_tokens": 19.0, "completion_tokens": 10}, known(19, 10)),
        ({"prompt_tokens": "19", "completion_tokens": 10, "prompt_tokens_details": "none"}, known(19, 10)),
        ({"prompt_tokens": -5, "completion_tokens": 10**30}, known(0, COUNT_MAX)),
        ({"prompt_tokens": None, "completion_tokens": None}, None),
        ({}, None),
        (None, None),
        ("many", None),
    ],
)
def test_usage_as_providers_write_it(usage: object, read: Usage | None) -> None:
    assert known_usage(chunk({"choices": [], "usage": usage})) == read


def test_groqs_usage_stands_elsewhere() -> None:
    value = {"choices": [], "x_groq": {"id": "req_1", "usage": {"prompt_tokens": 3, "completion_tokens": 4, "queue_time": 0.1}}}
    assert known_usage(chunk(value)) == known(3, 4)
    assert known_usage(chunk({"choices": [], "x_groq": {"id": "req_1"}})) is None


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"error": {"code": 429, "message": "slow down"}, "user_id": "u"}, {"code": 429, "message": "slow down"}),
        ({"error": "model not found"}, {"message": "model not found"}),
        ([{"error": {"code": 400, "message": "no"}}], {"code": 400, "message": "no"}),
        ({"choices": [{"error": {"code": 502, "message": "upstream"}}]}, {"code": 502, "message": "upstream"}),
        ({"choices": [{"delta": {"content": ""}, "finish_reason": "error"}], "error": {"code": 1}}, {"code": 1}),
        (
            {"choices": [{"finish_reason": "network_error"}]},
            {"message": "The provider ended its reply with network_error.", "code": "network_error"},
        ),
        ({"choices": [], "x_groq": {"error": "over capacity"}}, {"message": "over capacity"}),
        ({"object": "error", "message": "no such model"}, {"message": "no such model"}),
        ({"object": "error", "message": {"detail": [1]}}, {"detail": [1]}),
        ({"object": "error"}, {"message": "The provider answered with an error object."}),
        ({"error": None, "choices": []}, None),
        ({"error": {}, "choices": []}, None),
        ({"choices": [{"finish_reason": "stop", "error": None}]}, None),
    ],
)
def test_errors_wherever_they_stand(value: object, error: dict[str, object] | None) -> None:
    assert chunk_error(chunk(value)) == error


@pytest.mark.parametrize(
    ("reason", "plain"),
    [
        ("stop", "stop"),
        ("tool_calls", "tool_calls"),
        ("end_turn", "stop"),
        ("eos", "stop"),
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("model_length", "length"),
        ("model_context_window_exceeded", "length"),
        ("sensitive", "content_filter"),
        ("SAFETY", "content_filter"),
        ("tool_use", "tool_calls"),
        ("network_error", "error"),
        ("something new", "stop"),
    ],
)
def test_finish_reasons_in_openais_words(reason: str, plain: str) -> None:
    assert plain_finish(reason) == plain


@pytest.mark.parametrize(
    ("said", "meaningful", "characters"),
    [
        ({"role": "assistant", "content": ""}, False, 0),
        ({"content": None, "tool_calls": [], "refusal": None, "reasoning": ""}, False, 0),
        ({"content": "hello"}, True, 5),
        ({"content": " "}, True, 1),
        ({"reasoning_content": "hm"}, True, 2),
        ({"reasoning": "hm", "reasoning_content": "hm"}, True, 2),
        ({"refusal": "no"}, True, 2),
        ({"tool_calls": [{"index": 0, "function": {"name": "look", "arguments": '{"a":1}'}}]}, True, 11),
        ({"tool_calls": [{"function": {"name": "look", "arguments": {"a": 1}}}]}, True, 11),
        ({"function_call": {"name": "look", "arguments": "{}"}}, True, 6),
        ({"content": [{"type": "text", "text": "hello"}, {"type": "thinking", "thinking": "hm"}]}, True, 7),
        ({"content": [{"type": "text", "text": ""}]}, False, 0),
        ({"audio": {"id": "a"}}, True, 0),
        ({"images": [{"type": "image_url"}]}, True, 0),
        ({"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}, True, 0),
        ({"content": 5, "refusal": 5, "tool_calls": 5}, False, 0),
    ],
)
def test_what_counts_as_something_said(said: dict[str, object], meaningful: bool, characters: int) -> None:
    (choice,) = chunk({"choices": [{"index": 0, "delta": said, "message": said}]}).choices or []
    assert choice.delta is not None
    tally = Tally()
    tally.add(choice.delta)
    assert (tally.meaningful, tally.characters) == (meaningful, characters)
    assert choice.message == choice.delta


def test_an_estimate_counts_wide_characters_for_more() -> None:
    tally = Tally()
    tally.add(chunk({"choices": [{"delta": {"content": "守护进程" * 10}}]}).choices[0].delta)  # type: ignore[index,arg-type]  # just built
    usage = tally.usage(19)
    assert (usage.input_tokens, usage.output_tokens, usage.source) == (19, 36, UsageSource.ESTIMATED)


def test_parts_of_a_content_list() -> None:
    parts = [
        "a",
        {"type": "text", "text": "b"},
        {"type": "thinking", "thinking": [{"type": "text", "text": "c"}, 5, {"text": 6}]},
    ]
    assert flatten([*parts, {"thinking": "d"}, {"type": "reference"}, 7, None]) == ("ab", "cd")


@pytest.mark.parametrize("data", [b"", b"{", b"5", b"null", b"[]", b"[1]", b"[{},{}]", b'"x"', b"[" * 100_000, b'{"id": "\xff'])
def test_what_is_no_object_is_no_chunk(data: bytes) -> None:
    assert read_chunk(data) is None


NAMES = ["choices", "delta", "message", "content", "tool_calls", "function", "index", "id", "usage", "error", "x_groq"]
NAMES += [
    "finish_reason",
    "prompt_tokens",
    "completion_tokens",
    "prompt_tokens_details",
    "cached_tokens",
    "arguments",
    "object",
]
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from(NAMES), ODD, max_size=6))
def test_any_object_is_a_chunk_and_its_usage_can_be_stored(value: dict[str, object]) -> None:
    read = chunk(value)
    chunk_error(read)
    usage = known_usage(read)
    assert usage is None or all(
        0 <= count <= COUNT_MAX
        for count in (usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.reasoning_tokens)
    )
