"""One conversation over providers of five kinds, with tools and thinking: each takes what the others wrote, and its own back.

The emulated providers are strict: they refuse call ids out of their alphabet, signatures that they did not make, encrypted
reasoning of somebody else, members that they do not know, calls without results and roles out of order.
"""

from __future__ import annotations

import json

import pytest

from tests.matrix.cells import CLIENTS, LOOK_UP
from tests.matrix.house import ACCOUNTS, PROVIDERS, House, model_of
from tests.matrix.talks import Talk, Wishes
from tests.upstreams import Answer, ToolCall
from tests.upstreams.asked import Asked
from tests.upstreams.codex import usage_limit

pytestmark = pytest.mark.e2e

WAY = ("anthropic", "mistral", "codex", "gemini", "anthropic")


def thinks_and_calls(number: int) -> Answer:
    calls = [ToolCall("look_up", json.dumps({"q": f"{number}.{place}"}), f"call_test{number}{place:04}") for place in (1, 2)]
    return Answer(f"let me see {number}", reasoning=f"thought {number}", tool_calls=calls)


def answers(number: int) -> Answer:
    return Answer(f"answer {number}", reasoning=f"second thought {number}")


def look_up(house: House, talk: Talk, number: int, asked: str, then: str, wishes: Wishes) -> None:
    """One turn: *asked* thinks and calls tools, *then* gets the results and answers."""
    house.turn(then, answers(number))
    first = house.turn(asked, [thinks_and_calls(number), answers(number)])
    talk.say(f"question {number}")
    heard = talk.ask(model_of(asked), wishes)
    assert [arguments for _, _, arguments in heard.calls] == [{"q": f"{number}.1"}, {"q": f"{number}.2"}]
    assert [each.refused for each in first.asked] == [""]

    talk.answer({id_: f"result {number}.{place}" for place, id_ in enumerate(heard.call_ids, 1)})
    heard = talk.ask(model_of(then), wishes)
    assert heard.text == f"answer {number}"
    asked_last = house.upstreams[then].asked
    assert [each.refused for each in asked_last if each.refused] == []
    assert all(f"result {before}.{place}" in str(asked_last[-1].json) for before in range(1, number + 1) for place in (1, 2))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_conversation_moves_from_turn_to_turn(house: House, client: str, stream: bool) -> None:
    wishes = Wishes(stream=stream, tools=[LOOK_UP], effort="low")
    talk = house.talk(client, "be thorough")
    for number, provider in enumerate(WAY, 1):
        look_up(house, talk, number, provider, provider, wishes)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_conversation_moves_between_a_call_and_its_results(house: House, client: str, stream: bool) -> None:
    wishes = Wishes(stream=stream, tools=[LOOK_UP], effort="low")
    talk = house.talk(client, "be thorough")
    for number, (provider, following) in enumerate(zip(WAY, (*WAY[1:], WAY[0]), strict=True), 1):
        look_up(house, talk, number, provider, following, wishes)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_loop_of_calls_moves(house: House, client: str, stream: bool) -> None:
    """The user says nothing in between: what one called for, the next goes on with, Anthropic at last with what others did."""
    wishes = Wishes(stream=stream, tools=[LOOK_UP], effort="low")
    talk = house.talk(client, "be thorough")
    talk.say("find it out")
    for number, provider in enumerate(WAY, 1):
        house.turn(provider, thinks_and_calls(number))
        heard = talk.ask(model_of(provider), wishes)
        assert [arguments for _, _, arguments in heard.calls] == [{"q": f"{number}.1"}, {"q": f"{number}.2"}]
        talk.answer({id_: f"result {number}.{place}" for place, id_ in enumerate(heard.call_ids, 1)})

    last = house.turn("anthropic", answers(0))
    assert talk.ask(model_of("anthropic"), wishes).text == "answer 0"
    assert all(f"result {number}.{place}" in str(last.asked[-1].json) for number in range(1, len(WAY) + 1) for place in (1, 2))


@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_provider_wrote_comes_back_to_it_as_it_wrote_it(house: House, client: str) -> None:
    """Between two turns of Anthropic others have answered: what it thought is given back to it as it signed it, and no more."""
    wishes = Wishes(tools=[LOOK_UP], effort="low")
    talk = house.talk(client)
    for number, provider in enumerate(WAY, 1):
        look_up(house, talk, number, provider, provider, wishes)

    back = house.upstreams["anthropic"].asked[-1].json["messages"]
    kinds = [block["type"] for message in back for block in message["content"] if isinstance(block, dict)]
    thoughts = [block["thinking"] for message in back for block in message["content"] if block.get("type") == "thinking"]
    assert kinds.count("tool_use") == kinds.count("tool_result") == 2 * len(WAY)
    assert thoughts == ["thought 1", "second thought 1", f"thought {len(WAY)}"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("client", CLIENTS)
def test_reasoning_that_another_account_sealed_is_no_reason_to_fail(house: House, client: str, stream: bool) -> None:
    """The first account is used up in the middle of a conversation. The second cannot read what the first one thought."""
    wishes = Wishes(stream=stream, effort="low")
    talk = house.talk(client)
    talk.say("is it so?")
    house.turn("codex", Answer("yes", reasoning="hm"))
    talk.ask(model_of("codex"), wishes)
    spent = usage_limit(2_000_000_000, 3600)
    second = house.turn("codex", lambda asked: spent if account_of(asked) == ACCOUNTS[0] else Answer("still yes"))
    talk.say("are you sure?")
    try:
        heard = talk.ask(model_of("codex"), wishes)
    finally:
        house.forget_failures()

    assert heard.text == "still yes"
    assert [account_of(asked) for asked in second.asked if asked.status != 400] == list(ACCOUNTS)


def account_of(asked: Asked) -> str | None:
    return asked.header("chatgpt-account-id")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_login_that_runs_out_in_the_middle_is_renewed(house: House, client: str, stream: bool) -> None:
    """The backend lets nobody in with the tokens of before; the client never knows."""
    talk = house.talk(client)
    talk.say("is it so?")
    house.turn("codex", Answer("yes"))
    talk.ask(model_of("codex"), Wishes(stream=stream))
    house.logins.expire_access(ACCOUNTS[0])
    after = house.turn("codex", Answer("still yes"))
    talk.say("are you sure?")
    heard = talk.ask(model_of("codex"), Wishes(stream=stream))

    assert heard.text == "still yes"
    assert [asked.status for asked in after.asked] == [401, 200]
    assert {account_of(asked) for asked in after.asked} == {ACCOUNTS[0]}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_result_whose_call_was_cut_off_is_no_reason_to_fail(house: House, client: str, provider: str) -> None:
    """Clients cut histories. Who gets it as it is refuses it, and is asked once more with the history repaired."""
    talk = house.talk(client)
    talk.say("look it up")
    talk.answer({"call_test00009": "forty-two"})
    talk.say("and?")
    upstream = house.turn(provider, Answer("so it is"))
    heard = talk.ask(model_of(provider), Wishes(tools=[LOOK_UP]))

    assert heard.text == "so it is"
    assert len(upstream.asked) <= 2
    assert "forty-two" in str(upstream.asked[-1].json)
