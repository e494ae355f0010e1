"""Embeddings as OpenAI's clients ask for them. Reference: https://platform.openai.com/docs/api-reference/embeddings"""

from collections.abc import Mapping
from typing import Final

import msgspec

from hrd.core.ask import Ask, Kind
from hrd.core.estimate import estimate_json_tokens
from hrd.core.refusals import Refusal
from hrd.dialects import embeddings_native
from hrd.dialects.contract import Fields, Hub, Native, Request
from hrd.dialects.fields import read_fields, refuse, refuse_shape, text_of
from hrd.dialects.openai_errors import ID_HEADERS, comment, error_event, error_reply, keep_alive

__all__ = ["ENDPOINT", "HUB", "ID_HEADERS", "NATIVE", "comment", "decode", "error_event", "error_reply", "keep_alive"]

ENDPOINT: Final = "/v1/embeddings"
NATIVE: Final[Mapping[str, Native]] = {"openai_chat": embeddings_native}
HUB: Final[Hub | None] = None
"""Vectors of another model are of no use, whatever the dialect."""
_FORMATS = ("", "float", "base64")
_INPUT = msgspec.json.Decoder(str | list[str | int | list[int]])


def decode(body: bytes) -> Request | Refusal:
    """The request that *body* spells, or what is wrong with it."""
    fields = read_fields(body)
    if isinstance(fields, Refusal):
        return fields
    model = text_of(fields, "model")
    if isinstance(model, Refusal):
        return model
    encoding = text_of(fields, "encoding_format")
    if isinstance(encoding, Refusal):
        return encoding
    if encoding not in _FORMATS:
        return refuse("encoding_format must be float or base64.", "encoding_format")
    measured = _measure_input(fields)
    if isinstance(measured, Refusal):
        return measured
    inputs, tokens, token_ids = measured
    ask = Ask(kind=Kind.EMBEDDINGS, model=model, token_ids=token_ids, input_tokens=tokens, body_bytes=len(body))
    return Request(ask=ask, fields=fields, base64_to_client=encoding == "base64", inputs=inputs)


def _measure_input(fields: Fields) -> tuple[int, int, bool] | Refusal:
    """How many vectors are owed, the tokens of all input, and whether it comes as token ids."""
    raw = fields.get("input")
    if raw is None:
        return refuse("input is missing.", "input")
    try:
        given = _INPUT.decode(raw)
    except (ValueError, RecursionError) as error:
        return refuse_shape("input", error)
    if isinstance(given, str):
        return 1, estimate_json_tokens(bytes(raw)), False
    if not given:
        return refuse("input is empty.", "input")
    if all(isinstance(each, str) for each in given):
        return len(given), estimate_json_tokens(bytes(raw)), False
    if all(isinstance(each, int) for each in given):
        return 1, len(given), True
    lists = [each for each in given if isinstance(each, list)]
    if len(lists) == len(given):
        return len(given), sum(map(len, lists)), True
    return refuse("input mixes texts, token ids and lists of token ids.", "input")
