"""Chat completions between a client and a provider that both speak them: members as they were spelled, bytes as they came.

Only what a quirk is about changes. Reference: https://platform.openai.com/docs/api-reference/chat
"""

from typing import Final

import msgspec

from hrd.core.providers import Provider, Quirks
from hrd.dialects.contract import Encoded, Fields, Request, StreamBounds, WholeReply
from hrd.dialects.fields import TRUE
from hrd.dialects.openai_mend import Mender
from hrd.dialects.openai_reply import Tally, chunk_error, known_usage, plain_finish, read_chunk
from hrd.dialects.openai_stream import ReplyStream
from hrd.dialects.quirks import apply

PATH: Final = "/chat/completions"
STREAMS_ONLY: Final = False
IS_TYPED: Final = True
_OPTIONS = msgspec.json.Decoder(Fields | None)
_TRUE = msgspec.Raw(TRUE)
_ASK_USAGE = msgspec.Raw(b'{"include_usage":true}')


def encode(
    request: Request, provider: Provider, model: str, *, drop: frozenset[str], max_tokens: int | None, ask_usage: bool
) -> Encoded:
    """*request* as *provider* takes it, for *model*."""
    fields, notes = apply(request.fields, provider, model, drop=drop, max_tokens=max_tokens)
    fields["model"] = msgspec.Raw(msgspec.json.encode(model))
    if request.ask.stream:
        if not provider.quirks.stream_usage:
            if fields.pop("stream_options", None) is not None:
                notes.append("stream_options left out")
        elif ask_usage and not request.usage_to_client and not _is_dropped("stream_options", drop, provider.quirks):
            fields["stream_options"] = _asking_usage(fields.get("stream_options"))
    return Encoded(msgspec.json.encode(fields), tuple(notes))


def read_whole(request: Request, body: bytes, quirks: Quirks) -> WholeReply:
    """A whole reply to *request*, read."""
    reply = read_chunk(body)
    tally = Tally()
    if reply is None:
        usage = tally.usage(request.ask.input_tokens)
        return WholeReply(body=body, usage=usage, broken="the reply is not a JSON object")
    reason = ""
    choices = reply.choices
    for choice in choices or ():
        if choice.message is not None:
            tally.add(choice.message)
        if choice.finish_reason is not None:
            reason = plain_finish(choice.finish_reason)
    error = chunk_error(reply)
    return WholeReply(
        body=Mender(quirks.rewrite_reply).whole(body, reply) if quirks.rewrite_reply else body,
        usage=known_usage(reply) or tally.usage(request.ask.input_tokens),
        empty=error is None and not tally.meaningful and reason in ("", "stop"),
        error=error,
        broken="" if error is not None or isinstance(choices, list) else "the reply has no choices",
        finish_reason=reason,
    )


def reply_stream(request: Request, quirks: Quirks, bounds: StreamBounds) -> ReplyStream:
    """A reader for one attempt's stream."""
    return ReplyStream(
        usage_to_client=request.usage_to_client,
        rewrite=quirks.rewrite_reply,
        input_tokens=request.ask.input_tokens,
        bounds=bounds,
    )


def _asking_usage(raw: msgspec.Raw | None) -> msgspec.Raw:
    try:
        options = _OPTIONS.decode(raw) if raw is not None else None
    except RecursionError:  # nested to the very limit: it could be read when the stack was shorter
        options = None
    if not options:
        return _ASK_USAGE
    options["include_usage"] = _TRUE
    return msgspec.Raw(msgspec.json.encode(options))


def _is_dropped(name: str, drop: frozenset[str], quirks: Quirks) -> bool:
    return name in drop or name in quirks.drop
