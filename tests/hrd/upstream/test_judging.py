"""What a reply amounts to: its type, whose it was, and what is said in the middle of it."""

import msgspec
import pytest

from hrd.core.facts import Claim
from hrd.core.failures import Verdict
from hrd.core.providers import Quirks
from hrd.dialects import openai_chat_native
from hrd.dialects.contract import StreamBounds, StreamReader
from hrd.http.messages import Headers, ReplyHead
from hrd.upstream.judging import is_event_stream
from hrd.upstream.results import Answered
from tests.hrd.upstream.parts import BODY, KEY, REQUEST, claim, judge, prepared

URL = "https://alpha.test/v1"
REPLY = b'{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}'


def head(status: int = 200, **fields: str) -> ReplyHead:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    return ReplyHead(
        status=status, reason="", minor=1, headers=Headers(pairs), keep_alive=True, content_length=None, chunked=False
    )


def of_account(account: str) -> Claim:
    """A claim on a key whose account is known, or not."""
    asked = claim(URL, reader="openai")
    credential = msgspec.structs.replace(asked.candidate.credential, account=account)
    return msgspec.structs.replace(asked, candidate=msgspec.structs.replace(asked.candidate, credential=credential))


@pytest.mark.parametrize(
    ("content_type", "is_typed", "is_one"),
    [
        ("text/event-stream", True, True),
        ("Text/Event-Stream; charset=utf-8", True, True),
        ("application/json", False, False),
        ("text/event", True, False),
        ("", True, False),
        ("", False, True),
    ],
)
def test_a_stream_is_what_was_promised_as_one(content_type: str, is_typed: bool, is_one: bool) -> None:
    said = head(content_type=content_type) if content_type else head()
    assert is_event_stream(said, is_typed=is_typed) is is_one


@pytest.mark.parametrize(
    ("known", "said", "learned"),
    [("", "org-1", "org-1"), ("", "", ""), ("", KEY, ""), ("", "two words", ""), ("mine", "org-1", "")],
    ids=["named", "not named", "named by the key itself", "no name", "known already"],
)
def test_an_account_is_learned_where_nobody_has_named_it(known: str, said: str, learned: str) -> None:
    reply = head(content_type="application/json", openai_organization=said)
    assert judge().account(of_account(known), reply) == learned
    answered = judge().whole(of_account(known), reply, REPLY, prepared(BODY, as_stream=False))
    assert isinstance(answered, Answered)
    assert answered.account == learned


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (b'{"error":{"message":"overloaded","code":503}}', Verdict.OVERLOADED),
        (b'{"error":""}', Verdict.WRONG_TYPE),
        (b'{"choices":[]}', Verdict.WRONG_TYPE),
        (b"<html>", Verdict.WRONG_TYPE),
        (b'{"\xff":1}', Verdict.WRONG_TYPE),
        (b"[" * 100_000, Verdict.WRONG_TYPE),
        (b"", Verdict.WRONG_TYPE),
    ],
)
def test_what_is_no_stream_is_an_error_if_it_says_one(body: bytes, verdict: Verdict) -> None:
    missed = judge().odd(claim(URL), head(content_type=f"text/{KEY}"), body)
    assert missed.failure.verdict is verdict
    assert KEY not in missed.failure.message


def fed(data: bytes) -> StreamReader:
    reader = openai_chat_native.reply_stream(REQUEST, Quirks(), StreamBounds(65_536, 65_536))
    reader.feed(data)
    return reader


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        (b"", None),
        (b": wait\n\n", None),
        (b'data: {"choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n', None),
        (b'data: {"error":{"message":"overloaded","code":503}}\n\n', Verdict.OVERLOADED),
        (b"data: {\n\n", Verdict.BROKEN),
        (b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n', Verdict.EMPTY),
    ],
    ids=["nothing yet", "a comment", "its commit point", "an error", "no JSON", "empty"],
)
def test_a_stream_as_far_as_it_came(data: bytes, verdict: Verdict | None) -> None:
    missed = judge().begun(claim(URL), head(content_type="text/event-stream"), fed(data), ())
    assert (missed and missed.failure.verdict) is verdict
    if missed is not None:
        assert (missed.empty is not None) == (verdict is Verdict.EMPTY)
