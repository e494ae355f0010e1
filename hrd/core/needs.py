"""Needs: what a request asks for that not every wire format, or not every provider, can be told.

A candidate that would have to leave such a thing out answers something else than was asked. It is passed over while somebody
can be asked who takes it; if nobody can, it is asked all the same, and what was left out is told (`hr why`). What a target has
another word for is no need (a freeform tool is a function elsewhere), nor is what changes a reply only in degree (sampling,
effort, a provider's own tool beside the client's).

What a request holds that its own wire format alone knows (a provider's files, its own tools' calls and results) is a need of
that format as a whole.
"""

import enum
from collections.abc import Mapping
from typing import Final

from hrd.core.providers import Provider, Quirks


class Need(enum.StrEnum):
    """Value: what is left out, in words."""

    AUDIO = "sound"
    DOCUMENTS = "documents"
    LINKED = "documents by their address"
    STOP = "stop sequences"
    CHOICES = "more than one reply"
    LOGPROBS = "probabilities of words"
    LOGIT_BIAS = "logit_bias"
    FORMAT = "the reply's format"
    FORCED_CALL = "the choice of a tool"
    SEARCH = "the search of the web"
    """Asked of Messages, with no other tool."""
    OF_CHAT = "what chat completions alone has"
    OF_MESSAGES = "what Messages alone has"
    OF_RESPONSES = "what Responses alone has"
    OF_OPENAI = "what Responses at OpenAI alone has"
    """The Codex backend is not known to have it."""


NONE: Final[frozenset[Need]] = frozenset()
_FIELDS: Final = {
    Need.STOP: "stop",
    Need.CHOICES: "n",
    Need.LOGPROBS: "logprobs",
    Need.LOGIT_BIAS: "logit_bias",
    Need.FORMAT: "response_format",
    Need.FORCED_CALL: "tool_choice",
}
"""In chat completions: who is known not to take the field lacks the need."""
_OF_DOCUMENTS: Final = frozenset({Need.DOCUMENTS, Need.LINKED})
_LACKS: Final[Mapping[str, frozenset[Need]]] = {
    "openai_chat": frozenset({Need.LINKED, Need.SEARCH, Need.OF_MESSAGES, Need.OF_RESPONSES, Need.OF_OPENAI}),
    "anthropic_messages": frozenset({Need.AUDIO, Need.CHOICES, Need.LOGPROBS, Need.LOGIT_BIAS})
    | {Need.OF_CHAT, Need.OF_RESPONSES, Need.OF_OPENAI},
    "openai_responses": frozenset({Need.AUDIO, Need.CHOICES, Need.LOGIT_BIAS, Need.STOP, Need.OF_CHAT, Need.OF_MESSAGES}),
    "codex": frozenset({Need.AUDIO, Need.LINKED, Need.CHOICES, Need.LOGPROBS, Need.LOGIT_BIAS, Need.STOP})
    | {Need.OF_CHAT, Need.OF_MESSAGES, Need.OF_OPENAI},
}
"""What a wire format has no words for."""


def lacking(provider: Provider, model: str, needs: frozenset[Need], dropped: frozenset[str] = frozenset()) -> frozenset[Need]:
    """Those of *needs* that *provider* cannot be told for *model*. *dropped*: fields that it was learned not to take."""
    if not needs:
        return NONE
    lacks = needs & _LACKS.get(provider.dialect, NONE)
    if provider.dialect == "openai_chat":
        quirks = provider.quirks
        refused = {need for need, field in _FIELDS.items() if field in dropped or _is_refused(quirks, model, field)}
        if quirks.document_urls:
            lacks -= _OF_DOCUMENTS
        elif not quirks.documents:
            refused.add(Need.DOCUMENTS)
        if quirks.tool_choice.get("required") == "":
            refused.add(Need.FORCED_CALL)
        lacks |= needs & refused
    return lacks


def _is_refused(quirks: Quirks, model: str, field: str) -> bool:
    if field in quirks.drop or (field in quirks.drop_for and model.startswith(quirks.drop_for[field])):
        return True
    return field in quirks.drop_unless and not model.startswith(quirks.drop_unless[field])


def told(lacks: frozenset[Need]) -> str:
    """For the journal: why a candidate was passed over."""
    return f"would have to leave out {', '.join(sorted(lacks))}"
