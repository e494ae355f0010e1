"""Replies of chat completions, read for what the router must know: usage, meaning, errors, how it ended.

Whole replies and chunks of a stream have the same members but for `message` and `delta`
(https://platform.openai.com/docs/api-reference/chat). They are read into typed structs; a reply that does not fit them, as
some providers' do not, is read again with every odd member taken for absent.
"""

import math
from typing import Any, Final, TypeVar

import msgspec

from hrd.core.estimate import estimate_counted
from hrd.core.journal import Usage, UsageSource
from hrd.dialects.fields import COUNT_MAX
from hrd.dialects.halves import Halves, first_half, marked_halves, without_halves
from hrd.dialects.openai_errors import error_object

FINISH_REASONS = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})
"""What OpenAI's clients know."""
_FOREIGN_FINISH = {
    "max_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "tool_call": "tool_calls",
    "safety": "content_filter",
    "sensitive": "content_filter",
    "recitation": "content_filter",
    "prohibited_content": "content_filter",
    "refusal": "content_filter",
    "error": "error",
    "network_error": "error",
}

_TEXTS: Final = ("content", "reasoning_content", "reasoning", "refusal")
_ARGUMENTS: Final = ("arguments",)
_KNOWN: Final = UsageSource.KNOWN  # found ten times sooner so, see core.quota.kinds
COST_MAX = 1e6
"""Dollars of one reply: more is a mistake."""
_S = TypeVar("_S", bound=msgspec.Struct)
ErrorValue = dict[str, Any] | str | None


class Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: str | None = None


class ToolCall(msgspec.Struct, gc=False):
    index: int | None = None
    id: str | None = None
    function: Function | None = None
    extra_content: Any = None
    """Google's thought signatures."""


class Said(msgspec.Struct, gc=False):
    """A `message` or a `delta`."""

    content: str | list[Any] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None
    function_call: Function | None = None
    reasoning_details: Any = None
    audio: Any = None
    images: Any = None
    annotations: Any = None


class Choice(msgspec.Struct, gc=False):
    index: int = 0
    delta: Said | None = None
    message: Said | None = None
    finish_reason: str | None = None
    error: ErrorValue = None
    logprobs: Any = None


class TokenDetails(msgspec.Struct, gc=False):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


class TokenUsage(msgspec.Struct, gc=False):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: TokenDetails | None = None
    completion_tokens_details: TokenDetails | None = None
    prompt_cache_hit_tokens: int | None = None
    """DeepSeek's name for cached tokens."""
    cached_tokens: int | None = None
    """Moonshot's."""
    cost: float | None = None
    """OpenRouter's: US dollars."""


class GroqPart(msgspec.Struct, gc=False):
    usage: TokenUsage | None = None
    error: ErrorValue = None


class Chunk(msgspec.Struct, gc=False):
    """One event of a stream, or a whole reply."""

    choices: list[Choice] | None = None
    usage: TokenUsage | None = None
    error: ErrorValue = None
    x_groq: GroqPart | None = None
    object: str | None = None
    id: str | None = None
    model: str | None = None
    message: Any = None
    """Only of an error object that stands where a reply should (`"object": "error"`)."""


_CHUNK = msgspec.json.Decoder(Chunk)
_ANY = msgspec.json.Decoder()


def read_chunk(data: bytes) -> Chunk | None:
    """What *data* says; None if it is not a JSON object (or a list of one, as Gemini's errors are)."""
    try:
        try:
            return _CHUNK.decode(data)
        except msgspec.ValidationError:
            value = _ANY.decode(data)
    except (ValueError, RecursionError):
        whole = without_halves(data)
        return read_chunk(whole) if whole is not data else None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return _chunk(value) if isinstance(value, dict) else None


def read_joined(data: bytes, halves: Halves) -> Chunk | None:
    """The same of a chunk of a stream, with the halves of characters joined that come in two chunks."""
    try:
        chunk = _CHUNK.decode(data)
    except (ValueError, RecursionError):
        return _read_torn(data, halves)
    if halves.held:
        _join(halves, chunk, chunk)
    return chunk


