"""What a Messages request needs that not everybody can be told."""

from typing import Any

import pytest

from hrd.core.needs import Need
from tests.hrd.dialects.anthropic import FUNCTION, request

SEARCH = {"type": "web_search_20250305", "name": "web_search"}
CODE = {"type": "code_execution_20250825", "name": "code_execution"}


@pytest.mark.parametrize(
    ("members", "needs"),
    [
        ({}, set()),
        ({"stop_sequences": ["END"]}, {Need.STOP}),
        ({"stop_sequences": [], "output_config": {"effort": "low"}, "tool_choice": {"type": "auto"}}, set()),
        ({"output_config": {"format": {"type": "json_schema", "schema": {}}}}, {Need.FORMAT}),
        ({"output_format": {"type": "json_schema", "schema": {}}}, {Need.FORMAT}),
        ({"tool_choice": {"type": "any"}}, {Need.FORCED_CALL}),
        ({"tool_choice": {"type": "tool", "name": "f"}}, {Need.FORCED_CALL}),
        ({"tools": [FUNCTION, SEARCH, CODE]}, set()),
        ({"tools": [SEARCH]}, {Need.SEARCH}),
        ({"tools": [SEARCH, CODE]}, {Need.OF_MESSAGES}),
        ({"tools": []}, set()),
        ({"mcp_servers": [{"type": "url", "url": "https://mcp.example", "name": "x"}]}, {Need.OF_MESSAGES}),
        ({"mcp_servers": [], "container": None}, set()),
    ],
)
def test_members(members: dict[str, Any], needs: set[Need]) -> None:
    assert request(**members).ask.needs == needs


TEXT = {"type": "text", "text": "a"}
PDF = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}}
LISTED = {"type": "document", "source": {"type": "content", "content": [TEXT]}}
PICTURED = {"type": "document", "source": {"type": "content", "content": [{"type": "image"}]}}


@pytest.mark.parametrize(
    ("block", "needs"),
    [
        (TEXT, set()),
        (PDF, {Need.DOCUMENTS}),
        (LISTED, set()),
        ({"type": "document", "source": {"type": "url", "url": "https://a.example/a.pdf"}}, {Need.DOCUMENTS, Need.LINKED}),
        ({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a"}}, set()),
        ({"type": "tool_result", "tool_use_id": "1", "content": [PDF]}, {Need.DOCUMENTS}),
        ({"type": "tool_result", "tool_use_id": "1", "content": [{"type": "tool_reference", "tool_name": "f"}]}, set()),
        (PICTURED, {Need.OF_MESSAGES}),
        ({"type": "image", "source": {"type": "file", "file_id": "file_1"}}, {Need.OF_MESSAGES}),
        ({"type": "search_result", "source": "https://a.example", "title": "a", "content": [TEXT]}, set()),
        (LISTED | {"citations": {"enabled": True}}, {Need.OF_MESSAGES}),
        (LISTED | {"citations": {"enabled": False}}, set()),
        (LISTED | {"citations": None}, set()),
        (PDF | {"citations": {"enabled": True}}, {Need.DOCUMENTS, Need.OF_MESSAGES}),
        ({"type": "search_result", "content": [TEXT], "citations": {"enabled": True}}, {Need.OF_MESSAGES}),
        (
            {"type": "tool_result", "tool_use_id": "1", "content": [LISTED | {"citations": {"enabled": True}}]},
            {Need.OF_MESSAGES},
        ),
        ({"type": "tool_use", "id": "1", "name": "f", "input": {"type": "hologram", "file_id": "file_1"}}, set()),
        ({"type": "server_tool_use", "id": "1", "name": "web_search", "input": {}}, set()),
        ({"type": "web_search_tool_result", "tool_use_id": "1", "content": []}, {Need.OF_MESSAGES}),
        ({"type": "container_upload", "file_id": "file_1"}, {Need.OF_MESSAGES}),
        ({"type": "compaction", "content": "what was"}, {Need.OF_MESSAGES}),
        ({"type": "of_some_day"}, {Need.OF_MESSAGES}),
    ],
)
def test_blocks(block: dict[str, Any], needs: set[Need]) -> None:
    assert request({"role": "user", "content": [TEXT, block]}, {"role": "user", "content": "a"}).ask.needs == needs


@pytest.mark.parametrize("content", [7, [7], [{"type": 7}], {}])
def test_what_cannot_be_read_needs_nothing(content: Any) -> None:
    assert request({"role": "user", "content": content}).ask.needs == set()
