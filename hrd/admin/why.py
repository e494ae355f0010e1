"""`hr why`: one exchange, explained."""

from collections.abc import Mapping

from hrd.admin.denied import Denied, not_found, unreadable
from hrd.admin.exchanges import exchange_of
from hrd.admin.wire.journal import Why, WhyQuestion
from hrd.store.contract import Store, StoreUnreadableError


async def explain(ask: WhyQuestion, store: Store, names: Mapping[str, str], now: float) -> Why | Denied:
    """Who was asked in which order, what each said, who was not asked and why."""
    try:
        entry = await store.entry(ask.request_id)
    except StoreUnreadableError as error:
        return unreadable(error)
    if entry is None:
        return not_found(
            "the journal has no request of that id (it keeps the last REQUEST_LOG_SIZE, once they have ended)",
            "see the last ones: hr logs",
        )
    return Why(now=now, exchange=exchange_of(entry, names))
