"""Refusals as OpenAI's clients read them: the envelope, the retry headers, what an upstream said, the end of a stream."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.journal import AttemptNote
from hrd.core.refusals import Refusal, RefusalKind
from hrd.dialects.openai_errors import comment, error_event, error_object, error_reply
from hrd.dialects.sse import Framer

LIMITED = Refusal(
    kind=RefusalKind.RATE_LIMITED,
    message="Every candidate is rate limited.",
    guidance="See hr quota.",
    retry_after_s=7.2,
    attempts=(AttemptNote(provider="alpha", model="m-1", credential="alpha-0a1b2c3d", outcome="rate limited", status=429),),
)


def test_the_envelope_carries_guidance_as_its_last_line_and_every_attempt() -> None:
    status, headers, body = error_reply(LIMITED)
    assert status == 429
    assert headers == [(b"content-type", b"application/json"), (b"retry-after", b"8")]
    assert json.loads(body) == {
        "error": {
            "message": "Every candidate is rate limited.\nSee hr quota.",
            "type": "rate_limit_error",
            "param": None,
            "code": "rate_limit_exceeded",
            "attempts": [
                {
                    "provider": "alpha",
                    "model": "m-1",
                    "credential": "alpha-0a1b2c3d",
                    "outcome": "rate limited",
                    "status": 429,
                    "message": "",
                    "ms": 0.0,
                    "is_probe": False,
                }
            ],
        }
    }


def test_a_bad_request_names_its_parameter_and_has_no_attempts() -> None:
    status, headers, body = error_reply(Refusal(kind=RefusalKind.BAD_REQUEST, message="messages is empty.", param="messages"))
    assert (status, headers) == (400, [(b"content-type", b"application/json")])
    error = {"message": "messages is empty.", "type": "invalid_request_error", "param": "messages", "code": "bad_request"}
    assert json.loads(body) == {"error": error}


def test_a_final_503_tells_the_library_not_to_try_again() -> None:
    status, headers, _ = error_reply(Refusal(kind=RefusalKind.UNAVAILABLE, message="no"))
    assert status == 503
    assert (b"x-should-retry", b"false") in headers


def said(body: bytes, status: int = 422) -> Refusal:
    return Refusal(kind=RefusalKind.SAID_UPSTREAM, message="temperature is too high", status=status, body=body)


def test_what_the_upstream_said_passes_byte_for_byte_with_its_status() -> None:
    body = b'{ "error": {"message": "temperature is too high", "type": "invalid_request_error", "x": 1.50} }'
    assert error_reply(said(body)) == (422, [(b"content-type", b"application/json")], body)


def test_an_error_in_a_list_comes_out_of_it() -> None:
    assert error_reply(said(b'[{"error": {"message": "no", "code": 400}}]'))[2] == b'{"error":{"message":"no","code":400}}'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>no</html>",
        b'{"detail": "no"}',
        b'{"error": "no"}',
        b"[]",
        b"[1]",
        b"[" * 100_000,
        b'{"error": {"a": "\xff"}}',
    ],
)
def test_what_no_openai_client_could_read_is_put_into_the_envelope(body: bytes) -> None:
    status, _, reply = error_reply(said(body))
    assert status == 422
    assert json.loads(reply)["error"]["message"] == "temperature is too high"


def test_the_error_event_is_one_line_and_nothing_follows_it() -> None:
    assert error_event(Refusal(kind=RefusalKind.INTERRUPTED, message="alpha\nbroke off")) == (
        b'data: {"error":{"message":"alpha\\nbroke off","type":"server_error","param":null,"code":"stream_interrupted"}}\n\n'
    )


def test_an_upstream_error_over_several_lines_becomes_one_line_in_a_stream() -> None:
    event = error_event(said(b'{\r\n "error": {\n  "message": "no",\n  "code": 4.50\n }\n}\n'))
    assert event == b'data: {"error":{"message":"no","code":4.50}}\n\n'


@given(st.text(max_size=60))
def test_a_comment_is_one_block_without_data_whatever_it_says(text: str) -> None:
    framer = Framer(65_536)
    (event,) = framer.feed(comment(text))
    assert event.data is None
    assert framer.feed(b"data: x\n\n")[0].data == b"x"


def test_a_comment_as_it_is_written() -> None:
    assert comment("keep-alive") == b": keep-alive\n\n"


@pytest.mark.parametrize(
    ("value", "error"),
    [(None, None), ({}, None), ("", None), ({"code": 1}, {"code": 1}), ("no", {"message": "no"}), (7, {"message": "7"})],
)
def test_an_error_member_of_any_kind(value: object, error: dict[str, object] | None) -> None:
    assert error_object(value) == error
