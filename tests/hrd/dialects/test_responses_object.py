"""The response object."""

import msgspec
from openai.types.responses import Response

from hrd.core.journal import Usage
from hrd.dialects.responses_object import ResponseObject, spell_usage
from tests.hrd.dialects.responses import request


def test_it_is_one_that_openais_library_knows_at_any_moment() -> None:
    blank = ResponseObject("resp_1", "gpt-9", 1_700_000_000, request().fields)
    for spelled in (
        blank.spelled(b"in_progress"),
        blank.spelled(b"completed", output=[b'{"id":"fc_1","type":"function_call","call_id":"c","name":"f","arguments":"{}"}']),
        blank.spelled(b"incomplete", incomplete=b'{"reason":"max_output_tokens"}', usage=Usage(input_tokens=1)),
        blank.spelled(b"failed", error=b'{"code":"server_error","message":"m"}'),
    ):
        Response.model_validate_json(spelled)


def test_names_are_escaped() -> None:
    spelled = ResponseObject('"', '\\"', 1, {}).spelled(b"completed")
    assert msgspec.json.decode(spelled)["model"] == '\\"'


def test_usage_is_said_with_its_details() -> None:
    usage = Usage(input_tokens=7, output_tokens=3, cached_tokens=2, cache_write_tokens=4, reasoning_tokens=1)
    assert msgspec.json.decode(spell_usage(usage)) == {
        "input_tokens": 7,
        "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 4},
        "output_tokens": 3,
        "output_tokens_details": {"reasoning_tokens": 1},
        "total_tokens": 10,
    }
