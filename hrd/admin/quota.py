"""`hr quota`: what every scope has left, and what blocks it."""

from hrd.admin.standing import candidates_of
from hrd.admin.wire.quota import CLAIMED, KNOWN, Quota, QuotaBlock, QuotaScope, QuotaWindow
from hrd.core.blocks import Block, is_in_force
from hrd.core.quota.window import Window
from hrd.core.roster import EMBEDDINGS_MARK
from hrd.core.snapshot import PoolSnapshot

ASLEEP_MAX = 1000
"""Scopes that nobody has asked at since the start, and nobody asks by the settings: each model that a client names has some."""


def quota_of(snapshot: PoolSnapshot, now: float) -> Quota:
    """Windows that have not ended and blocks in force, by scope."""
    windows: dict[str, list[QuotaWindow]] = {}
    blocks: dict[str, list[QuotaBlock]] = {}
    for window in windows_of(snapshot, now):
        windows.setdefault(window.scope, []).append(_window(window))
    for block in snapshot.blocks:
        if is_in_force(block, now):
            blocks.setdefault(block.scope, []).append(_block(block))
    return Quota(
        now=now,
        scopes_known=snapshot.book.scopes,
        scopes=tuple(
            QuotaScope(
                scope=scope,
                windows=tuple(sorted(windows.get(scope, ()), key=lambda window: window.kind)),
                blocks=tuple(sorted(blocks.get(scope, ()), key=lambda block: block.reason)),
                title=title_of(scope),
            )
            for scope in sorted({*windows, *blocks})
        ),
    )


def windows_of(snapshot: PoolSnapshot, now: float) -> list[Window]:
    """Windows of which a limit is known or claimed, also of those who were not asked yet: all of whoever is asked by the
    settings, and of others as many as can be shown while requests wait for it."""
    candidates = [one for name in snapshot.roster.enabled for one in candidates_of(snapshot, name)]
    own = snapshot.book.windows_at([scope for candidate in candidates for scope in candidate.scopes], now)
    known = {(window.scope, window.kind, window.owner) for window in own}
    others = (w for w in snapshot.book.windows(now, ASLEEP_MAX) if (w.scope, w.kind, w.owner) not in known)
    return [*own, *others, *snapshot.book.foreseen(candidates, now)]


def title_of(scope: str) -> str:
    """A scope for people (see `hrd.core.scopes` for how it is written)."""
    kind, _, rest = scope.partition(":")
    owner, _, name = rest.partition("/")
    name, rest = _spoken(name), _spoken(rest)
    match kind:
        case "candidate":
            return f"{name} with {owner}"
        case "credential":
            return rest
        case "freekey" | "paidkey":
            return f"{kind.removesuffix('key')} models with {rest}"
        case "account":
            return _account(owner, name)
        case "free" | "paid":
            return f"{kind} models of {_account(owner, name)}"
        case "accountmodel":
            account, _, model = name.partition("/")
            return f"{model} of {_account(owner, account)}"
        case "model":
            return f"{name} at {owner}, every key"
        case "endpoint":
            url, _, model = rest.partition(" ")
            return f"{model} at {url}" if model else f"everything at {url}"
        case "provider":
            return f"{rest} as a whole"
        case _:
            return scope


def _spoken(text: str) -> str:
    """Embeddings of a model are a scope of their own."""
    return f"{text.removesuffix(EMBEDDINGS_MARK)} (embeddings)" if text.endswith(EMBEDDINGS_MARK) else text


def _account(provider: str, name: str) -> str:
    """A credential without a known account is an account of its own, under its fingerprint."""
    return name if name.startswith(f"{provider}-") else f"account {name} at {provider}"


def _window(window: Window) -> QuotaWindow:
    return QuotaWindow(
        kind=window.kind,
        limit=None if window.is_implied else window.limit,
        left=window.left or 0,
        resets_at=window.resets_at,
        source=window.source,
        seen_at=window.limit_at or window.seen_at,
        owner=window.owner,
        standing=KNOWN if window.is_known else CLAIMED,
    )


def _block(block: Block) -> QuotaBlock:
    return QuotaBlock(
        reason=block.reason,
        source=block.source.value,
        until=block.until,
        next_probe=block.next_probe,
        message=block.message,
    )
