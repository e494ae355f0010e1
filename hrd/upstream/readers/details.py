"""The particulars of a refusal: which field, how many tokens, whose account."""

import re
from collections.abc import Mapping
from typing import Final

from hrd.core.failures import A_BETA
from hrd.upstream.readers.said import Said

COUNT_MAX: Final = 10**9

_KEPT: Final = frozenset(
    {"body", "dimensions", "functions", "input", "messages", "model", "prompt", "response_format", "stream", "system", "tools"}
)
"""A request without one of these would be another request, and vectors of another length fit nobody's: they are never taken out
to please a provider."""

_REFUSED = r"(?:is|are) (?:un|not )(?:supported|permitted|allowed)"
_FIELD: Final = re.compile(
    r"unsupported (?:parameter|value)(?:\(s\)|s)?: ?[`'\"]?([\w.\[\]]+)"
    r"|unknown name [\\`'\"]+(\w+)[\\`'\"]+(?: at [`'\"]([\w.\[\]]+))?"
    r"|unrecognized request arguments? supplied: (\w+)"
    r"|unknown (?:parameter|field|argument)s?:? [`'\"]?([\w.\[\]]+)"
    r"|body -> ([\w.]+)"
    r"|\A([\w.]+): extra inputs are not permitted"
    r"|'loc': \('body', '(\w+)'"
    r"|unexpected keyword argument [`'\"](\w+)"
    rf"|(?:property|parameter|field|argument) [`'\"]?([\w.\[\]/]+)[`'\"]? {_REFUSED}"
    rf"|(?<!model )[`'\"]([\w.\[\]]+)[`'\"](?: parameter| field)? (?:{_REFUSED}|does not support)",
    re.IGNORECASE | re.ASCII,
)
_IN_MESSAGES: Final = re.compile(r"\bmessages[.\[]")
_FIELD_NAME: Final = re.compile(r"[A-Za-z_]\w{0,60}", re.ASCII)
_BETA: Final = re.compile(r"unexpected value\(s\) [`'\"]([\w.\-]{1,80})[`'\"].*\banthropic-beta\b", re.IGNORECASE | re.ASCII)
_SINGLE_TOOL_CALLS: Final = "single tool-calls at once"

_CEILING: Final = re.compile(
    r"(?:maximum context length|context (?:length|window|size))(?: (?:is|of|only|for this model))* \(?([\d,]+)"
    r"|maximum number of tokens allowed \(?([\d,]+)"
    r"|(?:token )?limit(?: is|:)? ([\d,]++)(?! \+)"
    r"|[\d,]+(?: tokens)? ?> ?([\d,]+)"
    r"|max size: ?([\d,]+)",
    re.ASCII,
)
_AFFORDABLE: Final = re.compile(r"can only afford ([\d,]+)|max_tokens: [\d,]+ > ([\d,]+)", re.ASCII)
_ORGANISATION: Final = re.compile(r"\borgani[sz]ation [`'\"]?(org[-_]\w{4,80})", re.IGNORECASE | re.ASCII)

_ACCOUNT_NAME: Final = re.compile(r"[\w.\-]{1,80}", re.ASCII)
ACCOUNT_FIELDS: Final = {"openai": b"openai-organization", "anthropic": b"anthropic-organization-id"}
"""Reader → where the head of a reply says whose key it was (ratelimits of platform.openai.com, docs.anthropic.com)."""

_MODEL_OF_ACCOUNT: Final = re.compile(r"\bfor (?:model )?\S{1,120} in (?:the )?(?:organi[sz]ation|project)\b")
_ACCOUNT: Final = re.compile(r"\b(?:account|organi[sz]ation|workspace)(?:'s|-wide)?(?: \w{1,20}){0,3} (?:limit|quota)\b")


def refused_field(said: Said) -> str:
    """The top-level field, or beta, that is objected to; empty if it is not named, or is one that cannot be left out."""
    if _SINGLE_TOOL_CALLS in said.text:
        return "parallel_tool_calls"
    if match := _BETA.search(said.message):
        return A_BETA + match[1]
    if match := _FIELD.search(said.message):
        path = [group for group in match.groups() if group][-1]
        if _IN_MESSAGES.search(said.message):
            return ""
    else:
        path = ".".join(said.located[:1]) or said.fields.get("param", "")
    match = _FIELD_NAME.match(re.split(r"[.\[/]", path.removeprefix("body."), maxsplit=1)[0])
    return "" if match is None or match[0] in _KEPT else match[0]


def affordable_tokens(said: Said) -> int:
    return _count(_AFFORDABLE.search(said.text))


def ceiling_tokens(said: Said) -> int:
    """The most tokens that are taken, if a limit was named; else 0."""
    n_ctx = said.fields.get("n_ctx", "")
    if n_ctx.isascii() and n_ctx.isdigit() and len(n_ctx) < 10:
        return int(n_ctx)
    return _count(_CEILING.search(said.text))


def _count(match: re.Match[str] | None) -> int:
    if match is None:
        return 0
    digits = next((group for group in match.groups() if group), "").replace(",", "")[:12]
    count = int(digits or 0)
    return count if count <= COUNT_MAX else 0


def account_named(reader: str, headers: Mapping[bytes, bytes], said: Said) -> str:
    """The account that a refusal names: Groq's, OpenAI's and Anthropic's organisation, OpenRouter's user."""
    if match := _ORGANISATION.search(said.message):
        return match[1]
    name = said.fields.get("user_id", "") if reader == "openrouter" else ""
    return name if _ACCOUNT_NAME.fullmatch(name) else account_in_head(reader, headers)


def account_in_head(reader: str, headers: Mapping[bytes, bytes]) -> str:
    """The account that the head of any reply names."""
    field = ACCOUNT_FIELDS.get(reader)
    value = headers.get(field) if field is not None else None
    name = value.decode("latin-1") if value else ""
    return name if _ACCOUNT_NAME.fullmatch(name) else ""


def scope_named(said: Said) -> str:
    """Whose limit it is, where the text says so."""
    if _MODEL_OF_ACCOUNT.search(said.text):
        return "account_model"
    return "account" if _ACCOUNT.search(said.text) else ""
