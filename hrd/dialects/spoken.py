"""Every wire format that is spoken, with clients and with providers."""

from collections.abc import Mapping
from typing import Final

from hrd.dialects import codex_target, embeddings, openai_chat, openai_chat_target, openai_completions, responses_target
from hrd.dialects.contract import Dialect, Target

DIALECTS: Final[tuple[Dialect, ...]] = (openai_chat, openai_completions, embeddings)
"""Those of our clients."""
TARGETS: Final[Mapping[str, Target]] = {
    "openai_chat": openai_chat_target,
    "openai_responses": responses_target,
    "codex": codex_target,
}
"""Those of providers, by the name that `Provider.dialect` gives them."""
