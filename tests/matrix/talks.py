"""A conversation as a program holds it in each client dialect, by the official SDK, heard in words that all of them share.

    talk = ChatTalk(ChatTalk.sdk(endpoint, key))
    talk.say("what is the weather?")
    heard = talk.ask("anthropic:claude-sonnet-5", Wishes(stream=True, tools=[LOOK_UP]))
    talk.answer({heard.call_ids[0]: "rain"})

What the SDK gave goes back as the SDK gave it: that is how programs do it.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import anthropic
import openai


@dataclass(frozen=True)
class Tool:
    name: str
    description: str
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Wishes:
    """What a request asks for beside its turns."""

    stream: bool = False
    tools: Sequence[Tool] = ()
    must_call: bool = False
    effort: str = ""
    schema: Mapping[str, Any] | None = None
    max_tokens: int = 4096
    began: Callable[[], object] = bool
    """Called at each piece of a streamed reply's text, as it is heard."""


@dataclass
class Heard:
    """A reply."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    """Id, name and arguments of each."""
    ending: str = ""
    """stop, length, calls or refused."""
    tokens: tuple[int, int] = (0, 0)
    """In and out."""

    @property
    def call_ids(self) -> list[str]:
        return [id_ for id_, _, _ in self.calls]


class BrokeOffError(Exception):
    """A reply began and did not come to its end; *text* is what had come."""

    def __init__(self, text: str, error: str) -> None:
        super().__init__(f"{error} (after {text!r})")
        self.text = text


class Talk(ABC):
    """One conversation with one model after the other."""

    DIALECT: ClassVar[str]

    def __init__(self, client: Any, system: str = "") -> None:
        """*client*: the SDK's, as `sdk` makes it."""
        self._client = client
        self.system = system
        self.turns: list[Any] = []

    @staticmethod
    @abstractmethod
    def sdk(endpoint: str, key: str) -> Any:
        """The SDK's client. It takes a tenth of a second to make, and serves any number of talks."""

    @abstractmethod
    def say(self, text: str, image: str = "") -> None:
        """A turn of the user; *image* is base64 of a PNG."""

    @abstractmethod
    def answer(self, results: Mapping[str, str]) -> None:
        """What came of the calls of the last reply, by their ids."""

    @abstractmethod
    def ask(self, model: str, wishes: Wishes) -> Heard:
        """The next reply; it becomes a turn. Raises `BrokeOffError`."""


class ChatTalk(Talk):
    DIALECT = "chat"

    def __init__(self, client: Any, system: str = "") -> None:
        super().__init__(client, system)
        if system:
            self.turns.append({"role": "system", "content": system})

    @staticmethod
    def sdk(endpoint: str, key: str) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{endpoint}/v1", api_key=key, max_retries=0)

    def say(self, text: str, image: str = "") -> None:
        content: Any = text
        if image:
            shown = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{image}"}}
            content = [{"type": "text", "text": text}, shown]
        self.turns.append({"role": "user", "content": content})

    def answer(self, results: Mapping[str, str]) -> None:
        self.turns += [{"role": "tool", "tool_call_id": id_, "content": text} for id_, text in results.items()]

    def ask(self, model: str, wishes: Wishes) -> Heard:
        asked: dict[str, Any] = {"model": model, "messages": self.turns, "max_tokens": wishes.max_tokens}
        if wishes.tools:
            asked["tools"] = [_chat_tool(tool) for tool in wishes.tools]
            asked["tool_choice"] = "required" if wishes.must_call else "auto"
        if wishes.effort:
            asked["reasoning_effort"] = wishes.effort
        if wishes.schema is not None:
            format_ = {"name": "answer", "schema": wishes.schema, "strict": True}
            asked["response_format"] = {"type": "json_schema", "json_schema": format_}
        completion = self._streamed(asked, wishes.began) if wishes.stream else self._client.chat.completions.create(**asked)
        choice = completion.choices[0]
        self.turns.append(choice.message.model_dump(exclude_none=True, exclude={"parsed"}))
        return _heard_in_chat(completion)

    def _streamed(self, asked: dict[str, Any], began: Callable[[], object]) -> Any:
        """By the SDK's own helper, which is the strictest reader of such a stream."""
        text = ""
        try:
            with self._client.chat.completions.stream(**asked, stream_options={"include_usage": True}) as stream:
                for event in stream:
                    if event.type == "content.delta":
                        text += event.delta
                        began()
                return stream.current_completion_snapshot
        except openai.APIStatusError:
            raise
        except openai.APIError as error:
            raise BrokeOffError(text, error.message) from error