def chunk_error(chunk: Chunk) -> dict[str, Any] | None:
    """The error object in a chunk or reply, wherever it stands, or the one that its finish_reason amounts to."""
    if chunk.error:
        return error_object(chunk.error)
    for choice in chunk.choices or ():
        if choice.error:
            return error_object(choice.error)
        if choice.finish_reason is not None and plain_finish(choice.finish_reason) == "error":
            return {"message": f"The provider ended its reply with {choice.finish_reason}.", "code": choice.finish_reason}
    if chunk.x_groq is not None and chunk.x_groq.error:
        return error_object(chunk.x_groq.error)
    if chunk.object == "error" and not chunk.choices:
        return error_object(chunk.message) or {"message": "The provider answered with an error object."}
    return None


def plain_finish(reason: str) -> str:
    """A finish_reason in OpenAI's words; `error` for those that mean a failure."""
    if reason in FINISH_REASONS:
        return reason
    lower = reason.lower()
    return lower if lower in FINISH_REASONS else _FOREIGN_FINISH.get(lower, "stop")


def known_usage(chunk: Chunk) -> Usage | None:
    """The usage that a chunk or reply states, if it does."""
    stated = chunk.usage
    if stated is None and chunk.x_groq is not None:
        stated = chunk.x_groq.usage
    if stated is None:
        return None
    given, produced, total = stated.prompt_tokens, stated.completion_tokens, stated.total_tokens
    if given is None and produced is None and total is None:
        return None
    if given is None:
        given = (total or 0) - (produced or 0)
    if produced is None:
        produced = (total or given) - given
    into, details = stated.prompt_tokens_details, stated.completion_tokens_details
    cached = into.cached_tokens if into is not None else None
    if cached is None:
        cached = stated.prompt_cache_hit_tokens or stated.cached_tokens
    written = into.cache_write_tokens if into is not None else None
    thought = details.reasoning_tokens if details is not None else None
    return Usage(
        input_tokens=_bounded(given),
        output_tokens=_bounded(produced),
        cached_tokens=_bounded(cached) if cached else 0,
        cache_write_tokens=_bounded(written) if written else 0,
        reasoning_tokens=_bounded(thought) if thought else 0,
        source=_KNOWN,
        stated_microusd=_stated(stated.cost) if stated.cost is not None else None,
    )


def _stated(dollars: float) -> int | None:
    """Rounded up to millionths; what is no price is none."""
    return math.ceil(dollars * 1e6) if 0 <= dollars <= COST_MAX else None


def _bounded(tokens: int) -> int:
    return tokens if 0 <= tokens <= COUNT_MAX else max(0, min(tokens, COUNT_MAX))


class Tally:
    """How much was said, for an estimate: lengths, not texts."""

    __slots__ = ("characters", "extra_bytes", "meaningful")

    def __init__(self) -> None:
        self.characters = 0
        self.extra_bytes = 0
        self.meaningful = False
        """Something was said: text, reasoning, refusal, a tool call, sound or a picture."""

    def add(self, said: Said) -> None:
        content = said.content
        if content:
            self._add_text(content if isinstance(content, str) else "".join(flatten(content)))
        if said.reasoning_content:
            self._add_text(said.reasoning_content)
        elif said.reasoning:
            self._add_text(said.reasoning)
        if said.refusal:
            self._add_text(said.refusal)
        if said.tool_calls:
            self.meaningful = True
            for call in said.tool_calls:
                if call.function is not None:
                    self._add_function(call.function)
        if said.function_call is not None:
            self.meaningful = True
            self._add_function(said.function_call)
        if said.reasoning_details or said.audio or said.images:
            self.meaningful = True

    def usage(self, input_tokens: int) -> Usage:
        """The estimate that takes the place of a usage nobody stated."""
        return Usage(
            input_tokens=input_tokens,
            output_tokens=estimate_counted(self.characters, self.extra_bytes),
            source=UsageSource.ESTIMATED,
        )

    def _add_function(self, function: Function) -> None:
        for text in (function.name, function.arguments):
            if text:
                self._add_text(text)

    def _add_text(self, text: str) -> None:
        if text:
            self.meaningful = True
            self.characters += len(text)
            if not text.isascii():
                self.extra_bytes += len(text.encode()) - len(text)


