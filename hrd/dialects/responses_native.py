"""Responses between a client and a provider that both speak it: members as they were spelled, bytes as they came.

What another vendor sealed goes no further than here, and earlier replies stand in the input already (see `openai_responses`).
Reference: https://platform.openai.com/docs/api-reference/responses
"""

from collections.abc import Callable
from typing import Final

import msgspec

from hrd.core.failures import REPLAYED_REASONING
from hrd.core.providers import Provider, Quirks
from hrd.dialects import responses_reader
from hrd.dialects.contract import Encoded, Fields, Request, StreamBounds, WholeReply
from hrd.dialects.passing_stream import pass_whole
from hrd.dialects.quirks import PRIVATE_PREFIX
from hrd.dialects.responses_carried import MARK
from hrd.dialects.responses_pass import PassingResponse
from hrd.dialects.responses_reader import ResponsesReader
from hrd.dialects.responses_target import leave_out

PATH: Final = "/responses"
STREAMS_ONLY: Final = False
IS_TYPED: Final = True
_PRIVATE: Final = frozenset({"client_metadata"})
"""What the Codex CLI tells its own backend: to others it is an unknown member."""
_SEALED: Final = f'"{MARK}'.encode()
_ITEMS: Final = msgspec.json.Decoder(list[Fields])
_TEXT: Final = msgspec.json.Decoder(str)


def encode(
    request: Request,
    provider: Provider,
    model: str,
    *,
    drop: frozenset[str],
    max_tokens: int | None,
    ask_usage: bool,  # noqa: ARG001 (usage comes unasked)
) -> Encoded:
    """*request* as *provider* takes it, for *model*."""
    fields: Fields = {}
    notes: list[str] = []
    for name, raw in request.fields.items():
        if name in _PRIVATE or name.startswith(PRIVATE_PREFIX):
            notes.append(f"{name} left out")
        elif name != "previous_response_id":
            fields[name] = raw
    fields["model"] = msgspec.Raw(msgspec.json.encode(model))
    if max_tokens is not None:
        fields["max_output_tokens"] = msgspec.Raw(b"%d" % max_tokens)
    unseal(fields, notes, is_all=REPLAYED_REASONING in drop)
    notes += leave_out(fields, provider.quirks, model, drop)
    return Encoded(msgspec.json.encode(fields), tuple(notes))


def read_whole(request: Request, body: bytes, quirks: Quirks) -> WholeReply:  # noqa: ARG001 (every format is called alike)
    """A whole reply to *request*, read."""
    said = responses_reader.read_whole(body, ResponsesReader({}, passes=True))
    return pass_whole(said, body, request.ask.input_tokens)


def reply_stream(
    request: Request,
    quirks: Quirks,  # noqa: ARG001
    bounds: StreamBounds,
    done: Callable[[bytes], None] | None = None,
) -> PassingResponse:
    """A reader for one attempt's stream. *done* is given the response object of a reply that is complete."""
    return PassingResponse(input_tokens=request.ask.input_tokens, bounds=bounds, done=done)


def unseal(fields: Fields, notes: list[str], *, is_all: bool) -> None:
    """Take reasoning of earlier turns out of the input: what other vendors sealed, or all of it.

    Ids go with it: OpenAI misses the reasoning of an item that it can look up."""
    raw = fields.get("input")
    spelled = bytes(raw) if raw is not None else b""
    if spelled[:1] != b"[" or (spelled.find(b'"reasoning"') < 0 if is_all else spelled.find(_SEALED) < 0):
        return
    try:
        items = _ITEMS.decode(spelled)
    except (ValueError, RecursionError):
        return  # of a shape that is the provider's to judge
    kept = [item for item in items if not _is_sealed(item, is_all=is_all)]
    if len(kept) == len(items):
        return
    for item in kept:
        item.pop("id", None)
    fields["input"] = msgspec.Raw(msgspec.json.encode(kept))
    notes.append("reasoning of earlier turns left out")


def _is_sealed(item: Fields, *, is_all: bool) -> bool:
    if bytes(item.get("type", b"")) != b'"reasoning"':
        return False
    return is_all or bytes(item.get("encrypted_content", b"")).startswith(_SEALED)
