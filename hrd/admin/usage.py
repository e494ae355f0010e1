"""`hr usage`: what was spent."""

from collections.abc import Mapping

from hrd.admin.denied import Denied, misused, unreadable
from hrd.admin.wire.usage import Usage, UsageQuestion, UsageRow, UsageTotals
from hrd.settings import Settings
from hrd.store.contract import Store, StoreUnreadableError
from hrd.store.contract import UsageQuestion as StoreQuestion

ROWS_MAX = 10_000


async def usage_of(
    store: Store, ask: UsageQuestion, *, client: str, names: Mapping[str, str], settings: Settings
) -> Usage | Denied:
    """What is asked for, of the client key with the fingerprint *client* (empty: of all)."""
    question = StoreQuestion(since_day=ask.since, client=client, by_session=ask.by_session, rows_max=ROWS_MAX + 1)
    try:
        found = await store.usage(question)
    except ValueError:
        return misused("since is a day, such as 2026-11-01")
    except StoreUnreadableError as error:
        return unreadable(error)
    rows = tuple(
        UsageRow(
            provider=row.provider,
            model=row.model,
            credential=row.credential,
            client=row.client,
            client_name=names.get(row.client, ""),
            day=row.day,
            requests=row.requests,
            errors=row.errors,
            input_tokens=row.input_tokens,
            output_tokens=row.output_tokens,
            cost_microusd=row.cost_microusd,
            unpriced=row.unpriced,
            session=row.session,
        )
        for row in found[:ROWS_MAX]
    )
    totals = UsageTotals(
        requests=sum(row.requests for row in rows),
        errors=sum(row.errors for row in rows),
        input_tokens=sum(row.input_tokens for row in rows),
        output_tokens=sum(row.output_tokens for row in rows),
        cost_microusd=sum(row.cost_microusd for row in rows),
        unpriced=sum(row.unpriced for row in rows),
    )
    rate = settings.cost_fx_rate
    return Usage(
        totals=totals,
        rows=rows,
        cut=len(found) > ROWS_MAX,
        unwritten=store.health().unwritten,
        currency=settings.cost_currency if rate else "",
        fx_rate=rate,
    )
