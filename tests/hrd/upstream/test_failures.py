"""Refusals as recorded, and what they mean; garbage, and that it does no harm."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.failures import (
    A_BETA,
    BROKEN_HISTORY,
    ODD_NAMES,
    OF_THE_REQUEST,
    REPLAYED_REASONING,
    UNTAKEN_EFFORT,
    Failure,
    HintSource,
    Verdict,
)
from hrd.core.times import WAIT_MAX_S
from hrd.upstream.failures import MESSAGE_CHARS_MAX, read_error_object, read_failure
from hrd.upstream.readers.providers import TABLES
from tests.hrd.upstream.recorded import NOW, ROWS, TO_UTC_MIDNIGHT, ZONES, Row


def _as_it_is(text: str) -> str:
    return text


def _read(row: Row) -> Failure:
    return read_failure(row.reader, row.status, row.headers, row.body, NOW, zone=ZONES.get(row.reader, "UTC"), scrub=_as_it_is)


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.reader}: {row.name}" for row in ROWS])
def test_recorded_refusal(row: Row) -> None:
    failure = _read(row)
    assert failure.verdict is row.verdict
    assert failure.status == row.status
    if row.wait_s is None:
        assert failure.until is None
    else:
        assert failure.until == pytest.approx(NOW + row.wait_s, abs=1e-3)
    assert failure.source is row.source
    assert (failure.scope, failure.param, failure.account) == (row.scope, row.param, row.account)
    assert (failure.affordable_tokens, failure.ceiling_tokens) == (row.affordable, row.ceiling)
    assert failure.message


@pytest.mark.parametrize(
    ("said", "verdict", "wait_s"),
    [
        ({"code": "rate_limit_exceeded", "message": "Please try again in 11.054s."}, Verdict.RATE_LIMITED, 11.054),
        ({"type": "usage_limit_reached", "message": "m", "resets_at": NOW + 900}, Verdict.QUOTA_EXHAUSTED, 900.0),
        ({"code": "context_length_exceeded", "message": "m"}, Verdict.CONTEXT_EXCEEDED, None),
        ({"code": "server_is_overloaded", "message": "m"}, Verdict.OVERLOADED, None),
        ({"code": "slow_down", "message": "m"}, Verdict.OVERLOADED, None),
        ({"message": "Selected model is at capacity. Please try a different model."}, Verdict.OVERLOADED, None),
        ({"code": "usage_not_included", "message": "m"}, Verdict.NO_CREDIT_ALL, None),
        ({"code": "insufficient_quota", "message": "m"}, Verdict.NO_CREDIT, None),
        ({"code": "server_error", "message": "m"}, Verdict.SERVER_ERROR, None),
        ({"message": "Unsupported parameter: x", "status": 400}, Verdict.BAD_PARAM, None),
    ],
)
def test_what_codex_says_within_a_stream(said: dict[str, object], verdict: Verdict, wait_s: float | None) -> None:
    failure = read_error_object("codex", said, {}, NOW, scrub=_as_it_is)
    assert failure.verdict is verdict
    assert failure.until == (None if wait_s is None else pytest.approx(NOW + wait_s))


@pytest.mark.parametrize(
    "said",
    [
        {"code": "invalid_encrypted_content"},
        {"message": "Invalid signature in thinking block"},
        {"message": "When `thinking` is enabled, a final `assistant` message must start with a thinking block."},
    ],
)
@pytest.mark.parametrize("reader", ["generic", "openai", "openrouter"])
def test_reasoning_that_could_not_be_opened_is_a_field_to_be_left_out(reader: str, said: dict[str, str]) -> None:
    body = msgspec.json.encode({"error": {"message": "no", "type": "invalid_request_error", **said}})
    refused = read_failure(reader, 400, {}, body, NOW, scrub=_as_it_is)
    within = read_error_object(reader, said, {}, NOW, scrub=_as_it_is)
    assert (refused.verdict, refused.param) == (within.verdict, within.param) == (Verdict.BAD_PARAM, REPLAYED_REASONING)


@pytest.mark.parametrize(
    ("reader", "message"),
    [
        (
            "openai",
            "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
        ),
        (
            "openai",
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.",
        ),
        ("openai", "No tool call found for function call output with call_id call_1."),
        ("openai", "No tool output found for function call call_1."),
        ("codex", "Duplicate item found with call_id call_1."),
        ("anthropic", "messages.3.content.0: `tool_use` ids must be unique"),
        ("anthropic", "messages: text content blocks must be non-empty"),
        ("anthropic", 'messages: first message must use the "user" role'),
        ("openai", "Invalid 'messages[0].content': empty array. Expected an array with minimum length 1."),
        ("generic", "An assistant message with 'tool_calls' has insufficient tool messages following tool_calls message"),
        ("mistral", "Unexpected role 'tool' after role 'user'"),
        ("mistral", "Unexpected tool call id abc123def in tool results"),
        ("mistral", "Not the same number of function calls and responses"),
        ("gemini", "Please ensure that function response turn comes immediately after a function call turn."),
        ("gemini", "Please ensure that the number of function response parts is equal to the number of function call parts"),
        ("anthropic", "messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1."),
        ("anthropic", "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1."),
        ("anthropic", "messages.2.content: each tool_use must have a single result. Found multiple `tool_result` blocks"),
    ],
)
def test_calls_and_results_that_do_not_belong_together_are_for_the_hub_to_repair(reader: str, message: str) -> None:
    error = {"message": message, "type": "invalid_request_error"}
    if reader == "mistral":
        error = {"object": "error", "message": message, "type": "invalid_request_message_order", "code": "3230"}
    body = msgspec.json.encode(error if reader == "mistral" else {"error": error})
    refused = read_failure(reader, 400, {}, body, NOW, scrub=_as_it_is)
    assert (refused.verdict, refused.param) == (Verdict.BAD_PARAM, BROKEN_HISTORY)


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        (
            "openai",
            {
                "message": "Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. "
                "Supported values are: 'low', 'medium', and 'high'.",
                "param": "reasoning_effort",
                "code": "unsupported_value",
            },
        ),
        ("openai", {"message": "Invalid value: 'ultra'. Supported values are: 'none' and 'low'.", "param": "reasoning.effort"}),
        ("groq", {"message": "`reasoning_effort` must be one of `low`, `medium`, or `high`"}),
        ("generic", {"message": "body.reasoning_effort: Input should be 'low' or 'high'"}),
    ],
)
def test_an_effort_that_is_not_taken_is_the_request_s_and_says_nothing_of_the_next(reader: str, said: dict[str, str]) -> None:
    body = msgspec.json.encode({"error": {"type": "invalid_request_error", **said}})
    refused = read_failure(reader, 400, {}, body, NOW, scrub=_as_it_is)
    assert (refused.verdict, refused.param) == (Verdict.BAD_PARAM, UNTAKEN_EFFORT)
    assert UNTAKEN_EFFORT in OF_THE_REQUEST


@pytest.mark.parametrize(
    ("reader", "status", "message"),
    [
        (
            "openai",
            400,
            "Invalid 'tools[0].function.name': string does not match pattern. Expected one that matches '^[a-zA-Z0-9_-]+$'.",
        ),
        (
            "groq",
            400,
            "Invalid 'tools[0].function.name': string too long. Expected a string with maximum length 64, but got 80.",
        ),
        ("anthropic", 400, "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"),
        (
            "mistral",
            400,
            "Function name was a.b but must be a-z, A-Z, 0-9, or contain underscores and dashes, with a maximum length of 64.",
        ),
    ],
)
def test_names_that_are_not_taken_are_for_the_hub_to_spell_otherwise(reader: str, status: int, message: str) -> None:
    error = {"message": message, "type": "invalid_request_error"}
    body = msgspec.json.encode(error | {"code": "3280"} if reader == "mistral" else {"error": error})
    refused = read_failure(reader, status, {}, body, NOW, scrub=_as_it_is)
    assert (refused.verdict, refused.param) == (Verdict.BAD_PARAM, ODD_NAMES)


def test_another_field_that_is_too_long_is_no_name() -> None:
    said = {
        "message": "Invalid 'user': string too long. Expected a string with maximum length 64, but got 80.",
        "param": "user",
    }
    refused = read_failure("openai", 400, {}, msgspec.json.encode({"error": said}), NOW, scrub=_as_it_is)
    assert refused.param != ODD_NAMES


def test_a_beta_that_is_not_known_is_named() -> None:
    said = {"type": "invalid_request_error", "message": "Unexpected value(s) `new-2027-01-01` for the `anthropic-beta` header."}
    refused = read_failure("anthropic", 400, {}, msgspec.json.encode({"type": "error", "error": said}), NOW, scrub=_as_it_is)
    assert (refused.verdict, refused.param) == (Verdict.BAD_PARAM, A_BETA + "new-2027-01-01")


def test_a_model_that_takes_no_effort_at_all_is_known_for_it() -> None:
    said = {"message": "`reasoning_effort` is not supported with this model", "type": "invalid_request_error"}
    refused = read_failure("groq", 400, {}, msgspec.json.encode({"error": said}), NOW, scrub=_as_it_is)
    assert (refused.verdict, refused.param) == (Verdict.BAD_PARAM, "reasoning_effort")


def test_every_provider_has_recorded_refusals() -> None:
    assert {row.reader for row in ROWS} == set(TABLES)


def test_what_the_client_can_mend_comes_with_its_body() -> None:
    body = b'{"error":{"message":"bad messages","type":"invalid_request_error","param":null,"code":null}}'
    assert read_failure("openai", 400, {}, body, NOW, scrub=_as_it_is).body == body
    assert read_failure("openai", 500, {}, body, NOW, scrub=_as_it_is).body == b""


def test_an_echoed_key_is_scrubbed_before_it_is_cut() -> None:
    key = "gsk_test-not-a-key-1"
    body = ('{"error":{"message":"' + "x" * (MESSAGE_CHARS_MAX - 5) + f' {key} is no key"}}}}').encode()

    def scrub(text: str) -> str:
        return text.replace(key, "[redacted]")

    failure = read_failure("openai", 400, {}, body, NOW, scrub=scrub)
    assert len(failure.message) == MESSAGE_CHARS_MAX
    assert "gsk" not in failure.message
    assert key.encode() not in failure.body
    assert msgspec.json.decode(failure.body)["error"]["message"].endswith(" [redacted] is no key")


def test_an_error_object_inside_a_200_is_read_by_the_status_it_names() -> None:
    event = {
        "id": "gen-1",
        "provider": "Nvidia",
        "error": {"code": 429, "message": "Rate limit exceeded: free-models-per-day"},
        "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
    }
    failure = read_error_object("openrouter", event, {}, NOW, scrub=_as_it_is)
    assert (failure.verdict, failure.scope, failure.status) == (Verdict.QUOTA_EXHAUSTED, "free", 429)
    assert (failure.until, failure.source) == (NOW + TO_UTC_MIDNIGHT, HintSource.BODY)
    assert read_error_object("openrouter", event["error"], {}, NOW, scrub=_as_it_is) == failure


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        ({"type": "overloaded_error", "message": "Overloaded"}, Verdict.OVERLOADED),
        ({"type": "rate_limit_error", "message": "slow"}, Verdict.RATE_LIMITED),
        ({"type": "authentication_error", "message": "no"}, Verdict.REJECTED),
        ({"type": "invalid_request_error", "message": "messages: none"}, Verdict.BAD_REQUEST),
        ({"code": "context_length_exceeded", "message": "long"}, Verdict.CONTEXT_EXCEEDED),
        ({"code": 502, "message": "Provider returned error"}, Verdict.SERVER_ERROR),
        ({"code": 400, "message": "Unknown parameter: frob"}, Verdict.BAD_PARAM),
        ({"error": "Service temporarily unavailable"}, Verdict.SERVER_ERROR),
        ("boom", Verdict.SERVER_ERROR),
        ({}, Verdict.SERVER_ERROR),
        (None, Verdict.SERVER_ERROR),
    ],
)
def test_error_objects_are_known_by_their_names(error: object, verdict: Verdict) -> None:
    assert read_error_object("generic", error, {}, NOW, scrub=_as_it_is).verdict is verdict


def test_an_error_object_for_the_client_is_wrapped_as_a_body() -> None:
    failure = read_error_object("generic", {"code": 400, "message": "no"}, {}, NOW, scrub=_as_it_is)
    assert (failure.verdict, failure.body) == (Verdict.BAD_REQUEST, b'{"error":{"code":400,"message":"no"}}')


def test_half_a_surrogate_does_not_reach_the_message() -> None:
    failure = read_error_object("generic", {"message": "a\ud800b", "x-ratelimit-limit": "\ud800"}, {}, NOW, scrub=_as_it_is)
    assert failure.message == "a?b"


def test_a_number_without_end_does_no_harm() -> None:
    body = b'{"error":{"code":' + b"9" * 5000 + b',"message":"x"}}'
    assert read_failure("groq", 500, {}, body, NOW, scrub=_as_it_is).verdict is Verdict.SERVER_ERROR


def test_a_body_without_bottom_does_no_harm() -> None:
    assert read_failure("groq", 400, {}, b'{"error":' * 5000, NOW, scrub=_as_it_is).verdict is Verdict.BAD_REQUEST


_READERS = st.sampled_from([*TABLES, "nobody"])
_WORDS = st.sampled_from(
    ["rate limit", "per day", "insufficient_quota", "model", "try again in 1h", "body -> x", "error", "code", "message"]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | _WORDS, inner, max_size=4),
    max_leaves=12,
)
_HEADERS = st.dictionaries(
    st.sampled_from([b"retry-after", b"retry-after-ms", b"x-ratelimit-reset", b"x-ratelimit-remaining", b"content-type"]),
    st.binary(max_size=20),
)


def _is_sound(failure: Failure) -> None:
    assert failure.until is None or NOW <= failure.until <= NOW + WAIT_MAX_S
    assert 0 < len(failure.message) <= MESSAGE_CHARS_MAX
    assert failure.param.isascii()
    failure.message.encode()


@given(_READERS, st.integers(300, 599), _HEADERS, st.binary(max_size=200))
def test_any_bytes_are_read_without_raising(reader: str, status: int, headers: dict[bytes, bytes], body: bytes) -> None:
    _is_sound(read_failure(reader, status, headers, body, NOW, scrub=_as_it_is))


@given(_READERS, st.integers(300, 599), _HEADERS, _JSON)
def test_any_json_is_read_without_raising(reader: str, status: int, headers: dict[bytes, bytes], value: object) -> None:
    body = msgspec.json.encode(_encodable(value))
    _is_sound(read_failure(reader, status, headers, body, NOW, scrub=_as_it_is))
    _is_sound(read_error_object(reader, value, headers, NOW, scrub=_as_it_is))


def _encodable(value: object) -> object:
    """*value* as far as JSON goes: no half surrogates, no integers beyond 64 bits."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_encodable(key): _encodable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_encodable(inner) for inner in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return 0
    return value
