"""Messages between a client and a provider that both speak them: members as they were spelled, bytes as they came.

Taken out is what the provider would refuse and cannot miss: reasoning of other vendors that came by way of this router, and
sources that it spelled. What a model does not take is changed only if it is another one than the client named.
"""

from typing import Final

import msgspec

from hrd.core.failures import A_BETA, REPLAYED_REASONING
from hrd.core.providers import Provider, Quirks
from hrd.dialects.anthropic_fitting import fit, keep_within
from hrd.dialects.anthropic_history import clean, loop_lacks_thinking
from hrd.dialects.anthropic_models import family_of, output_limit_of
from hrd.dialects.anthropic_naming import NamedStart, named
from hrd.dialects.anthropic_reader import AnthropicReader, read_message
from hrd.dialects.anthropic_writer import MESSAGE_STOP
from hrd.dialects.contract import Encoded, Fields, Request, StreamBounds, WholeReply
from hrd.dialects.passing_stream import PassingStream, pass_whole

PATH: Final = "/messages"
STREAMS_ONLY: Final = False
IS_TYPED: Final = True
_PRIVATE_PREFIX: Final = "hermes_"
_ENABLED: Final = b'"enabled"'
_DISABLED: Final = msgspec.Raw(b'{"type":"disabled"}')


def encode(
    request: Request,
    provider: Provider,
    model: str,
    *,
    drop: frozenset[str],
    max_tokens: int | None,
    ask_usage: bool,  # noqa: ARG001 (the contract's: usage comes unasked)
) -> Encoded:
    """*request* as *provider* takes it, for *model*."""
    refused = drop | frozenset(provider.quirks.drop)
    fields = {name: raw for name, raw in request.fields.items() if name not in refused and not name.startswith(_PRIVATE_PREFIX)}
    notes = [f"{name} left out" for name in request.fields if name not in fields]
    notes += [f"{name} not asked for" for name in sorted(drop) if name.startswith(A_BETA)]
    fields["model"] = _spell(model)
    if max_tokens is not None:
        fields["max_tokens"] = _spell(max_tokens)
        notes += keep_within(fields, max_tokens)
    elif request.ask.max_tokens is None and "max_tokens" not in fields:
        fields["max_tokens"] = _spell(output_limit_of(provider, model))
    messages, cleaned = clean(fields["messages"], is_all=REPLAYED_REASONING in drop)
    fields["messages"] = messages
    notes += cleaned
    if model != request.ask.model:
        notes += fit(fields, family_of(model))
    if _thinks_by_budget(fields) and loop_lacks_thinking(fields["messages"]):
        fields["thinking"] = _DISABLED
        fields.pop("context_management", None)  # its edits of thinking are refused without any
        notes.append("thinking switched off: the open tool loop began without")
    return Encoded(msgspec.json.encode(fields), tuple(notes))


def read_whole(request: Request, body: bytes, quirks: Quirks) -> WholeReply:  # noqa: ARG001 (the contract's: there are no quirks)
    """A whole reply to *request*, read."""
    return pass_whole(read_message(body, {}, mends=False), named(body, request.ask.model), request.ask.input_tokens)


def reply_stream(
    request: Request,
    quirks: Quirks,  # noqa: ARG001 (the contract's: there are no quirks)
    bounds: StreamBounds,
) -> PassingStream:
    """A reader for one attempt's stream."""
    return PassingStream(
        AnthropicReader({}, mends=False),
        terminator=MESSAGE_STOP,
        input_tokens=request.ask.input_tokens,
        bounds=bounds,
        shown=NamedStart(request.ask.model),
    )


def _thinks_by_budget(fields: Fields) -> bool:
    return _ENABLED in bytes(fields.get("thinking", b""))


def _spell(value: str | int) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