def _chat_tool(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.schema}
    return {"type": "function", "function": function}


def _heard_in_chat(completion: Any) -> Heard:
    choice = completion.choices[0]
    message = choice.message
    endings = {"stop": "stop", "length": "length", "tool_calls": "calls", "content_filter": "refused"}
    return Heard(
        text=message.content or "",
        reasoning=getattr(message, "reasoning_content", None) or "",
        refusal=message.refusal or "",
        calls=[(call.id, call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls or ()],
        ending="refused" if message.refusal else endings[choice.finish_reason],
        tokens=(completion.usage.prompt_tokens, completion.usage.completion_tokens),
    )


class ResponsesTalk(Talk):
    DIALECT = "responses"

    @staticmethod
    def sdk(endpoint: str, key: str) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{endpoint}/v1", api_key=key, max_retries=0)

    def say(self, text: str, image: str = "") -> None:
        parts: list[dict[str, Any]] = [{"type": "input_text", "text": text}]
        if image:
            parts.append({"type": "input_image", "image_url": f"data:image/png;base64,{image}", "detail": "auto"})
        self.turns.append({"type": "message", "role": "user", "content": parts})

    def answer(self, results: Mapping[str, str]) -> None:
        self.turns += [{"type": "function_call_output", "call_id": id_, "output": text} for id_, text in results.items()]

    def ask(self, model: str, wishes: Wishes) -> Heard:
        asked: dict[str, Any] = {
            "model": model,
            "input": self.turns,
            "store": False,
            "include": ["reasoning.encrypted_content"],
            "max_output_tokens": wishes.max_tokens,
        }
        if self.system:
            asked["instructions"] = self.system
        if wishes.tools:
            asked["tools"] = [
                {
                    "type": "function",
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.schema,
                    "strict": False,
                }
                for tool in wishes.tools
            ]
            asked["tool_choice"] = "required" if wishes.must_call else "auto"
        if wishes.effort:
            asked["reasoning"] = {"effort": wishes.effort, "summary": "auto"}
        if wishes.schema is not None:
            asked["text"] = {"format": {"type": "json_schema", "name": "answer", "schema": wishes.schema, "strict": True}}
        response = self._streamed(asked, wishes.began) if wishes.stream else self._client.responses.create(**asked)
        if response.status == "failed":
            raise BrokeOffError("", response.error.message)
        self.turns += [_as_sent(item) for item in response.output]
        return _heard_in_response(response)

    def _streamed(self, asked: dict[str, Any], began: Callable[[], object]) -> Any:
        text, ended = "", None
        with self._client.responses.stream(**asked) as stream:
            for event in stream:
                if event.type == "response.output_text.delta":
                    text += event.delta
                    began()
                if event.type in ("response.completed", "response.incomplete"):
                    ended = event.response
                if event.type == "response.failed":
                    raise BrokeOffError(text, event.response.error.message)
        assert ended is not None, "a stream that simply ends"
        return ended


def _as_sent(item: Any) -> dict[str, Any]:
    """An item of a response as a program gives it back."""
    sent: dict[str, Any] = item.model_dump(exclude_none=True, exclude={"parsed_arguments"})
    for part in sent.get("content") or ():
        part.pop("parsed", None)
    return sent


def _heard_in_response(response: Any) -> Heard:
    heard = Heard(tokens=(response.usage.input_tokens, response.usage.output_tokens))
    for item in response.output:
        if item.type == "reasoning":
            heard.reasoning += "".join(part.text for part in item.summary)
        elif item.type == "function_call":
            heard.calls.append((item.call_id, item.name, json.loads(item.arguments)))
        elif item.type == "message":
            heard.text += "".join(part.text for part in item.content if part.type == "output_text")
            heard.refusal += "".join(part.refusal for part in item.content if part.type == "refusal")
    if response.status == "incomplete":
        heard.ending = {"max_output_tokens": "length", "content_filter": "refused"}[response.incomplete_details.reason]
    else:
        heard.ending = "refused" if heard.refusal else "calls" if heard.calls else "stop"
    return heard


class MessagesTalk(Talk):
    DIALECT = "messages"

    BUDGETS: ClassVar[dict[str, int]] = {"low": 1024, "medium": 2048, "high": 3072}

    @staticmethod
    def sdk(endpoint: str, key: str) -> anthropic.Anthropic:
        return anthropic.Anthropic(base_url=endpoint, api_key=key, max_retries=0)

    def say(self, text: str, image: str = "") -> None:
        blocks: list[dict[str, Any]] = [{"type": "text", "text": text}]
        if image:
            blocks.insert(0, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": image}})
        self.turns.append({"role": "user", "content": blocks})

    def answer(self, results: Mapping[str, str]) -> None:
        blocks = [{"type": "tool_result", "tool_use_id": id_, "content": text} for id_, text in results.items()]
        self.turns.append({"role": "user", "content": blocks})

    def ask(self, model: str, wishes: Wishes) -> Heard:
        asked: dict[str, Any] = {"model": model, "messages": self.turns, "max_tokens": wishes.max_tokens}
        if self.system:
            asked["system"] = self.system
        if wishes.tools:
            asked["tools"] = [
                {"name": tool.name, "description": tool.description, "input_schema": tool.schema} for tool in wishes.tools
            ]
            asked["tool_choice"] = {"type": "any" if wishes.must_call else "auto"}
        if wishes.effort:
            asked["thinking"] = {"type": "enabled", "budget_tokens": self.BUDGETS[wishes.effort]}
        if wishes.schema is not None:
            asked["output_config"] = {"format": {"type": "json_schema", "schema": wishes.schema}}
        message = self._streamed(asked, wishes.began) if wishes.stream else self._client.messages.create(**asked)
        self.turns.append({"role": "assistant", "content": message.content})
        return _heard_in_message(message)

    def _streamed(self, asked: dict[str, Any], began: Callable[[], object]) -> Any:
        text = ""
        try:
            with self._client.messages.stream(**asked) as stream:
                for event in stream:
                    if event.type == "text":
                        text += event.text
                        began()
                return stream.get_final_message()
        except anthropic.APIStatusError as error:
            if error.status_code != 200:
                raise
            raise BrokeOffError(text, error.message) from error


def _heard_in_message(message: Any) -> Heard:
    endings = {"end_turn": "stop", "max_tokens": "length", "tool_use": "calls", "refusal": "refused"}
    blocks: Iterable[Any] = message.content
    used = message.usage
    return Heard(
        text="".join(block.text for block in blocks if block.type == "text"),
        reasoning="".join(block.thinking for block in blocks if block.type == "thinking"),
        calls=[(block.id, block.name, block.input) for block in blocks if block.type == "tool_use"],
        ending=endings[message.stop_reason],
        tokens=(used.input_tokens + (used.cache_read_input_tokens or 0), used.output_tokens),
    )


TALKS: dict[str, type[Talk]] = {talk.DIALECT: talk for talk in (ChatTalk, ResponsesTalk, MessagesTalk)}
