"""The response object: what a Responses client gets whole, and around its streams.

What the request said is repeated as it was spelled, as OpenAI does; what it left open has OpenAI's defaults.
Reference: https://platform.openai.com/docs/api-reference/responses/object
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from hrd.core.journal import Usage
from hrd.dialects.contract import Fields
from hrd.dialects.fields import NULL

_ECHOED: Final = (
    ("instructions", b"null"),
    ("max_output_tokens", b"null"),
    ("max_tool_calls", b"null"),
    ("metadata", b"{}"),
    ("parallel_tool_calls", b"true"),
    ("previous_response_id", b"null"),
    ("prompt_cache_key", b"null"),
    ("reasoning", b'{"effort":null,"summary":null}'),
    ("safety_identifier", b"null"),
    ("service_tier", b'"auto"'),
    ("store", b"true"),
    ("temperature", b"1.0"),
    ("text", b'{"format":{"type":"text"}}'),
    ("tool_choice", b'"auto"'),
    ("tools", b"[]"),
    ("top_logprobs", b"0"),
    ("top_p", b"1.0"),
    ("truncation", b'"disabled"'),
    ("user", b"null"),
)
encode: Final = msgspec.json.Encoder().encode


class ResponseObject:
    """One response object, at any moment of its life."""

    __slots__ = ("_created_at", "_echo", "id", "model")

    def __init__(self, response_id: str, model: str, created_at: int, fields: Fields) -> None:
        self.id = response_id
        self.model = model
        self._created_at = created_at
        self._echo = b",".join(b'"%b":%b' % (name.encode(), _said(fields, name, default)) for name, default in _ECHOED)

    def spelled(
        self,
        status: bytes,
        *,
        output: Sequence[bytes] = (),
        usage: Usage | None = None,
        error: bytes = NULL,
        incomplete: bytes = NULL,
    ) -> bytes:
        """The object with this *status*; *error* and *incomplete* (details) are spelled already."""
        return (
            b'{"id":%b,"object":"response","created_at":%d,"status":"%b","background":false,"error":%b,"incomplete_details":%b,'
            b'"model":%b,"output":[%b],"usage":%b,%b}'
        ) % (
            encode(self.id),
            self._created_at,
            status,
            error,
            incomplete,
            encode(self.model),
            b",".join(output),
            NULL if usage is None else spell_usage(usage),
            self._echo,
        )


def spell_usage(usage: Usage) -> bytes:
    return (
        b'{"input_tokens":%d,"input_tokens_details":{"cached_tokens":%d,"cache_write_tokens":%d},"output_tokens":%d,'
        b'"output_tokens_details":{"reasoning_tokens":%d},"total_tokens":%d}'
    ) % (
        usage.input_tokens,
        usage.cached_tokens,
        usage.cache_write_tokens,
        usage.output_tokens,
        usage.reasoning_tokens,
        usage.input_tokens + usage.output_tokens,
    )


def _said(fields: Fields, name: str, default: bytes) -> bytes:
    raw = fields.get(name)
    spelled = bytes(raw) if raw is not None else NULL
    return default if spelled == NULL else spelled
