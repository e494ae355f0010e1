"""What was spent: counters by provider, model, credential, client key and UTC day."""

from hrd.admin.wire.route import Answer, Ask, Route


class UsageQuestion(Ask, frozen=True, kw_only=True):
    """From a UTC day on (`YYYY-MM-DD`, empty: all that is kept), for one client key (fingerprint or name) or all."""

    since: str = ""
    client: str = ""
    by_session: bool = False
    """Of the sessions that clients named (X-Hermes-Session), instead of providers, models and credentials."""


class UsageTotals(Answer, frozen=True, kw_only=True):
    """Counters over all rows."""

    requests: int = 0
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_microusd: int = 0
    unpriced: int = 0
    """Requests whose cost is not known; it is not in `cost_microusd`."""


class UsageRow(UsageTotals, frozen=True, kw_only=True):
    """Counters of one provider, model, credential, client key and UTC day; or of one session, client key and UTC day."""

    provider: str
    model: str
    credential: str
    client: str
    day: str
    client_name: str = ""
    session: str = ""


class Usage(Answer, frozen=True, kw_only=True):
    """`hr usage --json`. `cut`: there were more rows than one answer holds, the totals are of these. `unwritten`: why what is
    newest is missing, while the database cannot be written. `currency` and `fx_rate` (COST_CURRENCY, COST_FX_RATE): a second
    currency to show costs in; a rate of 0 is none."""

    totals: UsageTotals
    rows: tuple[UsageRow, ...]
    cut: bool = False
    unwritten: str = ""
    currency: str = ""
    fx_rate: float = 0.0


USAGE = Route("GET", "/v1/usage", UsageQuestion, Usage)
