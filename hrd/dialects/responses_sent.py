"""Items of a Responses request, and their parts, as they are sent. Members that are not said (the defaults) are not sent.

Reference: https://platform.openai.com/docs/api-reference/responses/create
"""

from collections.abc import Sequence

import msgspec


class InputText(msgspec.Struct, tag_field="type", tag="input_text", gc=False):
    text: str


class OutputText(msgspec.Struct, tag_field="type", tag="output_text", gc=False):
    text: str


class Refusal(msgspec.Struct, tag_field="type", tag="refusal", gc=False):
    refusal: str


class InputImage(msgspec.Struct, tag_field="type", tag="input_image", omit_defaults=True, gc=False):
    image_url: str = ""
    file_id: str = ""
    detail: str = ""


class InputFile(msgspec.Struct, tag_field="type", tag="input_file", omit_defaults=True, gc=False):
    file_url: str = ""
    file_id: str = ""
    filename: str = ""
    file_data: str = ""


class Sound(msgspec.Struct, gc=False):
    data: str
    format: str


class InputAudio(msgspec.Struct, tag_field="type", tag="input_audio", gc=False):
    input_audio: Sound


Part = InputText | OutputText | Refusal | InputImage | InputFile | InputAudio | msgspec.Raw
"""Raw: a part that only Responses knows."""


class Message(msgspec.Struct, tag_field="type", tag="message", gc=False):
    role: str
    content: Sequence[Part]


class FunctionCall(msgspec.Struct, tag_field="type", tag="function_call", gc=False):
    call_id: str
    name: str
    arguments: str


class CustomCall(msgspec.Struct, tag_field="type", tag="custom_tool_call", gc=False):
    call_id: str
    name: str
    input: str


class FunctionOutput(msgspec.Struct, tag_field="type", tag="function_call_output", gc=False):
    call_id: str
    output: str | Sequence[Part]


class CustomOutput(msgspec.Struct, tag_field="type", tag="custom_tool_call_output", gc=False):
    call_id: str
    output: str | Sequence[Part]


class SummaryText(msgspec.Struct, tag_field="type", tag="summary_text", gc=False):
    text: str


class Reasoning(msgspec.Struct, tag_field="type", tag="reasoning", gc=False):
    summary: Sequence[SummaryText]
    encrypted_content: str


Item = Message | FunctionCall | CustomCall | FunctionOutput | CustomOutput | Reasoning | msgspec.Raw
"""Raw: an item of a provider's own tools."""
