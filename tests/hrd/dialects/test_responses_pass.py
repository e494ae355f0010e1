"""A Responses stream whose bytes pass as they came."""

from typing import Any

import msgspec
import pytest

from hrd.dialects.contract import Ending
from hrd.dialects.responses_pass import PassingResponse
from tests.hrd.dialects.replies import BOUNDS
from tests.hrd.dialects.responses import events_of, message, spell

ITEM = message("Hi", "assistant")
CREATED = {"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1", "object": "response", "output": []}}
DELTA = {"type": "response.output_text.delta", "sequence_number": 1, "delta": "Hi", "logprobs": []}
DONE = {"type": "response.output_item.done", "sequence_number": 2, "output_index": 0, "item": ITEM}


def completed(*output: dict[str, Any], kind: str = "completed") -> dict[str, Any]:
    response = {"id": "resp_1", "object": "response", "status": kind, "output": list(output)}
    return {"type": f"response.{kind}", "sequence_number": 3, "response": response}


def passing(*, completes: bool = False, told: list[bytes] | None = None) -> PassingResponse:
    done = None if told is None else told.append
    return PassingResponse(input_tokens=7, bounds=BOUNDS, done=done, completes=completes)


@pytest.mark.parametrize("step", [1, 7, 10_000])
@pytest.mark.parametrize("completes", [False, True])
def test_bytes_pass_however_they_are_cut(step: int, completes: bool) -> None:
    whole = b": hello\n\n" + spell(CREATED, DELTA, DONE, completed(ITEM))
    stream = passing(completes=completes)
    sent = b"".join(stream.feed(whole[start : start + step]) for start in range(0, len(whole), step))
    assert sent + stream.last == whole.removeprefix(b": hello\n\n")
    assert stream.end() is Ending.COMPLETE


@pytest.mark.parametrize("kind", ["completed", "incomplete"])
def test_an_output_that_was_left_empty_is_filled_for_who_reads_it_there(kind: str) -> None:
    told: list[bytes] = []
    stream = passing(completes=True, told=told)
    stream.feed(spell(CREATED, DELTA, DONE, completed(kind=kind)))
    events = events_of(stream.last)
    assert events[:-1] == [CREATED, DELTA, DONE]
    assert events[-1] == completed(ITEM, kind=kind)
    assert [msgspec.json.decode(each) for each in told] == [completed(ITEM, kind=kind)["response"]]


def test_an_output_that_was_left_empty_passes_to_who_does_not() -> None:
    told: list[bytes] = []
    stream = passing(told=told)
    stream.feed(spell(CREATED, DELTA, DONE, completed()))
    assert stream.last == spell(CREATED, DELTA, DONE, completed())
    assert msgspec.json.decode(told[0])["output"] == [ITEM]


def test_a_failure_goes_on_with_its_numbers_and_its_id() -> None:
    stream = passing()
    stream.feed(spell(CREATED, DELTA, DONE))
    (failed,) = events_of(stream.fail("server_error", "broke off"))
    assert failed == {
        "type": "response.failed",
        "sequence_number": 3,
        "response": {
            **CREATED["response"],  # type: ignore[dict-item]
            "status": "failed",
            "error": {"code": "server_error", "message": "broke off"},
            "output": [ITEM],
        },
    }


def test_an_error_is_not_passed_and_nothing_is_told_of_a_reply_that_is_not_complete() -> None:
    told: list[bytes] = []
    stream = passing(told=told)
    assert stream.feed(spell(CREATED, DELTA)) == spell(CREATED, DELTA)
    assert stream.feed(spell({"type": "error", "message": "no"})) == b""
    assert (stream.error, stream.end(), told) == ({"message": "no"}, Ending.BROKEN, [])


def test_a_stream_that_ends_too_early_is_broken() -> None:
    stream = passing()
    stream.feed(spell(CREATED, DELTA))
    assert (stream.end(), stream.broken) == (Ending.BROKEN, "the stream ended before response.completed")


def test_what_came_at_the_very_end_goes_out_before_the_failure_that_counts_it() -> None:
    stream = passing()
    cut = spell(CREATED, DELTA, DONE).removesuffix(b"\n")
    assert stream.feed(cut) == spell(CREATED, DELTA)
    assert stream.end() is Ending.BROKEN
    assert events_of(stream.last) == [DONE]
    (failed,) = events_of(stream.fail("server_error", "broke off"))
    assert (failed["sequence_number"], failed["response"]["output"]) == (3, [ITEM])


PLAN = {"type": "codex.rate_limits", "rate_limits": {"primary": {"used_percent": 7}}}


@pytest.mark.parametrize("completes", [False, True])
def test_the_backends_own_events_are_for_its_own_client_and_for_the_router(completes: bool) -> None:
    stream = passing(completes=completes)
    plan = b"data: %b\n\n" % msgspec.json.encode(PLAN)
    assert (stream.feed(plan), stream.committed) == (b"", False)
    assert stream.feed(spell(CREATED, DELTA)) == (b"" if completes else plan) + spell(CREATED, DELTA)
    assert msgspec.json.decode(stream.plan) == PLAN["rate_limits"]
