"""Every wire format that is spoken, with clients and with providers."""

from collections.abc import Mapping
from typing import Final

from hrd.dialects import embeddings, openai_chat, openai_chat_target, openai_completions
from hrd.dialects.contract import Dialect, Target

DIALECTS: Final[tuple[Dialect, ...]] = (openai_chat, openai_completions, embeddings)
"""Those of our clients."""
TARGETS: Final[Mapping[str, Target]] = {"openai_chat": openai_chat_target}
"""Those of providers, by the name that `Provider.dialect` gives them."""
