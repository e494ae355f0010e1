"""Reply quirks mended one by one; an event that shows none keeps its bytes."""

import json

import pytest

from hrd.dialects.openai_mend import Mender
from hrd.dialects.openai_reply import read_chunk
from hrd.dialects.sse import read_block

ALL = ("tool_index", "list_content", "finish_reason", "choices", "done")


def mend(mender: Mender, data: str, name: str = "") -> str:
    event = read_block((f"event: {name}\n" if name else "").encode() + b"data: " + data.encode() + b"\n\n")
    assert event.data is not None
    chunk = read_chunk(event.data)
    assert chunk is not None
    return mender.event(event, chunk).decode()


def delta(calls: list[dict[str, object]], choice: int = 0) -> str:
    return json.dumps({"choices": [{"index": choice, "delta": {"tool_calls": calls}}]})


def indexes(mended: str) -> list[int]:
    value = json.loads(mended.removeprefix("data: "))
    return [call["index"] for call in value["choices"][0]["delta"]["tool_calls"]]


PLAIN = '{"id":"a", "choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}], "n":1.50}'


def test_an_event_without_a_quirk_keeps_its_bytes() -> None:
    assert mend(Mender(ALL), PLAIN) == f"data: {PLAIN}\n\n"


def test_a_quirk_that_is_not_the_providers_is_left_alone() -> None:
    odd = '{"choices":[{"delta":{"content":[],"tool_calls":[{"id":"a"}]},"finish_reason":"eos"}]}'
    assert mend(Mender(("done",)), odd) == f"data: {odd}\n\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '{"n":1.50,"choices":[{"delta":{"content":null,"x":1e2},"finish_reason":"eos"}]}',
            '{"n":1.50,"choices":[{"delta":{"content":null,"x":1e2},"finish_reason":"stop"}]}',
        ),
        ('{"choices":[{"finish_reason":"model_length"}]}', '{"choices":[{"finish_reason":"length"}]}'),
        (
            '{"choices":[{"delta":{"content":[{"type":"text","text":"h"},{"type":"text","text":"i"}]}}]}',
            '{"choices":[{"delta":{"content":"hi"}}]}',
        ),
        (
            '{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}}]}',
            '{"choices":[{"delta":{"content":"","reasoning_content":"hm"}}]}',
        ),
        ('{"usage":{"prompt_tokens":1}}', '{"usage":{"prompt_tokens":1},"choices":[]}'),
        ('{"choices":null,"x":1}', '{"choices":[],"x":1}'),
        (
            '{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f"},"extra_content":{"google":{"s":"="}}}]}}]}',
            '{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f"},"extra_content":{"google":{"s":"="}}}]}}]}',
        ),
    ],
)
def test_mended(before: str, after: str) -> None:
    assert mend(Mender(ALL), before) == f"data: {after}\n\n"


def test_the_name_of_an_event_stays() -> None:
    assert mend(Mender(ALL), '{"choices":null}', "chunk") == 'event: chunk\ndata: {"choices":[]}\n\n'


def test_indexes_of_parallel_calls_count_on_over_events() -> None:
    mender = Mender(("tool_index",))
    assert indexes(mend(mender, delta([{"id": "a", "function": {"name": "f"}}, {"id": "b", "function": {"name": "g"}}]))) == [
        0,
        1,
    ]
    assert indexes(mend(mender, delta([{"id": "c", "function": {"name": "f"}}]))) == [2]


def test_pieces_of_a_call_keep_its_index() -> None:
    mender = Mender(("tool_index",))
    assert indexes(mend(mender, delta([{"id": "a", "function": {"name": "f", "arguments": ""}}]))) == [0]
    assert indexes(mend(mender, delta([{"function": {"arguments": '{"x":'}}]))) == [0]
    assert indexes(mend(mender, delta([{"id": "b", "function": {"name": "g", "arguments": ""}}]))) == [1]
    assert indexes(mend(mender, delta([{"function": {"arguments": "1}"}}]))) == [1]
    assert indexes(mend(mender, delta([{"id": "a", "function": {"arguments": "1"}}]))) == [0]
    assert indexes(mend(mender, delta([{"function": {"arguments": "}"}}]))) == [0]
    assert indexes(mend(mender, delta([{"id": "c", "function": {"name": "h"}}]))) == [2]


def test_an_index_of_null_is_none() -> None:
    before = delta([{"id": "a", "index": None, "function": {"name": "f"}}])
    assert indexes(mend(Mender(("tool_index",)), before)) == [0]


def test_calls_without_ids_begin_where_a_function_is_named() -> None:
    mender = Mender(("tool_index",))
    assert indexes(mend(mender, delta([{"function": {"name": "f"}}, {"function": {"name": "f"}}]))) == [0, 1]


def test_given_indexes_stay_and_are_counted_on_from() -> None:
    mender = Mender(("tool_index",))
    given = delta([{"index": 3, "id": "a", "function": {"name": "f"}}])
    assert mend(mender, given) == f"data: {given}\n\n"
    assert indexes(mend(mender, delta([{"id": "b", "function": {"name": "g"}}]))) == [4]


def test_every_choice_counts_for_itself() -> None:
    mender = Mender(("tool_index",))
    assert indexes(mend(mender, delta([{"id": "a", "function": {"name": "f"}}]))) == [0]
    assert indexes(mend(mender, delta([{"id": "b", "function": {"name": "f"}}], choice=1))) == [0]


@pytest.mark.parametrize("odd", ['{"choices":[5,{"finish_reason":"eos"}]}', '{"choices":[{"finish_reason":"eos"},null]}'])
def test_what_is_odder_than_the_quirk_passes_as_it_is(odd: str) -> None:
    assert mend(Mender(ALL), odd) == f"data: {odd}\n\n"


def test_a_whole_reply() -> None:
    body = (
        b'{"id":"a","choices":[{"index":0,"message":{"role":"assistant","content":[{"type":"thinking","thinking":"hm"},'
        b'{"type":"text","text":"hi"}]},"finish_reason":"eos"}],"n":1.50}'
    )
    reply = read_chunk(body)
    assert reply is not None
    assert Mender(ALL).whole(body, reply) == (
        b'{"id":"a","choices":[{"index":0,"message":{"role":"assistant","content":"hi","reasoning_content":"hm"},'
        b'"finish_reason":"stop"}],"n":1.50}'
    )
    assert Mender(("tool_index",)).whole(body, reply) is body


def test_calls_that_all_have_one_index_get_their_own() -> None:
    mender = Mender(ALL)
    first = delta([{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}])
    second = delta([{"index": 0, "id": "b", "function": {"name": "g", "arguments": "{"}}])
    assert mend(mender, first) == f"data: {first}\n\n"
    assert indexes(mend(mender, second)) == [1]
    assert indexes(mend(mender, delta([{"index": 0, "function": {"arguments": "}"}}]))) == [1]
