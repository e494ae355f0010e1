"""Replies with something odd in them: a client gets a legal reply of its dialect, or its dialect's own error."""

import json
from typing import Any, Final

import pytest
from anthropic.types import Message
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion
from openai.types.responses import Response
from pydantic import BaseModel

from hrd.core.providers import Quirks
from hrd.core.refusals import Refusal, RefusalKind
from hrd.dialects.contract import Ending, StreamReader
from hrd.dialects.passage import Passage, Prepared
from hrd.dialects.spoken import TARGETS
from hrd.upstream.failures import read_error_object
from hrd.upstream.open_stream import error_text
from tests.hrd.dialects.odd import with_something_odd
from tests.hrd.dialects.replies import BOUNDS
from tests.hrd.dialects.responses import STAMP
from tests.hrd.dialects.rich_replies import STREAMS, WHOLE
from tests.hrd.dialects.test_spoken import ASKED, SPOKEN_AT, asking, assert_legal
from tests.hrd.stage import candidate, provider

SHAPES: Final[dict[str, type[BaseModel]]] = {
    "/v1/chat/completions": ChatCompletion,
    "/v1/responses": Response,
    "/v1/messages": Message,
}

MENDED: Final = Quirks(rewrite_reply=("tool_index", "list_content", "finish_reason", "choices", "done"))
FREEFORM: Final = (b'"type":"custom"', b'"type":"function"')
"""OpenAI streams freeform calls in chat, too, but its library's chunk has no word for them."""


def prepared_for(endpoint: str, dialect: str, *, stream: bool) -> tuple[Any, Prepared]:
    client, request = asking(endpoint, stream=stream)
    passage = Passage(client, TARGETS, request, BOUNDS)
    who = candidate(provider("alpha", dialect=dialect, quirks=MENDED), "m")
    prepared = passage.prepare(who, stamp=STAMP, drop=frozenset(), max_tokens=None)
    assert isinstance(prepared, Prepared)
    return client, prepared


def refused_with(error: dict[str, Any]) -> Refusal:
    """What a client is refused with after a provider's error object."""
    assert error_text(error)
    failure = read_error_object("", error, {}, 0.0, scrub=lambda text: text)
    kind = RefusalKind.SAID_UPSTREAM if failure.body else RefusalKind.INTERRUPTED
    return Refusal(kind=kind, message=failure.message, body=failure.body)


def spelled(dialect: str, events: list[Any]) -> list[bytes]:
    """*events* as a provider sends them, one read each."""
    done = [b"data: [DONE]\n\n"] if dialect == "openai_chat" else []
    return [*(_spelled(dialect, event) for event in events), *done]


def _spelled(dialect: str, event: Any) -> bytes:
    kind = event.get("type") if isinstance(event, dict) else None
    is_named = dialect != "openai_chat" and isinstance(kind, str) and kind.isprintable() and kind.isascii()
    return b"%bdata: %b\n\n" % (b"event: %b\n" % kind.encode() if is_named else b"", json.dumps(event).encode())


def sent_to_client(client: Any, reply: StreamReader, reads: list[bytes]) -> bytes:
    """All that the client gets of a stream, with the error that takes the place of its end if it breaks off."""
    sent = b"".join([reply.feed(read) for read in reads])
    is_committed = reply.committed
    assert is_committed or not sent
    if reply.end() is not Ending.BROKEN:
        return sent + reply.last
    why = Refusal(kind=RefusalKind.INTERRUPTED, message=reply.broken)
    refusal = refused_with(reply.error) if reply.error is not None else why
    error: bytes = client.error_event(refusal, begun=is_committed)
    return (sent + reply.last if is_committed else b"") + error


@pytest.mark.parametrize("dialect", WHOLE)
@seed(4)
@settings(max_examples=50)
@given(st.data(), st.sampled_from(list(ASKED)))
def test_a_whole_reply_with_something_odd_in_it_is_legal_or_an_error(dialect: str, data: st.DataObject, endpoint: str) -> None:
    said = data.draw(st.sampled_from(WHOLE[dialect]).flatmap(with_something_odd))
    client, prepared = prepared_for(endpoint, dialect, stream=False)
    reply = prepared.read_whole(json.dumps(said).encode())
    if reply.error is not None:
        assert "error" in json.loads(client.error_reply(refused_with(reply.error))[2])
    elif not reply.broken and SPOKEN_AT[dialect] != endpoint:
        SHAPES[endpoint].model_validate_json(reply.body)


@pytest.mark.parametrize("dialect", STREAMS)
@seed(4)
@settings(max_examples=50)
@given(st.data(), st.sampled_from(list(ASKED)))
def test_a_stream_with_something_odd_in_it_is_legal_or_ends_in_an_error(
    dialect: str, data: st.DataObject, endpoint: str
) -> None:
    events = data.draw(st.sampled_from(STREAMS[dialect]).flatmap(lambda said: with_something_odd(said, whole=False)))
    client, prepared = prepared_for(endpoint, dialect, stream=True)
    reply = prepared.reply_stream()
    assert reply is not None
    sent = sent_to_client(client, reply, spelled(dialect, events))
    assert reply.usage().input_tokens >= 0
    if SPOKEN_AT[dialect] != endpoint:
        assert_legal(endpoint, sent.replace(*FREEFORM))
