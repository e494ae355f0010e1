"""What the socket says of an exchange is what the journal holds: an entry of the core becomes one field by field."""

import msgspec

from hrd.admin.wire.journal import Exchange
from hrd.core.journal import AttemptNote, Entry, Outcome, PassedOver, Reading, Usage, UsageSource
from tests.hrd.admin.wire.shapes import shape_of

ENTRY = Entry(
    request_id="req-1",
    at=1_000.5,
    endpoint="chat.completions",
    client="client-1a2b3c4d",
    model_asked="hermes-router",
    stream=True,
    outcome=Outcome.OK,
    status=200,
    provider="groq",
    model="llama",
    credential="groq-1a2b3c4d",
    usage=Usage(input_tokens=10, output_tokens=5, source=UsageSource.KNOWN),
    attempts=(AttemptNote(provider="groq", model="llama", credential="groq-1a2b3c4d", outcome="ok", status=200, ms=12.5),),
    order=("groq/llama/groq-1a2b3c4d",),
    readings=(Reading(candidate="groq/llama/groq-1a2b3c4d", kind="requests/day", left=3, limit=50, is_known=True),),
    passed_over=(PassedOver(candidate="gemini", why="rate limited", until=1_060.0),),
    notes=("max_tokens clamped",),
)


def test_an_entry_becomes_an_exchange_field_by_field() -> None:
    exchange = msgspec.convert({**shape_of(ENTRY), "row": 7}, Exchange)
    assert exchange.row == 7
    assert exchange.outcome == "ok"
    assert exchange.usage.source == "known"
    assert exchange.attempts[0].ms == 12.5
    assert exchange.passed_over[0].until == 1_060.0
    told = msgspec.convert(shape_of(exchange), Entry)
    assert told == ENTRY, "an entry says something that the wire does not carry, or otherwise"


def test_every_field_of_an_entry_has_its_place_on_the_wire() -> None:
    here = set(Exchange.__struct_fields__)
    assert set(Entry.__struct_fields__) <= here
    assert here - set(Entry.__struct_fields__) == {"row", "client_name"}
