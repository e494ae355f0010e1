"""Journal entries in the words of the wire."""

from collections.abc import Mapping

from hrd.admin.wire.journal import Exchange, ExchangeAttempt, ExchangePassedOver, ExchangeReading, ExchangeUsage
from hrd.core.journal import AttemptNote, Entry, PassedOver, Reading
from hrd.core.reasons import in_words


def exchange_of(
    entry: Entry,
    names: Mapping[str, str],
    *,
    row: int = 0,
    notes: tuple[str, ...] = (),
) -> Exchange:
    """*names*: client key → name. *notes* come before the entry's own."""
    usage = entry.usage
    return Exchange(
        request_id=entry.request_id,
        at=entry.at,
        endpoint=entry.endpoint,
        client=entry.client,
        client_name=names.get(entry.client, ""),
        model_asked=entry.model_asked,
        stream=entry.stream,
        outcome=entry.outcome.value,
        status=entry.status,
        row=row,
        provider=entry.provider,
        model=entry.model,
        credential=entry.credential,
        usage=ExchangeUsage(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached_tokens=usage.cached_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            source=usage.source.value,
            stated_microusd=usage.stated_microusd,
        ),
        cost_microusd=entry.cost_microusd,
        session=entry.session,
        first_token_ms=entry.first_token_ms,
        total_ms=entry.total_ms,
        waited_ms=entry.waited_ms,
        attempts=tuple(_attempt(note) for note in entry.attempts),
        order=entry.order,
        readings=tuple(_reading(one) for one in entry.readings),
        moved_from=entry.moved_from,
        passed_over=tuple(_passed_over(one) for one in entry.passed_over),
        reason=entry.reason,
        notes=(*notes, *entry.notes),
    )


def _attempt(note: AttemptNote) -> ExchangeAttempt:
    return ExchangeAttempt(
        provider=note.provider,
        model=note.model,
        credential=note.credential,
        outcome=note.outcome,
        status=note.status,
        message=note.message,
        ms=note.ms,
        is_probe=note.is_probe,
    )


def _reading(one: Reading) -> ExchangeReading:
    return ExchangeReading(
        candidate=one.candidate,
        kind=one.kind,
        left=one.left,
        limit=one.limit,
        resets_at=one.resets_at,
        is_known=one.is_known,
        in_flight=one.in_flight,
    )


def _passed_over(one: PassedOver) -> ExchangePassedOver:
    reading = _reading(one.reading) if one.reading is not None else None
    return ExchangePassedOver(candidate=one.candidate, why=in_words(one.why), until=one.until, reading=reading)
