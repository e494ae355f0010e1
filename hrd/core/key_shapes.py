"""What the keys of each provider look like, so that a pasted mistake is noticed before the provider refuses it.

A shape is a hint and never a verdict: providers change theirs, so an odd key is warned about and kept. What cannot
go into a header at all, and what a template left in its place, is not a key.
"""

import re
from typing import Final

PREFIXES: Final[dict[str, tuple[str, ...]]] = {
    "openrouter": ("sk-or-",),
    "groq": ("gsk_",),
    "nvidia": ("nvapi-",),
    "huggingface": ("hf_",),
    "gemini": ("AIza", "AQ."),
    "anthropic": ("sk-ant-",),
    "cerebras": ("csk-",),
    "github_models": ("github_pat_", "ghp_", "gho_", "ghu_", "ghs_"),
    "openai": ("sk-",),
    "kimi": ("sk-",),
}
OWN_PREFIX: Final = "sk-router-"
_ANYBODYS: Final = "sk-"
"""Many providers without a prefix in the table hand out keys that begin like this."""
KEY_CHARS_MIN: Final = 16
KEY_CHARS_MAX: Final = 8192

_UNSENDABLE = re.compile(r"[^\x21-\x7e]")
_PLACEHOLDER = re.compile(
    r"""(?ix) (?: sk-(?:or-|ant-|proj-)? | csk- | gsk_ | nvapi- | hf_ | AIza | ghp_ )?
    (?: <.*> | \$?\{.*\} | x{3,} | \.{2,} | … | \*+ | -+ | (?:my|your)[-_\ ].* | yourkey.* | .*[-_\ ]here
      | change[-_\ ]?(?:me|this) | replace[-_\ ]?(?:me|this|with.*)? | (?:insert|put|paste|enter|add)[-_\ ].*
      | none | null | undefined | placeholder | example | (?:api[-_\ ]?)?(?:key|token)s? | secret | todo | tbd )? """
)


def is_placeholder(key: str) -> bool:
    """Whether *key* is what a template left where a key belongs, or nothing at all."""
    return _PLACEHOLDER.fullmatch(key.strip()) is not None


def unusable(key: str) -> str | None:
    """Why *key* cannot be a key, in words that follow the name of where it stands; None when it can."""
    if is_placeholder(key):
        return "holds a placeholder, not a key"
    if len(key) > KEY_CHARS_MAX:
        return f"is longer than {KEY_CHARS_MAX} characters"
    if _UNSENDABLE.search(key):
        return "has white space or a character that no key has"
    return None


def key_warning(provider: str, key: str) -> str | None:
    """What is odd about *key* as a key of *provider*; None when it looks right. Never holds the key."""
    if provider == "local":  # a model on the user's own machine takes any word
        return None
    if reason := unusable(key):
        return f"this {reason}"
    if key[0] in "\"'`" or key[-1] in "\"'`":
        return "this has quotes around it: give the key without them"
    if key.startswith(OWN_PREFIX):
        return "this is a client key of hermes-router itself: no provider knows it"
    owners = _owners_of(key)
    shapeless = provider not in PREFIXES and key.startswith(_ANYBODYS) and owners == _owners_of(_ANYBODYS)
    if owners and provider not in owners and not shapeless:
        return f"this looks like a key of {' or '.join(owners)}, not of {provider}"
    if not owners and provider in PREFIXES:
        return f"keys of {provider} usually begin with {' or '.join(PREFIXES[provider])}"
    if len(key) < KEY_CHARS_MIN:
        return f"this has {len(key)} characters: keys are longer, so part of it may be missing"
    return None


def _owners_of(key: str) -> tuple[str, ...]:
    """The providers whose prefix fits *key* best."""
    fitting = {name: len(p) for name, prefixes in PREFIXES.items() for p in prefixes if key.startswith(p)}
    longest = max(fitting.values(), default=0)
    return tuple(name for name, length in fitting.items() if length == longest)
