"""How much a Messages request says: tokens and images."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from hrd.core.estimate import estimate_json_tokens, estimate_tokens
from hrd.dialects.anthropic_asked import (
    Base64Asked,
    BlockAsked,
    Content,
    ContentAsked,
    DocumentAsked,
    ImageAsked,
    MessageAsked,
    OtherBlock,
    PlainAsked,
    ResultAsked,
    Source,
    TextAsked,
    ThinkingBlockAsked,
    UrlAsked,
)
from hrd.dialects.contract import Fields
from hrd.dialects.fields import NULL
from hrd.dialects.prompt import IMAGE_TOKENS, PAGE_BYTES

_SKELETON_TOKENS = 7
"""By how much `{"role":"…","content":"…"}` counts for more as JSON than as the few marks of a chat template."""
_BLOCK_TOKENS = 7
"""The same of `{"type":"text","text":"…"}`."""
_SIGNATURE = re.compile(rb'"signature"\s*:\s*"[^"]*')
_DATA = re.compile(rb'"data"\s*:\s*"[^"]*')
_URL = re.compile(rb'"url"\s*:\s*"[^"]*')
_CUT = b'"":"'
_CACHE_MARK = re.compile(rb',?"cache_control"\s*:\s*\{[^{}]{0,100}\}')


def blocks_of(contents: Iterable[Content]) -> list[BlockAsked]:
    """The blocks of messages with these *contents*."""
    return [block for content in contents if type(content) is list for block in content]


def shown_in(blocks: Iterable[BlockAsked]) -> list[BlockAsked]:
    """The blocks that results of tools hold, among *blocks*."""
    return blocks_of([block.content for block in blocks if type(block) is ResultAsked and type(block.content) is list])


def measure(fields: Fields, messages: Sequence[MessageAsked], blocks: Sequence[BlockAsked]) -> tuple[int, int]:
    """Tokens of a request with these *messages*, which hold these *blocks* in all, and the number of images in it."""
    kinds = Counter(map(type, blocks))
    tokens = _measure_messages(_spelled(fields, "messages"), blocks, kinds) - _SKELETON_TOKENS * len(messages)
    tokens = max(1, tokens) + _measure_system(_spelled(fields, "system"))
    tools = _spelled(fields, "tools")
    if tools:
        tokens += estimate_json_tokens(_without_marks(tools))
    return tokens, kinds[ImageAsked]


def _measure_messages(spelled: bytes, blocks: Sequence[BlockAsked], kinds: Counter[type]) -> int:
    if not blocks:
        return estimate_json_tokens(spelled)
    images, pages, texts = kinds[ImageAsked], 0, 0
    shown = _shown(blocks) if images or DocumentAsked in kinds else []
    sources = {type(source) for source in shown}
    spelled = _without_marks(spelled)
    whole_bytes = len(spelled)
    for blob in _blobs(kinds, sources):
        spelled = blob.sub(_CUT, spelled)
    if DocumentAsked in kinds:
        texts = sum(estimate_tokens(each.data.encode("utf-8", "replace")) for each in shown if isinstance(each, PlainAsked))
        documents = len([each for each in shown if not isinstance(each, PlainAsked | ContentAsked)]) - images
        pages = max(documents, (whole_bytes - len(spelled)) // PAGE_BYTES) if documents else 0
    tokens = estimate_json_tokens(spelled) - _BLOCK_TOKENS * kinds[TextAsked]
    return max(0, tokens) + texts + (images + pages) * IMAGE_TOKENS


def _shown(blocks: Iterable[BlockAsked]) -> list[Source]:
    return [block.source for block in blocks if type(block) is ImageAsked or type(block) is DocumentAsked]


def _blobs(kinds: Counter[type], sources: set[type[Source]]) -> Iterable[re.Pattern[bytes]]:
    """What is no text in blocks of these *kinds*, with these *sources*: pictures, documents, seals."""
    if ThinkingBlockAsked in kinds or OtherBlock in kinds:
        yield _SIGNATURE
    if sources & {Base64Asked, PlainAsked} or OtherBlock in kinds:
        yield _DATA
    if UrlAsked in sources or OtherBlock in kinds:
        yield _URL


def _measure_system(spelled: bytes) -> int:
    """Texts alone: the type of each is said once."""
    if not spelled.startswith(b"["):
        return estimate_json_tokens(spelled)
    spelled = _without_marks(spelled)
    return max(0, estimate_json_tokens(spelled) - _BLOCK_TOKENS * spelled.count(b'"type"'))


def _without_marks(spelled: bytes) -> bytes:
    return _CACHE_MARK.sub(b"", spelled) if spelled.find(b'"cache_control"') >= 0 else spelled


def _spelled(fields: Fields, name: str) -> bytes:
    raw = fields.get(name)
    spelled = b"" if raw is None else bytes(raw)
    return b"" if spelled == NULL else spelled
