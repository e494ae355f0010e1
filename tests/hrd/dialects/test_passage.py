"""Which way a request takes to a candidate."""

import msgspec
import pytest

from hrd.core.failures import BROKEN_HISTORY, ODD_NAMES, UNTAKEN_EFFORT
from hrd.core.history import NOTE_ORPHAN
from hrd.core.providers import Provider, Quirks
from hrd.core.refusals import Refusal
from hrd.dialects import embeddings, openai_chat
from hrd.dialects.contract import Dialect, Request, Stamp
from hrd.dialects.passage import Passage, Prepared
from hrd.dialects.spoken import TARGETS
from tests.hrd.dialects.replies import BOUNDS
from tests.hrd.stage import candidate

STAMP = Stamp(id="req-1", model="m", at=1)
CHAT = b'{"model":"x","messages":[{"role":"user","content":"hi"}],"max_tokens":5}'


def passage(dialect: Dialect, body: bytes) -> Passage:
    request = dialect.decode(body)
    assert isinstance(request, Request)
    return Passage(dialect, TARGETS, request, BOUNDS)


def prepared(dialect: Dialect, body: bytes, speaks: str = "openai_chat", **quirks: bool) -> Prepared | Refusal:
    known = msgspec.convert(quirks, Quirks)
    to = candidate(Provider(name="alpha", base_url="http://alpha.test/v1", dialect=speaks, models=("m1",), quirks=known))
    return passage(dialect, body).prepare(to, stamp=STAMP, drop=frozenset(), max_tokens=None)


def test_the_same_dialect_at_both_ends_passes_untouched_but_for_the_model() -> None:
    sent = prepared(openai_chat, CHAT)
    assert isinstance(sent, Prepared)
    assert (sent.path, sent.as_stream, sent.is_typed, sent.notes) == ("/chat/completions", False, True, ())
    assert sent.body == CHAT.replace(b'"x"', b'"m1"')
    reply = b'{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}'
    assert sent.read_whole(reply).body == reply
    assert sent.reply_stream() is not None


FUNCTION = {"name": "f", "parameters": {"type": "object"}}
OPENAI_WORDS: dict[str, dict[str, object]] = {
    "freeform": {"tools": [{"type": "custom", "custom": {"name": "f"}}]},
    "allowed": {
        "tools": [{"type": "function", "function": FUNCTION}],
        "tool_choice": {
            "type": "allowed_tools",
            "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "f"}}]},
        },
    },
    "functions": {"functions": [FUNCTION]},
}


@pytest.mark.parametrize("words", OPENAI_WORDS)
def test_what_openai_alone_understands_goes_to_its_likes_in_words_that_they_have(words: str) -> None:
    asked: dict[str, object] = {"model": "x", "messages": [{"role": "user", "content": "hi"}], **OPENAI_WORDS[words]}
    body = msgspec.json.encode(asked)
    untouched = prepared(openai_chat, body, openai_words=True)
    assert isinstance(untouched, Prepared)
    assert msgspec.json.decode(untouched.body) == asked | {"model": "m1"}

    reworded = prepared(openai_chat, body)
    assert isinstance(reworded, Prepared)
    sent = msgspec.json.decode(reworded.body)
    assert [(tool["type"], tool["function"]["name"]) for tool in sent["tools"]] == [("function", "f")]
    assert "functions" not in sent
    assert sent.get("tool_choice") in (None, "required")


def test_a_reply_to_a_freeform_tool_that_was_sent_as_a_function_is_the_freeform_tools() -> None:
    body = msgspec.json.encode({"model": "x", "messages": [{"role": "user", "content": "hi"}], **OPENAI_WORDS["freeform"]})
    sent = prepared(openai_chat, body)
    assert isinstance(sent, Prepared)
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"input":"as it stands"}'}}
    reply = {"choices": [{"index": 0, "message": {"content": None, "tool_calls": [call]}, "finish_reason": "tool_calls"}]}
    (choice,) = msgspec.json.decode(sent.read_whole(msgspec.json.encode(reply)).body)["choices"]
    assert choice["message"]["tool_calls"] == [{"id": "c", "type": "custom", "custom": {"name": "f", "input": "as it stands"}}]