def flatten(parts: list[Any]) -> tuple[str, str]:
    """Text and thinking of a content that came as a list of parts."""
    text: list[str] = []
    thinking: list[str] = []
    for part in parts:
        if isinstance(part, str):
            text.append(part)
        elif isinstance(part, dict):
            inner = part.get("thinking")
            if isinstance(part.get("text"), str):
                text.append(part["text"])
            elif isinstance(inner, str):
                thinking.append(inner)
            elif isinstance(inner, list):
                thinking.extend(each["text"] for each in inner if isinstance(each, dict) and isinstance(each.get("text"), str))
    return "".join(text), "".join(thinking)


def _read_torn(data: bytes, halves: Halves) -> Chunk | None:
    """A chunk that has odd members, or halves of characters in it."""
    chunk = read_chunk(data)
    if chunk is not None and (halves.held or first_half(data) is not None):
        _join(halves, chunk, read_chunk(marked_halves(data)) or chunk)
    return chunk


def _join(halves: Halves, chunk: Chunk, marked: Chunk) -> None:
    for choice, choice_marked in zip(chunk.choices or (), marked.choices or (), strict=True):
        said, said_marked = choice.delta or choice.message, choice_marked.delta or choice_marked.message
        if said is None or said_marked is None:
            continue
        halves.join_members(choice.index, _TEXTS, said, said_marked)
        for call, call_marked in zip(said.tool_calls or (), said_marked.tool_calls or (), strict=True):
            if call.function is not None and call_marked.function is not None:
                halves.join_members((choice.index, call.index), _ARGUMENTS, call.function, call_marked.function)
        if said.function_call is not None and said_marked.function_call is not None:
            halves.join_members((choice.index, "function"), _ARGUMENTS, said.function_call, said_marked.function_call)


def _chunk(value: dict[str, Any]) -> Chunk:
    groq = value.get("x_groq")
    return Chunk(
        choices=_choices(value.get("choices")),
        usage=_fitting(value.get("usage"), TokenUsage),
        error=error_object(value.get("error")),
        x_groq=GroqPart(_fitting(groq.get("usage"), TokenUsage), error_object(groq.get("error")))
        if isinstance(groq, dict)
        else None,
        object=_text(value.get("object")),
        id=_text(value.get("id")),
        model=_text(value.get("model")),
        message=value.get("message"),
    )


def _choices(value: Any) -> list[Choice] | None:
    return [_choice(each) for each in value if isinstance(each, dict)] if isinstance(value, list) else None


def _choice(value: dict[str, Any]) -> Choice:
    index = value.get("index")
    delta, message = value.get("delta"), value.get("message")
    return Choice(
        index=index if isinstance(index, int) else 0,
        delta=_said(delta) if isinstance(delta, dict) else None,
        message=_said(message) if isinstance(message, dict) else None,
        finish_reason=_text(value.get("finish_reason")),
        error=error_object(value.get("error")),
        logprobs=value.get("logprobs"),
    )


def _said(value: dict[str, Any]) -> Said:
    content, calls = value.get("content"), value.get("tool_calls")
    return Said(
        content=content if isinstance(content, str | list) else None,
        reasoning_content=_text(value.get("reasoning_content")),
        reasoning=_text(value.get("reasoning")),
        refusal=_text(value.get("refusal")),
        tool_calls=[_call(each) for each in calls] if isinstance(calls, list) else None,
        function_call=_function(value.get("function_call")),
        reasoning_details=value.get("reasoning_details"),
        audio=value.get("audio"),
        images=value.get("images"),
        annotations=value.get("annotations"),
    )


def _call(value: Any) -> ToolCall:
    call = _fitting(value, ToolCall) or ToolCall()
    if call.function is None and isinstance(value, dict):
        call.function = _function(value.get("function"))
    return call


def _function(value: Any) -> Function | None:
    """A function that was called. Arguments are a text; what is none is what they would spell."""
    if not isinstance(value, dict):
        return None
    arguments = value.get("arguments")
    if arguments is not None and not isinstance(arguments, str):
        arguments = msgspec.json.encode(arguments).decode()
    return Function(_text(value.get("name")), arguments)


def _fitting(value: Any, kind: type[_S]) -> _S | None:
    """A struct of the members of *value* that fit."""
    if not isinstance(value, dict):
        return None
    members: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.name in value:
            try:
                members[field.name] = msgspec.convert(value[field.name], field.type, strict=False)
            except msgspec.ValidationError:
                pass
    return kind(**members)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
