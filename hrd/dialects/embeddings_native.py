"""Embeddings between a client and a provider: requests out, replies read, vectors in the form that the client asked for.

`encoding_format` is between the client and us: providers are never sent it, since not all know it and lists of numbers are
what all send without it. Vectors are turned into the form that the client asked for (base64 of little-endian 32-bit floats,
which OpenAI's libraries ask for unless told otherwise); a reply that has it already passes untouched.
Reference: https://platform.openai.com/docs/api-reference/embeddings
"""

import base64
import math
import sys
from array import array
from typing import Final

import msgspec

from hrd.core.journal import Usage, UsageSource
from hrd.core.providers import Provider, Quirks
from hrd.dialects.contract import Encoded, Fields, Request, StreamBounds, WholeReply
from hrd.dialects.openai_reply import chunk_error, known_usage, read_chunk
from hrd.dialects.quirks import apply

PATH: Final = "/embeddings"
STREAMS_ONLY: Final = False
IS_TYPED: Final = True
_FIELDS = msgspec.json.Decoder(Fields)
_ROWS = msgspec.json.Decoder(list[Fields])
_NUMBERS = msgspec.json.Decoder(list[float])
_TEXT = msgspec.json.Decoder(str)


def encode(
    request: Request,
    provider: Provider,
    model: str,
    *,
    drop: frozenset[str],
    max_tokens: int | None,  # noqa: ARG001 (embeddings have no output limit; every dialect is called alike)
    ask_usage: bool,  # noqa: ARG001 (nor streams)
) -> Encoded:
    """*request* as *provider* takes it, for *model*."""
    fields, notes = apply(request.fields, provider, model, drop=drop)
    fields["model"] = msgspec.Raw(msgspec.json.encode(model))
    fields.pop("encoding_format", None)
    return Encoded(msgspec.json.encode(fields), tuple(notes))


def read_whole(request: Request, body: bytes, quirks: Quirks) -> WholeReply:  # noqa: ARG001 (no reply quirks are known)
    """A whole reply to *request*, with its vectors in the form that the client asked for."""
    estimated = Usage(input_tokens=request.ask.input_tokens, source=UsageSource.ESTIMATED)
    stated = read_chunk(body)
    if stated is None:
        return WholeReply(body=body, usage=estimated, broken="the reply is not a JSON object")
    usage = known_usage(stated) or estimated
    error = chunk_error(stated)
    if error is not None:
        return WholeReply(body=body, usage=usage, error=error)
    try:
        fields = _FIELDS.decode(body)
        rows = _ROWS.decode(fields["data"])
        changed = [_turn(row, to_base64=request.base64_to_client) for row in rows]
    except (ValueError, KeyError, RecursionError):
        return WholeReply(body=body, usage=usage, broken="the reply is not a list of vectors")
    if not rows:
        return WholeReply(body=body, usage=usage, empty=True)
    if len(rows) != request.inputs:
        return WholeReply(body=body, usage=usage, broken=f"{len(rows)} vectors came for {request.inputs} inputs")
    if any(changed):
        fields["data"] = msgspec.Raw(msgspec.json.encode(rows))
        body = msgspec.json.encode(fields)
    return WholeReply(body=body, usage=usage)


def reply_stream(request: Request, quirks: Quirks, bounds: StreamBounds) -> None:  # noqa: ARG001 (every dialect is called alike)
    """Embeddings have no streams."""
    return


def _turn(row: Fields, *, to_base64: bool) -> bool:
    """Give a row's vector the wanted form; whether it had another. Raises ValueError or KeyError for what is none."""
    spelled = bytes(row["embedding"])
    if spelled.startswith(b"[") and to_base64:
        row["embedding"] = msgspec.Raw(msgspec.json.encode(_packed(_NUMBERS.decode(spelled))))
        return True
    if spelled.startswith(b'"') and not to_base64:
        row["embedding"] = msgspec.Raw(msgspec.json.encode(_unpacked(_TEXT.decode(spelled))))
        return True
    if spelled[:1] not in (b"[", b'"') or len(spelled) < 3:
        raise ValueError("not a vector")
    return False


def _packed(numbers: list[float]) -> str:
    floats = array("f", numbers)
    _check(floats)
    if sys.byteorder == "big":
        floats.byteswap()
    return base64.b64encode(floats.tobytes()).decode()


def _unpacked(text: str) -> list[float]:
    packed = base64.b64decode(text, validate=True)
    floats = array("f")
    floats.frombytes(packed)
    if sys.byteorder == "big":
        floats.byteswap()
    _check(floats)
    return floats.tolist()


def _check(floats: "array[float]") -> None:
    """No vector is empty, and none holds what JSON cannot spell: a single infinity makes the sum one."""
    if not floats or not math.isfinite(sum(floats)):
        raise ValueError("not a vector of numbers")
