"""`hr usage`: what was spent."""

from collections.abc import Mapping

from hrd.admin.denied import Denied, misused, unreadable
from hrd.admin.wire.usage import Usage, UsageRow, UsageTotals
from hrd.store.contract import Store, StoreUnreadableError, UsageQuestion

ROWS_MAX = 10_000


async def usage_of(store: Store, *, since: str, client: str, names: Mapping[str, str]) -> Usage | Denied:
    """Counters from the UTC day *since* on (empty: all), of the client key with the fingerprint *client* (empty: of all)."""
    question = UsageQuestion(since_day=since, client=client, rows_max=ROWS_MAX + 1)
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
        )
        for row in found[:ROWS_MAX]
    )
    totals = UsageTotals(
        requests=sum(row.requests for row in rows),
        errors=sum(row.errors for row in rows),
        input_tokens=sum(row.input_tokens for row in rows),
        output_tokens=sum(row.output_tokens for row in rows),
        cost_microusd=sum(row.cost_microusd for row in rows),
    )
    return Usage(totals=totals, rows=rows, cut=len(found) > ROWS_MAX, unwritten=store.health().unwritten)