def test_who_asked_with_functions_gets_a_function_call() -> None:
    body = msgspec.json.encode({"model": "x", "messages": [{"role": "user", "content": "hi"}], "functions": [FUNCTION]})
    sent = prepared(openai_chat, body)
    assert isinstance(sent, Prepared)
    assert msgspec.json.decode(sent.body)["parallel_tool_calls"] is False
    function = {"name": "f", "arguments": '{"q":1}'}
    call = {"index": 0, "id": "c", "type": "function", "function": function}
    reply = {"choices": [{"index": 0, "message": {"content": None, "tool_calls": [call]}, "finish_reason": "tool_calls"}]}
    (choice,) = msgspec.json.decode(sent.read_whole(msgspec.json.encode(reply)).body)["choices"]
    assert (choice["message"]["function_call"], choice["finish_reason"]) == (function, "function_call")
    assert "tool_calls" not in choice["message"]

    stream = sent.reply_stream()
    assert stream is not None
    chunk = {"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]}
    said = stream.feed(b"data: " + msgspec.json.encode(chunk) + b"\n\ndata: [DONE]\n\n")
    stream.end()
    assert b'"function_call":' + msgspec.json.encode(function) in said + stream.last


@pytest.mark.parametrize("content", ['""', '" \\n"', "[]", "null", 'null,"reasoning_content":"hm"'])
def test_a_conversation_in_which_nobody_says_anything_is_refused_before_anybody_is_asked(content: str) -> None:
    body = b'{"model":"x","messages":[{"role":"assistant","content":%b}]}' % content.encode()
    refusal = prepared(openai_chat, body, "anthropic_messages")
    assert isinstance(refusal, Refusal)
    assert (refusal.http_status, "empty" in refusal.message) == (400, True)


def test_who_reads_no_documents_is_told_that_one_is_missing() -> None:
    file = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}}
    content = [{"type": "text", "text": "what is this?"}, file]
    body = msgspec.json.encode({"model": "x", "messages": [{"role": "user", "content": content}]})
    left_out, taken = prepared(openai_chat, body), prepared(openai_chat, body, documents=True)
    assert isinstance(left_out, Prepared)
    assert isinstance(taken, Prepared)
    assert left_out.notes == ("a document that this provider cannot read left out",)
    (told,) = msgspec.json.decode(left_out.body)["messages"]
    assert told["content"] == "what is this?\n\n[A document is missing here: a.pdf]"
    assert (msgspec.json.decode(taken.body)["messages"][0]["content"], taken.notes) == (content, ())


LATE: dict[str, object] = {
    "model": "x",
    "messages": [
        {"role": "user", "content": "hi"},
        {"role": "tool", "tool_call_id": "gone", "content": "42"},
        {"role": "user", "content": "and?"},
    ],
}


def again(dialect: Dialect, asked: dict[str, object], *drop: str) -> Prepared | Refusal:
    to = candidate(Provider(name="alpha", base_url="http://alpha.test/v1", models=("m1",)))
    body = msgspec.json.encode(asked)
    return passage(dialect, body).prepare(to, stamp=STAMP, drop=frozenset(drop), max_tokens=None)


def test_a_history_that_was_refused_as_it_is_goes_repaired() -> None:
    untouched, repaired = again(openai_chat, LATE), again(openai_chat, LATE, BROKEN_HISTORY)
    assert isinstance(untouched, Prepared)
    assert isinstance(repaired, Prepared)
    assert msgspec.json.decode(untouched.body)["messages"] == LATE["messages"]
    sent = msgspec.json.decode(repaired.body)["messages"]
    assert {message["role"] for message in sent} == {"user"}
    assert "42" in str(sent)
    assert repaired.notes == (NOTE_ORPHAN,)


