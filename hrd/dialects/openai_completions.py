"""Old completions, which editors' autocompletion still asks for: a prompt, and with `suffix` what stands behind the gap.

No provider is asked for them as such: the prompt becomes a chat that wants the continuation and nothing else.
Reference: https://platform.openai.com/docs/api-reference/completions
"""

from collections.abc import Mapping
from typing import Final

from hrd.core.affinity import affinity_of_beginning
from hrd.core.ask import Ask, Kind
from hrd.core.estimate import estimate_tokens
from hrd.core.needs import NONE, Need
from hrd.core.refusals import Refusal
from hrd.dialects import openai_completions_hub
from hrd.dialects.contract import Hub, Native, Request
from hrd.dialects.fields import as_count, read_fields, refuse, refuse_shape
from hrd.dialects.openai_completions_hub import COMPLETION, FILL, prompt_of
from hrd.dialects.openai_errors import ID_HEADERS, comment, error_event, error_reply, keep_alive

__all__ = ["ENDPOINT", "HUB", "ID_HEADERS", "NATIVE", "comment", "decode", "error_event", "error_reply", "keep_alive"]

ENDPOINT: Final = "/v1/completions"
NATIVE: Final[Mapping[str, Native]] = {}
HUB: Final[Hub | None] = openai_completions_hub
_DEFAULTS = {"n": b"1", "best_of": b"1", "echo": b"false", "logprobs": b"null"}


def decode(body: bytes) -> Request | Refusal:
    """The request that *body* spells, or what is wrong with it."""
    fields = read_fields(body)
    if isinstance(fields, Refusal):
        return fields
    try:
        read = COMPLETION.decode(body)
    except (ValueError, RecursionError) as error:
        return refuse_shape("the request", error)
    prompt = prompt_of(read)
    if isinstance(prompt, Refusal):
        return prompt
    if read.model is None:
        read.model = ""
    for name, usual in _DEFAULTS.items():
        if name in fields and bytes(fields[name]) not in (usual, b"null"):
            return refuse(f"{name} is not taken here: one continuation is given, as text.", name)
    ask = Ask(
        kind=Kind.CHAT,
        model=read.model,
        stream=bool(read.stream),
        input_tokens=estimate_tokens((prompt + (read.suffix or "")).encode("utf-8", "replace"))
        + estimate_tokens(FILL.encode()),
        max_tokens=as_count(read.max_tokens),
        body_bytes=len(body),
        needs=frozenset({Need.STOP}) if read.stop else NONE,
        affinity=affinity_of_beginning(read.model, prompt.encode("utf-8", "replace")[:256]),
    )
    options = read.stream_options
    return Request(ask=ask, fields=fields, usage_to_client=bool(read.stream) and options is not None and options.include_usage)
