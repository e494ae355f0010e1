"""Every wire format that is spoken, with clients and with providers."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from hrd.core.response_book import ResponseBook
from hrd.dialects import (
    anthropic_messages,
    anthropic_target,
    codex_target,
    embeddings,
    openai_chat,
    openai_chat_target,
    openai_completions,
    responses_target,
)
from hrd.dialects.contract import Dialect, Opening, Target
from hrd.dialects.openai_responses import ENDPOINT as RESPONSES
from hrd.dialects.openai_responses import ResponsesCall

DIALECTS: Final[tuple[Dialect, ...]] = (openai_chat, openai_completions, anthropic_messages, embeddings)
"""Those of our clients in which no request depends on another."""
TARGETS: Final[Mapping[str, Target]] = {
    "openai_chat": openai_chat_target,
    "openai_responses": responses_target,
    "anthropic_messages": anthropic_target,
    "codex": codex_target,
}
"""Those of providers, by the name that `Provider.dialect` gives them."""


def always(dialect: Dialect) -> Opening:
    """*dialect* for every call."""
    return lambda _client, _stamp: dialect


def openings(book: ResponseBook, now: Callable[[], float]) -> Iterator[tuple[str, Opening]]:
    """Every endpoint of our clients' dialects, and who speaks there. *book* keeps what later requests may refer to."""
    for dialect in DIALECTS:
        yield dialect.ENDPOINT, always(dialect)
    yield RESPONSES, lambda client, stamp: ResponsesCall(book, client, stamp, now)
