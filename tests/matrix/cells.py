"""The table of the matrix: what is tried between each client dialect and each provider dialect, and how it is seen to hold.

`docs/generate_dialects.py` writes docs/dialects.md from the same table.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from threading import Event

import pytest

from tests.matrix.house import House, model_of
from tests.matrix.talks import BrokeOffError, Heard, Talk, Tool, Wishes
from tests.upstreams import CLOSE, Answer, Breaks, Fails, ToolCall, Trouble, Usage
from tests.upstreams.behaviours import Behave

CLIENTS = {"chat": "Chat Completions", "responses": "Responses", "messages": "Messages"}
"""The client dialects, and what they are called."""
PROVIDERS = {"openai": "OpenAI-shaped", "anthropic": "Anthropic", "codex": "Codex"}
"""One provider of each provider dialect, and what that is called."""
HOWS = ("whole", "stream")
MIDWAY = {"openai": 3, "anthropic": 5, "codex": 6}
"""After so many of its events a provider has said some of its text, and not all."""
BEGUN = {"openai": 1, "anthropic": 2, "codex": 2}
"""After so many it has begun, and said nothing yet."""
LOOK_UP = Tool("look_up", "Looks something up.", {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]})
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@dataclass
class Cell:
    """One field of the matrix."""

    house: House
    client: str
    provider: str
    stream: bool
    talk: Talk = field(init=False)

    def turn(self, behave: Behave, system: str = "") -> Talk:
        """The provider does so, and the client's program is ready to ask it."""
        self.upstream = self.house.turn(self.provider, behave)
        self.talk = self.house.talk(self.client, system)
        return self.talk

    def ask(self, **wishes: object) -> Heard:
        return self.talk.ask(model_of(self.provider), Wishes(stream=self.stream, **wishes))  # type: ignore[arg-type]

    def assert_sent(self, *fragments: str, requests: int = 1) -> None:
        """The provider was asked *requests* times, refused nothing, and found *fragments* in what it was asked last."""
        assert [asked.refused for asked in self.upstream.asked] == [""] * requests
        body = json.dumps(self.upstream.asked[-1].json, ensure_ascii=False)
        assert [fragment for fragment in fragments if fragment not in body] == [], body


def text(cell: Cell) -> None:
    talk = cell.turn(Answer("good morning", usage=Usage(7, 3, cached=2)), "be brief")
    talk.say("hello")
    heard = cell.ask()

    assert (heard.text, heard.ending, heard.tokens) == ("good morning", "stop", (7, 3))
    assert (heard.reasoning, heard.refusal, heard.calls) == ("", "", [])
    cell.assert_sent("be brief", "hello")


def tools(cell: Cell) -> None:
    calls = [ToolCall("look_up", '{"q": "one"}', "call_test00001"), ToolCall("look_up", '{"q": "two"}', "call_test00002")]
    talk = cell.turn([Answer("let me see", tool_calls=calls), Answer("found both")])
    talk.say("look up one and two")
    heard = cell.ask(tools=[LOOK_UP])
    assert [(name, arguments) for _, name, arguments in heard.calls] == [
        ("look_up", {"q": "one"}),
        ("look_up", {"q": "two"}),
    ]
    assert (heard.text, heard.ending, len(set(heard.call_ids))) == ("let me see", "calls", 2)
    talk.answer(dict(zip(heard.call_ids, ("the first", "the second"), strict=True)))
    heard = cell.ask(tools=[LOOK_UP])

    assert (heard.text, heard.ending) == ("found both", "stop")
    cell.assert_sent("the first", "the second", requests=2)


def image(cell: Cell) -> None:
    talk = cell.turn(Answer("a dot"))
    talk.say("what is this?", image=PNG)
    heard = cell.ask()

    assert heard.text == "a dot"
    cell.assert_sent(PNG, "what is this?")


def reasoning(cell: Cell) -> None:
    thoughtful = Answer("so it is", reasoning="let me think", usage=Usage(7, 30, reasoning=20))
    talk = cell.turn(thoughtful)
    talk.say("is it so?")
    heard = cell.ask(effort="low")
    assert (heard.reasoning, heard.text, heard.tokens) == ("let me think", "so it is", (7, 30))
    talk.say("are you sure?")
    heard = cell.ask(effort="low")

    assert (heard.reasoning, heard.text) == ("let me think", "so it is")
    cell.assert_sent("so it is", "are you sure?", *ASKED_TO_THINK[cell.provider], requests=2)


ASKED_TO_THINK = {
    "openai": ('"reasoning_effort": "low"',),
    "anthropic": ('"thinking": {"type": "enabled", "budget_tokens": 1024}',),
    "codex": ('"effort": "low"', '"reasoning.encrypted_content"'),
}


