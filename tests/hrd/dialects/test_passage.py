"""Which way a request takes to a candidate."""

import pytest

from hrd.core.providers import Provider
from hrd.core.refusals import Refusal
from hrd.dialects import embeddings, openai_chat
from hrd.dialects.contract import Dialect, Request, Stamp
from hrd.dialects.passage import Passage, Prepared
from hrd.dialects.spoken import TARGETS
from tests.hrd.stage import candidate

STAMP = Stamp(id="req-1", model="m", at=1)
CHAT = b'{"model":"x","messages":[{"role":"user","content":"hi"}],"max_tokens":5}'


def passage(dialect: Dialect, body: bytes) -> Passage:
    request = dialect.decode(body)
    assert isinstance(request, Request)
    return Passage(dialect, TARGETS, request, 65_536)


def prepared(dialect: Dialect, body: bytes, speaks: str = "openai_chat", **how: object) -> Prepared | Refusal:
    to = candidate(Provider(name="alpha", base_url="http://alpha.test/v1", dialect=speaks, models=("m1",)))
    return passage(dialect, body).prepare(to, stamp=STAMP, drop=frozenset(), max_tokens=None)


def test_the_same_dialect_at_both_ends_passes_untouched_but_for_the_model() -> None:
    sent = prepared(openai_chat, CHAT)
    assert isinstance(sent, Prepared)
    assert (sent.path, sent.as_stream, sent.is_typed, sent.notes) == ("/chat/completions", False, True, ())
    assert sent.body == CHAT.replace(b'"x"', b'"m1"')
    reply = b'{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}'
    assert sent.read_whole(reply).body == reply
    assert sent.reply_stream() is not None


@pytest.mark.parametrize("speaks", ["anthropic_messages", "nobody_knows"])
def test_what_has_no_counterpart_is_refused_with_whom_it_was_for(speaks: str) -> None:
    refusal = prepared(embeddings, b'{"model":"x","input":"hi"}', speaks)
    assert isinstance(refusal, Refusal)
    assert (refusal.http_status, "alpha" in refusal.message, speaks in refusal.message) == (400, True, True)
