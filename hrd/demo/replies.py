"""What a demo provider says: OpenAI-shaped replies that call themselves a demo. Pure: a request in, bytes out."""

import base64
import hashlib
import json
import struct
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

DEMO_HEADER = (b"x-hermes-demo", b"1")
JSON_TYPE = (b"content-type", b"application/json")
SSE_TYPE = (b"content-type", b"text/event-stream; charset=utf-8")
CREATED = 1_790_000_000
DIMENSIONS = 16
QUOTED_CHARACTERS = 80

Pairs = tuple[tuple[bytes, bytes], ...]


class DemoReply(NamedTuple):
    """Either *body*, or *pieces* to be streamed one after the other."""

    status: int
    headers: Pairs
    body: bytes = b""
    pieces: Sequence[bytes] = ()


def chat(name: str, request: dict[str, Any]) -> DemoReply:
    """A chat completion by *name*, whole or as a stream."""
    asked = last_words(request)
    if asked is None:
        return failure(400, "demo: messages must be a list of at least one", "invalid_request_error")
    text = (
        f"This is {name}, a demo provider inside hermes-router; no model has read this. You said: {asked!r}. "
        "Add a real key with: hr auth add PROVIDER"
    )
    outline = {"id": f"chatcmpl-{name}", "created": CREATED, "model": request.get("model") or name}
    usage = _usage(len(json.dumps(request["messages"])), len(text))
    if request.get("stream") is True:
        options = request.get("stream_options")
        wants_usage = isinstance(options, dict) and options.get("include_usage") is True
        pieces = _stream({**outline, "object": "chat.completion.chunk"}, text, usage if wants_usage else None)
        return DemoReply(200, (SSE_TYPE, DEMO_HEADER), pieces=tuple(pieces))
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return _json(200, {**outline, "object": "chat.completion", "choices": [choice], "usage": usage})


def embeddings(name: str, request: dict[str, Any]) -> DemoReply:
    """One vector for each input: the same for the same input, and of no meaning."""
    given = request.get("input")
    items = given if isinstance(given, list) and given and not isinstance(given[0], int) else [given]
    if not given:
        return failure(400, "demo: input is missing", "invalid_request_error")
    data = []
    for index, item in enumerate(items):
        vector = _vector(item)
        if request.get("encoding_format") == "base64":
            packed: Any = base64.b64encode(struct.pack(f"<{DIMENSIONS}f", *vector)).decode()
        else:
            packed = vector
        data.append({"object": "embedding", "index": index, "embedding": packed})
    counted = _usage(len(json.dumps(given)), 0)
    usage = {"prompt_tokens": counted["prompt_tokens"], "total_tokens": counted["total_tokens"]}
    return _json(200, {"object": "list", "data": data, "model": request.get("model") or name, "usage": usage})


def models(model: str) -> DemoReply:
    """The list of the one model there is."""
    listed = {"id": model, "object": "model", "created": CREATED, "owned_by": "hermes-router demo"}
    return _json(200, {"object": "list", "data": [listed]})


def failure(status: int, message: str, type_: str, code: str | None = None, headers: Pairs = ()) -> DemoReply:
    """A refusal in OpenAI's envelope."""
    error = {"message": message, "type": type_, "param": None, "code": code}
    return _json(status, {"error": error}, headers)


def last_words(request: dict[str, Any]) -> str | None:
    """What the last message says, shortened; None if there are no messages."""
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages:
        return None
    content = messages[-1].get("content") if isinstance(messages[-1], dict) else None
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        content = " ".join(text for text in texts if isinstance(text, str))
    text = content if isinstance(content, str) else ""
    return text if len(text) <= QUOTED_CHARACTERS else text[: QUOTED_CHARACTERS - 1] + "…"


def _stream(outline: dict[str, Any], text: str, usage: dict[str, int] | None) -> Iterator[bytes]:
    first = {"role": "assistant", "content": ""}
    words = [{"content": word} for word in text.split(" ")]
    spaced = [words[0], *({"content": " " + word["content"]} for word in words[1:])]
    for delta in (first, *spaced):
        yield _event({**outline, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    yield _event({**outline, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    if usage is not None:
        yield _event({**outline, "choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def _json(status: int, value: dict[str, Any], headers: Pairs = ()) -> DemoReply:
    return DemoReply(status, (JSON_TYPE, DEMO_HEADER, *headers), json.dumps(value, ensure_ascii=False).encode())


def _usage(characters_in: int, characters_out: int) -> dict[str, int]:
    """Four characters a token: a demo's count, not a tokenizer's."""
    prompt, completion = max(1, characters_in // 4), characters_out // 4
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _vector(item: object) -> list[float]:
    digest = hashlib.shake_256(json.dumps(item).encode()).digest(DIMENSIONS)
    return [byte / 128 - 1 for byte in digest]
