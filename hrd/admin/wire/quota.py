"""What is left, what is blocked, and how a block is lifted by hand."""

from hrd.admin.wire.route import Answer, Ask, Nothing, Route

KNOWN = "known"
CLAIMED = "claimed"


class QuotaWindow(Answer, frozen=True, kw_only=True):
    """What a scope has left of one kind. `source` says whose word the limit is (`header`, `body`, `look-up`, `settings`,
    `catalogue`, `refusals`) and `seen_at` since when; `standing` is `known`, or `claimed`: that never refuses. `owner` is
    `provider`, or `user` for a ceiling of one's own."""

    kind: str
    limit: int | None
    left: int
    resets_at: float | None
    source: str
    seen_at: float | None = None
    standing: str = KNOWN
    owner: str = "provider"


class QuotaBlock(Answer, frozen=True, kw_only=True):
    """Why a scope is not asked, on whose word (`header`, `body`, `guess`), until when, and when it is tried all the same."""

    reason: str
    source: str
    until: float
    next_probe: float | None = None
    message: str = ""


class QuotaScope(Answer, frozen=True, kw_only=True):
    """One scope. `title` says it for people, where the scope alone does not."""

    scope: str
    windows: tuple[QuotaWindow, ...] = ()
    blocks: tuple[QuotaBlock, ...] = ()
    title: str = ""


class Quota(Answer, frozen=True, kw_only=True):
    """`hr quota --json`. Where very much is remembered, what nobody asks by the settings is not all shown: `scopes_known` says
    of how many scopes anything is known."""

    now: float
    scopes: tuple[QuotaScope, ...]
    scopes_known: int = 0


class ResetRequest(Ask, frozen=True, kw_only=True):
    """Lift the blocks of one provider, one credential, or all. Exactly one of the three."""

    provider: str = ""
    fingerprint: str = ""
    all: bool = False


class BlockLifted(Answer, frozen=True, kw_only=True):
    """A block that stood until now, or a window that was used up (`requests/day used up`). `title` says the scope for
    people."""

    scope: str
    reason: str
    title: str = ""


class ResetDone(Answer, frozen=True, kw_only=True):
    """`hr reset --json`."""

    lifted: tuple[BlockLifted, ...]


QUOTA = Route("GET", "/v1/quota", Nothing, Quota)
RESET = Route("POST", "/v1/reset", ResetRequest, ResetDone)