@pytest.mark.parametrize("name", ["reasoning_effort", "reasoning"])
def test_an_effort_that_was_not_taken_is_left_out_of_this_request(name: str) -> None:
    asked = LATE | {name: "high" if name == "reasoning_effort" else {"effort": "high"}}
    told, left_out = again(openai_chat, asked), again(openai_chat, asked, UNTAKEN_EFFORT)
    assert isinstance(told, Prepared)
    assert isinstance(left_out, Prepared)
    assert msgspec.json.decode(told.body)["reasoning_effort"] == "high"
    assert "high" not in left_out.body.decode()
    assert left_out.notes == ("reasoning_effort left out",)


def test_names_that_were_refused_go_as_others_and_come_back() -> None:
    tool = {"type": "function", "function": {"name": "files.read", "parameters": {"type": "object", "properties": {}}}}
    asked = again(openai_chat, LATE | {"tools": [tool]}, ODD_NAMES)
    assert isinstance(asked, Prepared)
    name = msgspec.json.decode(asked.body)["tools"][0]["function"]["name"]
    assert name.startswith("files_read_")
    call = {"id": "c1", "type": "function", "function": {"name": name, "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    whole = asked.read_whole(
        msgspec.json.encode({"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]})
    )
    (given,) = msgspec.json.decode(whole.body)["choices"][0]["message"]["tool_calls"]
    assert given["function"]["name"] == "files.read"


def test_what_the_hub_cannot_understand_goes_as_it_is_again() -> None:
    odd = LATE | {"messages": [{"role": "user", "content": 5}]}
    asked = again(openai_chat, odd, BROKEN_HISTORY)
    assert isinstance(asked, Prepared)
    assert msgspec.json.decode(asked.body)["messages"] == odd["messages"]


def test_what_has_no_way_by_the_hub_goes_as_it_is_again() -> None:
    asked = again(embeddings, {"model": "x", "input": "hi"}, BROKEN_HISTORY)
    assert isinstance(asked, Prepared)
    assert msgspec.json.decode(asked.body)["input"] == "hi"


@pytest.mark.parametrize("speaks", ["anthropic_messages", "nobody_knows"])
def test_what_has_no_counterpart_is_refused_with_whom_it_was_for(speaks: str) -> None:
    refusal = prepared(embeddings, b'{"model":"x","input":"hi"}', speaks)
    assert isinstance(refusal, Refusal)
    assert (refusal.http_status, "alpha" in refusal.message, speaks in refusal.message) == (400, True, True)


@pytest.mark.parametrize("documents", [False, True])
def test_a_file_of_text_is_a_text_to_whoever_is_not_openai(documents: bool) -> None:
    file = {"type": "file", "file": {"filename": "a.csv", "file_data": "data:text/csv;base64,YSxi"}}
    asked = msgspec.json.encode({"model": "x", "messages": [{"role": "user", "content": [file]}]})
    sent = prepared(openai_chat, asked, documents=documents)
    assert isinstance(sent, Prepared)
    assert msgspec.json.decode(sent.body)["messages"] == [{"role": "user", "content": "a.csv:\na,b"}]
    assert sent.notes == ()
    sent = prepared(openai_chat, asked, openai_words=True)
    assert isinstance(sent, Prepared)
    assert sent.body == asked.replace(b'"x"', b'"m1"')
    sent = prepared(openai_chat, asked, "anthropic_messages")
    assert isinstance(sent, Prepared)
    source = {"type": "text", "media_type": "text/plain", "data": "a,b"}
    assert msgspec.json.decode(sent.body)["messages"][0]["content"] == [
        {"type": "document", "source": source, "title": "a.csv"}
    ]


def test_a_grammar_of_chat_completions_reaches_the_backend_as_it_spells_them() -> None:
    form = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: x"}}
    asked = {"model": "x", "messages": [{"role": "user", "content": "hi"}]}
    asked["tools"] = [{"type": "custom", "custom": {"name": "patch", "format": form}}]
    sent = prepared(openai_chat, msgspec.json.encode(asked), "codex")
    assert isinstance(sent, Prepared)
    [tool] = msgspec.json.decode(sent.body)["tools"]
    assert tool["format"] == {"type": "grammar", "syntax": "lark", "definition": "start: x"}
