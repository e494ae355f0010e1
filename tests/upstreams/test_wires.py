"""Whatever an emulated provider speaks, it can break at each of its events, in every way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
import trio

from tests.upstreams import CLOSE, HANG, RESET, Answer, Breaks, ToolCall, Trouble, Upstream
from tests.upstreams.anthropic import Anthropic
from tests.upstreams.asked import Asked
from tests.upstreams.behaviours import Behaviour
from tests.upstreams.chat import Chat
from tests.upstreams.codex import Codex, access_token
from tests.upstreams.conversing import post
from tests.upstreams.gemini import Gemini
from tests.upstreams.mistral import Mistral
from tests.upstreams.responses import Responses
from tests.upstreams.wires import Wire, paced

ANSWER = Answer("one two", reasoning="hm", tool_calls=[ToolCall("look_up", '{"q": 1}', "call_1")], pieces=2)
MESSAGES = [{"role": "user", "content": "hi"}]


@dataclass
class Spoken:
    """A wire, and a request that it takes."""

    wire: Wire
    path: str
    body: dict[str, Any]
    key: str = "test-key-1"
    headers: tuple[tuple[str, str], ...] = ()

    async def ask(self, upstream: Upstream, **fields: Any) -> httpx2.Response:
        return await post(upstream, self.body | fields, path=self.path, key=self.key, headers=dict(self.headers))


_CODEX = {"model": "gpt-5.5", "instructions": "x", "input": MESSAGES, "store": False}
SPOKEN = {
    "chat": Spoken(Chat(), "/chat/completions", {"model": "m", "messages": MESSAGES}),
    "mistral": Spoken(Mistral(), "/chat/completions", {"model": "m", "messages": MESSAGES}),
    "gemini": Spoken(Gemini(), "/chat/completions", {"model": "m", "messages": MESSAGES}),
    "anthropic": Spoken(
        Anthropic(),
        "/messages",
        {"model": "claude-sonnet-5", "max_tokens": 100, "messages": MESSAGES, "thinking": {"type": "adaptive"}},
        headers=(("anthropic-version", "2023-06-01"),),
    ),
    "responses": Spoken(Responses(), "/responses", {"model": "gpt-5.5", "input": "hi", "reasoning": {"summary": "auto"}}),
    "codex": Spoken(
        Codex(),
        "/responses",
        _CODEX,
        access_token("account-a"),
        (("chatgpt-account-id", "account-a"), ("accept", "text/event-stream")),
    ),
}


@pytest.fixture(params=SPOKEN.values(), ids=SPOKEN)
def spoken(request: pytest.FixtureRequest) -> Spoken:
    made: Spoken = request.param
    return made


async def stream_of(spoken: Spoken, behave: Behaviour) -> list[str]:
    """The events of one stream, as far as they came."""
    async with Upstream(behave, wire=spoken.wire) as upstream:
        text = (await spoken.ask(upstream, stream=True)).text
    return text.split("\n\n")[:-1]


async def test_a_stream_can_be_cut_at_every_event(spoken: Spoken) -> None:
    whole = await stream_of(spoken, ANSWER)
    for after in range(len(whole)):
        async with Upstream(Breaks(ANSWER, after, CLOSE), wire=spoken.wire) as upstream:
            with pytest.raises(httpx2.RemoteProtocolError):
                await spoken.ask(upstream, stream=True)

    assert len(whole) > 6


@pytest.mark.parametrize("by", [Trouble.OVERLOADED, Trouble.RATE_LIMITED, Trouble.SERVER_ERROR, "data: {no json"])
async def test_trouble_and_garbage_can_come_at_every_event(spoken: Spoken, by: Trouble | str) -> None:
    whole = await stream_of(spoken, ANSWER)
    for after in range(len(whole) + 1):
        *begun, last = await stream_of(spoken, Breaks(ANSWER, after, by))

        assert begun == whole[:after]
        assert last == by if isinstance(by, str) else "error" in last or "capacity" in last or "rate" in last


async def test_a_stream_can_hang_midway(spoken: Spoken, autojump_clock: trio.testing.MockClock) -> None:
    async with Upstream(Breaks(ANSWER, 3, HANG), wire=spoken.wire) as upstream:
        with trio.move_on_after(60) as waiting:
            await spoken.ask(upstream, stream=True)

    assert waiting.cancelled_caught


async def test_a_stream_can_be_reset_midway(spoken: Spoken) -> None:
    async with Upstream(Breaks(ANSWER, 3, RESET), wire=spoken.wire) as upstream:
        with pytest.raises(httpx2.TransportError):
            await spoken.ask(upstream, stream=True)


@pytest.mark.parametrize("spoken", [each for each in SPOKEN.values() if not isinstance(each.wire, Codex)])
async def test_a_whole_reply_can_be_cut_be_an_error_and_be_garbage(spoken: Spoken) -> None:
    async with Upstream(
        [Breaks(ANSWER, 0, CLOSE), Breaks(ANSWER, 0, Trouble.OVERLOADED), Breaks(ANSWER, 0, "?")], wire=spoken.wire
    ) as upstream:
        with pytest.raises(httpx2.RemoteProtocolError):
            await spoken.ask(upstream)
        inside = await spoken.ask(upstream)
        garbage = await spoken.ask(upstream)

    refusal = spoken.wire.trouble(Trouble.OVERLOADED)
    assert (inside.status_code, inside.content) == (200, refusal.body)
    assert (garbage.status_code, garbage.text) == (200, "?")
    assert refusal.status >= 429


async def test_waits_stand_between_the_events_of_every_wire(spoken: Spoken, autojump_clock: trio.testing.MockClock) -> None:
    events = len(await stream_of(spoken, ANSWER))
    began = trio.current_time()
    await stream_of(spoken, Answer(**{**vars(ANSWER), "before_head_s": 5.0, "before_first_s": 3.0, "between_s": 2.0}))

    assert trio.current_time() - began >= 5 + 3 + 2 * (events - 4)


def test_comments_go_first() -> None:
    assert paced(["a", "b"], Answer(comments=[": x"], between_s=1)) == [": x", "a", 1, "b"]


def test_a_request_without_a_key_is_refused(spoken: Spoken) -> None:
    asked = Asked("POST", f"/v1{spoken.path}", (("content-type", "application/json"),), b"{}", 0, 1)
    refusal = spoken.wire.refusal(asked)

    assert refusal is not None
    assert refusal.status == 401
