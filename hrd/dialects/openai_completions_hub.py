"""Old completions' way to the hub and back: a chat that wants the continuation of a text, and the continuation as text."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from hrd.core.conversation import Conversation, Role, Sampling, Text, Turn
from hrd.core.journal import Usage
from hrd.core.refusals import Refusal
from hrd.core.reply_events import Finish, Finished, ReplyEvent, Started, UsageSeen
from hrd.core.reply_events import Text as Said
from hrd.dialects.contract import EventWriter, Request, Stamp
from hrd.dialects.fields import as_count, refuse
from hrd.dialects.openai_chat_hub import usage_as_chat
from hrd.dialects.openai_stream import DONE

CONTINUE: Final = (
    "Continue the user's text exactly where it stops. Answer with the continuation alone: no repetition of what is there, no "
    "comment, no Markdown around it."
)
FILL: Final = (
    "Fill the gap that <gap/> marks in the user's text. Answer with what belongs there alone: nothing of what stands before or "
    "behind it, no comment, no Markdown around it."
)
_ENCODE = msgspec.json.encode
_CARRIED = frozenset(
    {"model", "prompt", "suffix", "stream", "stream_options", "max_tokens", "temperature", "top_p", "stop", "seed"}
)


class _Options(msgspec.Struct, gc=False):
    include_usage: bool = False


class Completion(msgspec.Struct, gc=False):
    prompt: str | list[Any] | None = None
    model: str | None = None
    suffix: str | None = None
    stream: bool | None = None
    stream_options: _Options | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None


COMPLETION = msgspec.json.Decoder(Completion)


def prompt_of(read: Completion) -> str | Refusal:
    prompt = read.prompt
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if prompt is None:
        return refuse("prompt is missing.", "prompt")
    if not isinstance(prompt, str):
        return refuse("prompt must be one text: neither several nor token ids are taken here.", "prompt")
    return prompt


def conversation(request: Request) -> Conversation | Refusal:
    """The chat that wants the continuation."""
    read = COMPLETION.decode(_ENCODE(request.fields))
    prompt = prompt_of(read)
    if isinstance(prompt, Refusal):
        return prompt
    system, text = (FILL, f"{prompt}<gap/>{read.suffix}") if read.suffix else (CONTINUE, prompt)
    stop = (read.stop,) if isinstance(read.stop, str) else tuple(read.stop or ())
    return Conversation(
        turns=(Turn(Role.SYSTEM, (Text(system),)), Turn(Role.USER, (Text(text or " "),))),
        max_tokens=as_count(read.max_tokens),
        stop=stop,
        sampling=Sampling(temperature=read.temperature, top_p=read.top_p, seed=read.seed),
        extras={name: raw for name, raw in request.fields.items() if name not in _CARRIED and bytes(raw) != b"null"},
    )


def write_whole(request: Request, events: Sequence[ReplyEvent], stamp: Stamp) -> bytes:  # noqa: ARG001 (as the contract has it)
    """A whole reply."""
    text: list[str] = []
    finish, usage, model = Finish.STOP, Usage(), stamp.model
    for event in events:
        match event:
            case Said():
                text.append(event.text)
            case Finished():
                finish = event.reason
            case UsageSeen():
                usage = event.usage
            case Started():
                model = event.model or model
            case _:
                pass
    return _ENCODE({**_named(stamp, model), "choices": [_choice("".join(text), finish)], "usage": usage_as_chat(usage)})


def event_writer(request: Request, stamp: Stamp) -> EventWriter:
    """A writer for one stream."""
    return CompletionWriter(stamp, usage_to_client=request.usage_to_client)


class CompletionWriter:
    """Writes the texts of one stream; what else a model says has no place here."""

    def __init__(self, stamp: Stamp, *, usage_to_client: bool) -> None:
        self._head = _named(stamp, stamp.model)
        self._usage_to_client = usage_to_client
        self._finish = Finish.STOP
        self._usage = Usage()

    def write(self, event: ReplyEvent) -> bytes:
        match event:
            case Said():
                return self._event({"choices": [_choice(event.text, None)]})
            case Started():
                self._head["model"] = event.model or self._head["model"]
            case Finished():
                self._finish = event.reason
            case UsageSeen():
                self._usage = event.usage
            case _:
                pass
        return b""

    def end(self) -> bytes:
        last = self._event({"choices": [_choice("", self._finish)]})
        if self._usage_to_client:
            last += self._event({"choices": [], "usage": usage_as_chat(self._usage)})
        return last + DONE

    def _event(self, members: dict[str, Any]) -> bytes:
        return b"data: " + _ENCODE({**self._head, **members}) + b"\n\n"


def _named(stamp: Stamp, model: str) -> dict[str, Any]:
    return {"id": f"cmpl-{stamp.id}", "object": "text_completion", "created": stamp.at, "model": model}


def _choice(text: str, finish: Finish | None) -> dict[str, Any]:
    reason = {None: None, Finish.LENGTH: "length", Finish.FILTERED: "content_filter"}.get(finish, "stop")
    return {"text": text, "index": 0, "logprobs": None, "finish_reason": reason}
