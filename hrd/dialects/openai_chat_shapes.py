"""A chat completion's request as clients spell it: their members, of the types that they may have."""

from typing import Any

import msgspec

from hrd.core.conversation import ABSENT, Reasoning


class SpelledImageUrl(msgspec.Struct, gc=False):
    url: str = ""
    detail: str | None = None


class SpelledFile(msgspec.Struct, gc=False):
    filename: str | None = None
    file_data: str | None = None
    file_id: str | None = None


class SpelledInputAudio(msgspec.Struct, gc=False):
    data: str
    format: str = ""


class SpelledPart(msgspec.Struct, gc=False):
    type: str = "text"
    text: str | None = None
    refusal: str | None = None
    image_url: SpelledImageUrl | str | None = None
    input_audio: SpelledInputAudio | None = None
    file: SpelledFile | None = None
    cache_control: msgspec.Raw = ABSENT


class SpelledFunction(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class SpelledCustom(msgspec.Struct, gc=False):
    name: str = ""
    input: str = ""


class SpelledCall(msgspec.Struct, gc=False):
    id: str | None = None
    type: str | None = None
    function: SpelledFunction | None = None
    custom: SpelledCustom | None = None
    extra_content: dict[str, Any] | None = None


class SpelledDetail(msgspec.Struct, gc=False):
    type: str = ""
    text: str | None = None
    summary: str | None = None
    data: str | None = None
    signature: str | None = None
    format: str | None = None


class SpelledMessage(msgspec.Struct, gc=False):
    role: str
    content: str | list[SpelledPart | str] | None = None
    name: str | None = None
    refusal: str | None = None
    tool_calls: list[SpelledCall] | None = None
    function_call: SpelledFunction | None = None
    tool_call_id: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: msgspec.Raw = ABSENT
    images: msgspec.Raw = ABSENT
    """Pictures that a model drew (OpenRouter's)."""
    audio: msgspec.Raw = ABSENT
    """What a model spoke, which lies with OpenAI."""


class SpelledContent(msgspec.Struct, gc=False):
    content: msgspec.Raw


class SpelledFunctionTool(msgspec.Struct, gc=False):
    name: str
    description: str | None = None
    parameters: msgspec.Raw = ABSENT
    strict: bool | None = None


class SpelledCustomTool(msgspec.Struct, gc=False):
    name: str
    description: str | None = None
    format: msgspec.Raw = ABSENT


class SpelledTool(msgspec.Struct, gc=False):
    type: str = "function"
    function: SpelledFunctionTool | None = None
    custom: SpelledCustomTool | None = None
    cache_control: msgspec.Raw = ABSENT


class SpelledNamed(msgspec.Struct, gc=False):
    name: str = ""


class SpelledAllowedTools(msgspec.Struct, gc=False):
    mode: str = "auto"
    tools: list[dict[str, Any]] = []


class SpelledChoice(msgspec.Struct, gc=False):
    type: str = ""
    name: str | None = None
    """Of an old `function_call`."""
    function: SpelledNamed | None = None
    custom: SpelledNamed | None = None
    allowed_tools: SpelledAllowedTools | None = None


class SpelledSchema(msgspec.Struct, gc=False):
    name: str = ""
    description: str | None = None
    schema: msgspec.Raw = ABSENT
    strict: bool | None = None


class SpelledFormat(msgspec.Struct, gc=False):
    type: str
    json_schema: SpelledSchema | None = None


class SpelledReasoningOptions(msgspec.Struct, gc=False):
    """OpenRouter's."""

    effort: str | None = None
    max_tokens: int | None = None
    enabled: bool | None = None

    def wanted(self, effort: str = "") -> Reasoning:
        """What is asked for. *effort*: that of OpenAI's own word, which counts first."""
        effort = effort or self.effort or ""
        return Reasoning(effort=effort, budget_tokens=self.max_tokens, is_off=effort == "none" or self.enabled is False)


class SpelledOptions(msgspec.Struct, gc=False):
    """All members but messages and tools."""

    tool_choice: SpelledChoice | str | None = None
    function_call: SpelledChoice | str | None = None
    parallel_tool_calls: bool | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: str | list[str] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    n: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logit_bias: msgspec.Raw = ABSENT
    logprobs: bool | None = None
    top_logprobs: int | None = None
    response_format: SpelledFormat | None = None
    reasoning_effort: str | None = None
    reasoning: SpelledReasoningOptions | None = None
    verbosity: str | None = None
    service_tier: str | None = None
    prompt_cache_key: str | None = None
