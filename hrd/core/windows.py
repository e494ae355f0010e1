"""Windows: what a scope has left, as its provider said, less what we reserved since."""

import msgspec

from hrd.core.failures import WindowKind


class Window(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One window of one scope as last seen. `left` is as of `seen_at`; `resets_at` None is not known."""

    scope: str
    kind: WindowKind
    limit: int | None
    left: int
    resets_at: float | None
    source: str
    seen_at: float
