"""What a Responses request needs that not everybody can be told."""

from typing import Any

import pytest

from hrd.core.needs import Need
from tests.hrd.dialects.responses import request

FUNCTION = {"type": "function", "name": "f", "parameters": {}}
SEARCH = {"type": "web_search"}


@pytest.mark.parametrize(
    ("members", "needs"),
    [
        ({}, set()),
        ({"text": {"format": {"type": "json_object"}}}, {Need.FORMAT}),
        ({"text": {"format": {"type": "text"}}, "tool_choice": "auto"}, set()),
        ({"top_logprobs": 2}, {Need.LOGPROBS}),
        ({"top_logprobs": 0}, set()),
        ({"include": ["message.output_text.logprobs"]}, {Need.LOGPROBS}),
        ({"tools": [FUNCTION], "tool_choice": "required"}, {Need.FORCED_CALL}),
        ({"tools": [FUNCTION, SEARCH, {"type": "code_interpreter"}]}, set()),
        ({"tools": [{"type": "web_search_preview"}]}, {Need.OF_RESPONSES}),
        ({"tools": [SEARCH, {"type": "code_interpreter"}]}, {Need.OF_OPENAI}),
        ({"tools": [FUNCTION, SEARCH], "tool_choice": SEARCH}, {Need.FORCED_CALL, Need.OF_RESPONSES}),
        ({"tools": [FUNCTION], "tool_choice": {"type": "function", "name": "f"}}, {Need.FORCED_CALL}),
        ({"tools": 7}, set()),
        ({"prompt": {"id": "pmpt_1"}}, {Need.OF_OPENAI}),
    ],
)
def test_members(members: dict[str, Any], needs: set[Need]) -> None:
    assert request(**members).ask.needs == needs


def said(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "input_text", "text": '"file_id": "a" "input_hologram"'}, *parts]}


@pytest.mark.parametrize(
    ("item", "needs"),
    [
        (said(), set()),
        (said({"type": "input_image", "image_url": "https://a.example/a.png", "file_id": None}), set()),
        (said({"type": "input_image", "file_id": "file_1"}), {Need.OF_OPENAI}),
        (said({"type": "input_file", "file_data": "data:application/pdf;base64,QQ=="}), {Need.DOCUMENTS}),
        (said({"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,QQ=="}), set()),
        (said({"type": "input_file", "file_url": "https://a.example/a.pdf"}), {Need.DOCUMENTS, Need.LINKED}),
        (said({"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}}), {Need.AUDIO}),
        (said({"type": "input_hologram"}), {Need.OF_OPENAI}),
        ({"type": "web_search_call", "id": "ws_1", "status": "completed"}, set()),
        ({"type": "local_shell_call_output", "id": "1", "output": "ok"}, {Need.OF_RESPONSES}),
        ({"type": "computer_call_output", "call_id": "1", "output": {}}, {Need.OF_OPENAI}),
        ({"type": "function_call_output", "call_id": "1", "output": '{"file_id": "file_1"}'}, set()),
    ],
)
def test_items(item: dict[str, Any], needs: set[Need]) -> None:
    assert request(input=[said(), item]).ask.needs == needs


def test_what_the_codex_cli_sends_its_own_backend_takes() -> None:
    compacted = {"type": "compaction", "encrypted_content": "gAAAA"}
    assert request(input=[said(), compacted]).ask.needs == {Need.OF_OPENAI}
    assert request(input=[said(), compacted], client_metadata={"x": "y"}).ask.needs == {Need.OF_RESPONSES}
