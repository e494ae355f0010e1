"""Providers as people name them: by name or alias, with what was probably meant when it is neither."""

from collections.abc import Collection

from hrd.admin.denied import Denied, not_found
from hrd.core.aliases import PROVIDERS, provider_named, provider_suggested

SHOWN_CHARS = 24
"""A longer word is not repeated: it may be a key, given in the wrong place."""


def provider_meant(text: str, also: Collection[str] = ()) -> str | Denied:
    """The provider that *text* names; *also* are names beside the known ones (the demo's)."""
    name = text if text in also else provider_named(text)
    if name is not None:
        return name
    shown = repr(text) if len(text) <= SHOWN_CHARS else "by such a long name"
    meant = provider_suggested(text[:SHOWN_CHARS])
    hint = f"did you mean {meant}?" if meant else f"there are {', '.join(dict.fromkeys((*PROVIDERS, *also)))}"
    return not_found(f"there is no provider {shown}", hint)
