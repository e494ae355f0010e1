"""Client keys: what programs of this machine show to the router."""

from hrd.admin.wire.route import Answer, Ask, Route


class KeysQuestion(Ask, frozen=True, kw_only=True):
    """The client keys; with `reveal`, what they are."""

    reveal: bool = False


class KeyLimits(Answer, frozen=True, kw_only=True):
    """Ceilings of a client key; 0 and empty are none."""

    rpm: int = 0
    req_per_day: int = 0
    tokens_per_day: int = 0
    cost_per_day: float = 0.0
    concurrency: int = 0
    allowed_providers: tuple[str, ...] = ()
    local_only: bool = False
    cost_policy: str = ""
    priority_max: str = ""
    """The highest priority that its requests may have: `low`, `normal` or `high` (which empty is)."""


class ClientKey(Answer, frozen=True, kw_only=True):
    """A key that programs of this machine use. `source` is `auth.json` (which `hr` can revoke), `.env` or `environment`."""

    fingerprint: str
    name: str
    source: str
    limits: KeyLimits = KeyLimits()
    key: str | None = None

    def __repr__(self) -> str:
        return f"ClientKey({self.fingerprint!r}, {self.name!r})"


class Keys(Answer, frozen=True, kw_only=True):
    """`hr key list --json`."""

    keys: tuple[ClientKey, ...]
    path: str = ""
    """Where auth.json stands."""


class KeyCreate(Ask, frozen=True, kw_only=True):
    """A new client key."""

    name: str
    limits: KeyLimits = KeyLimits()


class KeyCreated(Answer, frozen=True, kw_only=True):
    """The only answer that names the key itself without being asked to."""

    fingerprint: str
    name: str
    key: str

    def __repr__(self) -> str:
        return f"KeyCreated({self.fingerprint!r}, {self.name!r})"


class KeyRevoke(Ask, frozen=True, kw_only=True):
    """By fingerprint or name."""

    which: str


class KeyRevoked(Answer, frozen=True, kw_only=True):
    """`left` is how many client keys remain."""

    fingerprint: str
    name: str
    left: int


KEYS = Route("GET", "/v1/keys", KeysQuestion, Keys)
KEY_CREATE = Route("POST", "/v1/keys", KeyCreate, KeyCreated)
KEY_REVOKE = Route("POST", "/v1/keys/revoke", KeyRevoke, KeyRevoked)