def structured(cell: Cell) -> None:
    talk = cell.turn(Answer('{"city": "Oslo"}'))
    talk.say("where?")
    heard = cell.ask(schema=CITY)

    assert json.loads(heard.text) == {"city": "Oslo"}
    cell.assert_sent('"city"', '"json_schema"')


def refusal(cell: Cell) -> None:
    talk = cell.turn(Answer("", refusal="I will not."))
    talk.say("do it")
    heard = cell.ask()

    assert heard.ending == "refused"
    assert "I will not." in (heard.refusal, heard.text)
    cell.assert_sent("do it")


def length(cell: Cell) -> None:
    talk = cell.turn(Answer("half of a", finish_reason="length"))
    talk.say("tell me everything")
    heard = cell.ask(max_tokens=50)

    assert (heard.text, heard.ending) == ("half of a", "length")
    cell.assert_sent()


def error_before(cell: Cell) -> None:
    never = Breaks(Answer("never"), BEGUN[cell.provider], Trouble.OVERLOADED) if cell.stream else Fails(Trouble.OVERLOADED)
    talk = cell.turn([never, Answer("good morning")])
    talk.say("hello")
    heard = cell.ask()

    assert (heard.text, heard.ending) == ("good morning", "stop")
    assert len({asked.key for asked in cell.upstream.asked}) == 2


def error_after(cell: Cell) -> None:
    if not cell.stream:
        _half_a_reply(cell)
        return
    heard = Event()
    talk = cell.turn(Breaks(Answer("one two three"), MIDWAY[cell.provider], Trouble.OVERLOADED, once=heard))
    talk.say("count")
    with pytest.raises(BrokeOffError) as broke_off:
        cell.ask(began=heard.set)

    assert "one two three".startswith(broke_off.value.text)
    assert broke_off.value.text
    assert [asked.status for asked in cell.upstream.asked] == [200]


def _half_a_reply(cell: Cell) -> None:
    """Nothing of a whole reply goes out before it is whole: half of one is no reply, and the next candidate is asked."""
    talk = cell.turn([Breaks(Answer("never"), MIDWAY[cell.provider], CLOSE), Answer("good morning")])
    talk.say("hello")
    heard = cell.ask()

    assert (heard.text, heard.ending) == ("good morning", "stop")
    assert len(cell.upstream.asked) == 2


@dataclass(frozen=True)
class Kind:
    """One row of the matrix."""

    title: str
    holds: Callable[[Cell], None]
    means: str
    """What holds, for users."""
    leaves_blocks: bool = False


KINDS: dict[str, Kind] = {
    "text": Kind("Text", text, "System text, the question and the answer; tokens as the provider counted them."),
    "tools": Kind(
        "Parallel tool calls", tools, "Two calls in one reply, with their ids and arguments; both results reach the provider."
    ),
    "image": Kind("An image in", image, "The image as it was sent."),
    "reasoning": Kind(
        "Reasoning",
        reasoning,
        "The effort reaches the provider, its thoughts reach the client, and what the client gives back of them is taken. "
        "Efforts and Anthropic's budgets stand for each other: 1,024 tokens are `low`, 8,192 `medium`, 24,576 `high`. A model "
        "of which nobody knows whether it thinks (`<PROVIDER>_SUPPORTS_REASONING`) is told an effort, but no budget.",
    ),
    "structured": Kind(
        "Structured output",
        structured,
        "The JSON schema reaches the provider; the reply is the JSON. Anthropic closes every object: a schema with objects "
        "whose members may have any name is sent there as an instruction. A Messages client's schema with optional members is "
        "one that OpenAI does not take as strict: the reply is not held to it there, and `hr why` says so.",
    ),
    "refusal": Kind(
        "A refusal",
        refusal,
        "The model's refusal is one for the client too, with its words: in Messages as text that ends with stop reason "
        "`refusal`, elsewhere as a refusal of its own, which from Anthropic is the text as well.",
    ),
    "length": Kind(
        "A reply cut for its length",
        length,
        "The client is told that there would have been more. Codex takes no output limit: it is left out there.",
    ),
    "error before": Kind(
        "An error before the commit point",
        error_before,
        "The next candidate answers; the client never knows.",
        leaves_blocks=True,
    ),
    "error after": Kind(
        "An error after the commit point",
        error_after,
        "A stream ends in the dialect's own error event, which the SDK raises. Half of a whole reply is none: the next "
        "candidate answers.",
        leaves_blocks=True,
    ),
}


def cells() -> list[tuple[str, str, str, str]]:
    """Every field of the matrix: client dialect, provider, kind, and whether whole or streamed."""
    return list(product(CLIENTS, PROVIDERS, KINDS, HOWS))
