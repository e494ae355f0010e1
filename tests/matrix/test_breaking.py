"""A provider's stream that breaks at any event, in any way: the client gets a whole answer, or is told that it broke off.

Before the commit point the next candidate answers, and the client never knows. From there on its SDK raises, behind text that
is the beginning of what was said. Never is half an answer taken for a whole one.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import anthropic
import openai
import pytest

from tests.matrix.cells import BEGUN, CLIENTS, LOOK_UP, PROVIDERS
from tests.matrix.house import House, model_of
from tests.matrix.talks import BrokeOffError, Wishes
from tests.upstreams import CLOSE, RESET, Answer, Breaks, Status, ToolCall, Trouble, html
from tests.upstreams.behaviours import Behaviour
from tests.upstreams.codex import not_included, usage_limit
from tests.upstreams.recorded import RECORDED
from tests.upstreams.responses import Responses
from tests.upstreams.steps import Ending

pytestmark = pytest.mark.e2e

SAID = "one two three four"
EVENTS = {"openai": 7, "anthropic": 9, "codex": 11}
"""So many events tell `SAID`, with the one that ends the stream."""
WAYS: dict[str, Ending | str | Trouble] = {
    "closed": CLOSE,
    "reset": RESET,
    "garbage": "data: {no json",
    "overloaded": Trouble.OVERLOADED,
}


def ask(house: House, client: str, provider: str, behave: list[Behaviour], began: Callable[[], object] = bool) -> str:
    """The answer; or the beginning of one, with `…` where it was said to have broken off."""
    house.turn(provider, behave)
    talk = house.talk(client)
    talk.say("count")
    try:
        return talk.ask(model_of(provider), Wishes(stream=True, began=began)).text
    except BrokeOffError as broke_off:
        return f"{broke_off.text}…"
    finally:
        house.forget_failures()


@pytest.mark.parametrize("by", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("client", CLIENTS)
def test_no_break_is_taken_for_an_end(house: House, client: str, provider: str, by: Ending | str | Trouble) -> None:
    heard = [
        ask(house, client, provider, [Breaks(Answer(SAID), after, by), Answer("five")]) for after in range(EVENTS[provider])
    ]

    assert heard[: BEGUN[provider] + 1] == ["five"] * (BEGUN[provider] + 1)
    assert all(text in ("five", SAID) or (text.endswith("…") and SAID.startswith(text[:-1])) for text in heard), heard


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_last_event_is_the_one_that_ends_a_stream(house: House, provider: str) -> None:
    """What the count of events above rests on."""
    whole = ask(house, "chat", provider, [Breaks(Answer(SAID), EVENTS[provider], CLOSE), Answer("five")])
    heard = Event()
    breaks = Breaks(Answer(SAID), EVENTS[provider] - 1, CLOSE, once=heard)
    short = ask(house, "chat", provider, [breaks, Answer("five")], heard.set)

    assert whole == SAID
    assert short in (SAID, f"{SAID}…")


AT_HOME = {"chat": "openai", "messages": "anthropic", "responses": "codex"}
WRITING = Answer("", tool_calls=[ToolCall("look_up", '{"q": "one two three four"}')], pieces=8, between_s=0.01)


@pytest.mark.parametrize("provider", AT_HOME.values())
@pytest.mark.parametrize("client", CLIENTS)
def test_a_break_in_a_call_goes_unnoticed_where_calls_are_sent_whole(house: House, client: str, provider: str) -> None:
    """Between equals its beginning has gone out already: then it is told."""
    upstream = house.turn(provider, [Breaks(WRITING, 6, CLOSE), Answer("five")])
    talk = house.talk(client)
    talk.say("look it up")
    wishes = Wishes(stream=True, tools=[LOOK_UP])
    try:
        if AT_HOME[client] == provider:
            with pytest.raises(BrokeOffError):
                talk.ask(model_of(provider), wishes)
        else:
            assert talk.ask(model_of(provider), wishes).text == "five"
            assert len(upstream.asked) == 2
    finally:
        house.forget_failures()


REFUSALS: dict[str, dict[str, Status]] = {
    "openai": {
        name: Status.of(RECORDED[f"OPENAI_{name}"]) for name in ("KEY", "TPM", "RPD", "NO_CREDIT", "OVERLOADED", "NO_MODEL")
    },
    "anthropic": {
        name: Status.of(RECORDED[f"ANTHROPIC_{name}"]) for name in ("KEY", "RATE", "CREDIT", "BILLING", "OVERLOADED")
    },
    "codex": {
        "usage limit": usage_limit(2_000_000_000, 3600),
        "not included": not_included(),
        "overloaded": Responses().trouble(Trouble.OVERLOADED),
        "a challenge in between": html(403),
    },
}
"""What a key, an account, a plan or a model can be refused with, so that another one is asked."""


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(("provider", "name"), [(provider, name) for provider, named in REFUSALS.items() for name in named])
def test_who_refuses_for_reasons_of_its_own_is_passed_over(house: House, client: str, provider: str, name: str) -> None:
    refusal = REFUSALS[provider][name]
    upstream = house.turn(provider, lambda asked: refusal if asked.key == upstream.asked[0].key else Answer("five"))
    talk = house.talk(client)
    talk.say("count")
    try:
        heard = talk.ask(model_of(provider), Wishes())
    finally:
        house.forget_failures()

    assert heard.text == "five"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("client", "error"),
    [("chat", openai.RateLimitError), ("responses", openai.RateLimitError), ("messages", anthropic.RateLimitError)],
)
def test_when_nobody_is_left_the_sdk_knows_why_and_how_long(
    house: House, client: str, error: type[Exception], provider: str, stream: bool
) -> None:
    limited = Status.json(429, {"error": {"message": "Rate limit reached"}}, [("retry-after", "90")])
    house.turn(provider, limited)
    talk = house.talk(client)
    talk.say("count")
    try:
        with pytest.raises(error) as refused:
            talk.ask(model_of(provider), Wishes(stream=stream))
    finally:
        house.forget_failures()

    assert isinstance(refused.value, openai.RateLimitError | anthropic.RateLimitError)
    assert 80 <= int(refused.value.response.headers["retry-after"]) <= 90
    assert len(house.upstreams[provider].asked) == 2
