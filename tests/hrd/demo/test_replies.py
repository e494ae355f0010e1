"""The demo's replies: OpenAI-shaped, the same for the same request, and saying that they are a demo."""

import base64
import json
import struct
from typing import Any

import pytest

from hrd.demo.replies import DEMO_HEADER, DemoReply, chat, embeddings, failure, last_words, models

CHAT: dict[str, Any] = {"model": "demo-fine", "messages": [{"role": "user", "content": "hi there"}]}


def said(reply: DemoReply) -> Any:
    return json.loads(reply.body)


def test_a_whole_reply_says_demo_and_quotes_what_was_said() -> None:
    reply = chat("demo_fine", CHAT)

    assert (reply.status, reply.pieces) == (200, ())
    assert DEMO_HEADER in reply.headers
    completion = said(reply)
    assert completion["choices"][0]["message"]["content"] == (
        "This is demo_fine, a demo provider inside hermes-router; no model has read this. You said: 'hi there'. "
        "Add a real key with: hr auth add PROVIDER"
    )
    assert completion["usage"] == {"prompt_tokens": 10, "completion_tokens": 36, "total_tokens": 46}


def test_a_stream_holds_the_same_text_and_ends_with_done() -> None:
    whole = said(chat("demo_fine", CHAT))["choices"][0]["message"]["content"]
    *pieces, done = chat("demo_fine", CHAT | {"stream": True}).pieces

    assert done == b"data: [DONE]\n\n"
    chunks = [json.loads(piece.removeprefix(b"data: ")) for piece in pieces]
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == whole
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks if chunk["choices"][0]["finish_reason"]] == ["stop"]


@pytest.mark.parametrize(("options", "has_usage"), [(None, False), ({}, False), ({"include_usage": True}, True)])
def test_usage_comes_in_a_stream_only_if_asked_for(options: Any, has_usage: bool) -> None:
    reply = chat("demo_fine", CHAT | {"stream": True, "stream_options": options})
    last = json.loads(reply.pieces[-2].removeprefix(b"data: "))

    assert ("usage" in last) is has_usage
    assert (last["choices"] == []) is has_usage


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"role": "user", "content": "plain"}, "plain"),
        ({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url"}, {"text": "b"}]}, "a b"),
        ({"role": "user", "content": None}, ""),
        ({"role": "user", "content": "x" * 81}, "x" * 79 + "…"),
        ("no message", ""),
    ],
)
def test_what_was_said_is_found_and_shortened(message: Any, words: str) -> None:
    assert last_words({"messages": [message]}) == words


@pytest.mark.parametrize("request_body", [{}, {"messages": []}, {"messages": "hi"}])
def test_a_chat_without_messages_is_refused(request_body: dict[str, Any]) -> None:
    assert chat("demo_fine", request_body).status == 400


def test_embeddings_are_the_same_in_both_encodings() -> None:
    floats = said(embeddings("demo_fine", {"model": "m", "input": ["one", "two"]}))["data"]
    packed = said(embeddings("demo_fine", {"model": "m", "input": ["one", "two"], "encoding_format": "base64"}))["data"]

    assert [len(item["embedding"]) for item in floats] == [16, 16]
    assert list(struct.unpack("<16f", base64.b64decode(packed[1]["embedding"]))) == floats[1]["embedding"]
    assert floats[0]["embedding"] != floats[1]["embedding"]


@pytest.mark.parametrize(("given", "count"), [("one", 1), ([1, 2], 1), ([[1], [2]], 2)])
def test_text_and_token_ids_are_embedded(given: Any, count: int) -> None:
    assert len(said(embeddings("demo_fine", {"input": given}))["data"]) == count


@pytest.mark.parametrize("given", [None, "", []])
def test_nothing_cannot_be_embedded(given: Any) -> None:
    assert embeddings("demo_fine", {"input": given}).status == 400


def test_models_and_failures() -> None:
    assert [model["id"] for model in said(models("demo-fine"))["data"]] == ["demo-fine"]
    refused = failure(429, "demo: no", "requests", "rate_limit_exceeded", ((b"retry-after", b"7"),))
    assert (refused.status, said(refused)["error"]["code"]) == (429, "rate_limit_exceeded")
    assert (b"retry-after", b"7") in refused.headers
    assert DEMO_HEADER in refused.headers
