"""What the models behind the Messages API take, as far as they differ: read from their names, because nothing else tells.

Sources: the pages on extended and adaptive thinking, effort, structured outputs and errors of https://docs.anthropic.com, the
types of anthropic-sdk-python 0.121 and 2.14 (the later has no sampling parameters any more).
"""

import re
from typing import Final

import msgspec

from hrd.core.providers import Provider

_CLAUDE: Final = re.compile(r"claude-(?:(?P<kind>[a-z]+)-)?(?P<major>\d{1,2})(?:[-.](?P<minor>\d{1,2}))?(?![\d])")
_KINDS_OF_5: Final = ("fable", "mythos")

MAX_TOKENS: Final = 32_000
"""The output limit of a request that names none: the API wants one. A model that takes less has its own."""
EFFORTS: Final = ("low", "medium", "high", "xhigh", "max")
BUDGETS: Final = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 32768, "max": 128000}
"""Tokens of thinking that an effort stands for, where only a budget is taken."""
BUDGET_MIN: Final = 1024


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """Models that take the same."""

    thinks: bool = True
    is_adaptive: bool = False
    """Thinking is `adaptive`, as much as the model likes; otherwise it has a budget."""
    efforts: tuple[str, ...] = ()
    """Values of `output_config.effort`; empty where there is none."""
    samples: bool = True
    """Takes `temperature`, `top_p` and `top_k`."""
    samples_by_both: bool = False
    """Takes `temperature` and `top_p` in one request."""
    has_formats: bool = False
    """Takes `output_config.format`."""
    prefills: bool = True
    """A last message of the assistant is continued; otherwise refused."""
    mid_system: bool = False
    """Takes role `system` between messages."""

    def effort(self, wanted: str) -> str:
        """The nearest effort that it takes, from below; the least if there is none."""
        wanted = "low" if wanted == "minimal" else wanted
        fitting = [each for each in self.efforts if wanted in EFFORTS and EFFORTS.index(each) <= EFFORTS.index(wanted)]
        return fitting[-1] if fitting else self.efforts[0]


UNKNOWN: Final = Family(samples_by_both=True)
"""Other vendors' models that are reached by this API."""


def output_limit_of(provider: Provider, model: str) -> int:
    """The output limit to send where none was asked for."""
    facts = provider.models_facts.get(model, provider.model_defaults)
    return min(MAX_TOKENS, facts.max_output or MAX_TOKENS, provider.max_output_tokens or MAX_TOKENS)


def family_of(model: str) -> Family:
    """What *model* takes, by its name, whatever stands before it."""
    found = _CLAUDE.search(model.lower())
    if found is None:
        is_new = any(f"claude-{kind}" in model.lower() for kind in _KINDS_OF_5)
        return _by_version(5, 0, "") if is_new else UNKNOWN
    return _by_version(int(found["major"]), int(found["minor"] or 0), found["kind"] or "")


def _by_version(major: int, minor: int, kind: str) -> Family:
    version = (major, minor)
    if version < (4, 0):
        return Family(thinks=version >= (3, 7), samples_by_both=True)
    if version < (4, 6):
        efforts = EFFORTS[:3] if kind == "opus" and version == (4, 5) else ()
        return Family(efforts=efforts, has_formats=version >= (4, 5))
    is_later = version >= (4, 7)
    return Family(
        is_adaptive=True,
        efforts=EFFORTS if is_later else (*EFFORTS[:3], "max"),
        samples=not is_later,
        has_formats=True,
        prefills=False,
        mid_system=version >= (4, 8),
    )


def effort_of(budget_tokens: int) -> str:
    """The effort that a budget stands for."""
    return next((effort for effort in EFFORTS if budget_tokens <= BUDGETS[effort]), "max")
