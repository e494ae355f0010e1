"""Items as they are sent."""

import msgspec
import pytest

from hrd.dialects.responses_sent import CustomOutput, FunctionCall, InputFile, InputImage, Item, Message, OutputText, Reasoning


@pytest.mark.parametrize(
    ("item", "spelled"),
    [
        (
            Message("user", [InputImage(file_id="f"), InputFile(file_url="u"), msgspec.Raw(b'{"type":"input_new"}')]),
            b'{"type":"message","role":"user","content":[%b,%b,{"type":"input_new"}]}'
            % (b'{"type":"input_image","file_id":"f"}', b'{"type":"input_file","file_url":"u"}'),
        ),
        (FunctionCall("c1", "f", "{}"), b'{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}'),
        (CustomOutput("c1", ""), b'{"type":"custom_tool_call_output","call_id":"c1","output":""}'),
        (
            CustomOutput("c1", [OutputText("a")]),
            b'{"type":"custom_tool_call_output","call_id":"c1","output":[{"type":"output_text","text":"a"}]}',
        ),
        (Reasoning((), "gAAAA"), b'{"type":"reasoning","summary":[],"encrypted_content":"gAAAA"}'),
    ],
)
def test_what_must_be_said_is_said_even_if_it_is_empty_and_no_more(item: Item, spelled: bytes) -> None:
    assert msgspec.json.encode(item) == spelled
