"""Old completions by way of the hub."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from openai.types import Completion

from hrd.core.conversation import Conversation, Role, Sampling, Text, Turn
from hrd.core.reply_events import Finish, Finished, ReplyEvent, Started, Thought, UsageSeen
from hrd.core.reply_events import Text as Said
from hrd.dialects.contract import Request, Stamp
from hrd.dialects.openai_completions import decode
from hrd.dialects.openai_completions_hub import CONTINUE, FILL, conversation, event_writer, write_whole
from tests.hrd.dialects.replies import USAGE, sequences

STAMP = Stamp(id="req-1", model="m-sent", at=1_790_000_000)


def asked(**members: object) -> Request:
    request = decode(json.dumps({"model": "x", "prompt": "def f(", **members}).encode())
    assert isinstance(request, Request)
    return request


def streamed(events: Sequence[ReplyEvent], *, usage: bool = True) -> list[dict[str, Any]]:
    writer = event_writer(asked(stream=True, stream_options={"include_usage": usage}), STAMP)
    text = b"".join([*map(writer.write, events), writer.end()]).decode()
    *blocks, done, rest = text.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    chunks: list[dict[str, Any]] = [json.loads(block.removeprefix("data: ")) for block in blocks]
    for chunk in chunks:
        for choice in chunk["choices"]:  # the library's type leaves out that an ending may be still to come
            Completion.model_validate({**chunk, "choices": [{**choice, "finish_reason": choice["finish_reason"] or "stop"}]})
    return chunks


def test_a_prompt_becomes_a_chat_that_wants_its_continuation() -> None:
    found = conversation(asked(max_tokens=9, stop="\n", temperature=0.2, seed=1, user="ann"))
    assert isinstance(found, Conversation)
    assert found.turns == (Turn(Role.SYSTEM, (Text(CONTINUE),)), Turn(Role.USER, (Text("def f("),)))
    assert (found.max_tokens, found.stop, found.sampling) == (9, ("\n",), Sampling(temperature=0.2, seed=1))
    assert list(found.extras) == ["user"]


def test_a_suffix_makes_a_gap() -> None:
    found = conversation(asked(suffix="):"))
    assert isinstance(found, Conversation)
    assert [turn.parts for turn in found.turns] == [(Text(FILL),), (Text("def f(<gap/>):"),)]


@pytest.mark.parametrize(("reason", "word"), [(Finish.STOP, "stop"), (Finish.LENGTH, "length"), (Finish.CALLS, "stop")])
def test_a_whole_reply_is_text(reason: Finish, word: str) -> None:
    reply = json.loads(write_whole(asked(), [Started("r", "m"), Thought("hm"), Said("a"), Said("b"), Finished(reason)], STAMP))
    Completion.model_validate(reply)
    assert (reply["choices"][0]["text"], reply["choices"][0]["finish_reason"], reply["model"]) == ("ab", word, "m")


def test_a_stream_is_texts_an_ending_and_the_usage_for_who_asked() -> None:
    events = [Started("r", ""), Said("a"), Finished(Finish.STOP), UsageSeen(USAGE)]
    text, ending, usage = streamed(events)
    assert (text["choices"][0]["text"], text["choices"][0]["finish_reason"], text["model"]) == ("a", None, "m-sent")
    assert (ending["choices"][0]["finish_reason"], usage["usage"]["total_tokens"]) == ("stop", 10)
    assert len(streamed(events, usage=False)) == 2


@given(sequences())
def test_a_stream_says_what_the_whole_reply_says(events: list[ReplyEvent]) -> None:
    whole = json.loads(write_whole(asked(), events, STAMP))["choices"][0]
    chunks = [choice for chunk in streamed(events) for choice in chunk["choices"]]
    assert ("".join(each["text"] for each in chunks), chunks[-1]["finish_reason"]) == (whole["text"], whole["finish_reason"])
