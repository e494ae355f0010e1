"""`hr why`: one request, explained."""

from collections.abc import Iterator
from typing import Final

import click

from hrctl.grammar import Command, as_json
from hrctl.render import Cell, Column, Paper, table
from hrctl.session import Session
from hrctl.words import amount, clock, coming, milliseconds, money, plain, sentence
from hrd.admin.wire.journal import WHY, Exchange, ExchangeAttempt, ExchangeReading, Why, WhyQuestion

NAME_WANTS: Final = 24
"""A candidate's end tells which key it is of, a reason's what it is about."""


@click.command(cls=Command, examples=("hr why req-0192f3a4", "hr why req-0192f3a4 --json"))
@click.argument("request_id")
@as_json
@click.pass_obj
def why(session: Session, request_id: str, as_json: bool) -> None:
    """Explain one request.

    Who was asked in which order, what each said, who was not asked and why. The id is in every answer's x-request-id, and in hr
    logs.
    """
    session.show(session.client.ask(WHY, WhyQuestion(request_id=request_id)), drawn, as_json)


def drawn(answer: Why, paper: Paper) -> str:
    one = answer.exchange
    told = map(paper.flow, (_asked(one), *_ended(one)))
    parts = (*told, *_tried(one, paper), *_passed_over(answer, paper), *_order(one, paper), *_notes(one))
    return "\n".join(part for part in parts)


def _asked(one: Exchange) -> str:
    how = "as a stream" if one.stream else "as a whole"
    who = plain(one.client_name or one.client)
    session = f", for session {plain(one.session)}" if one.session else ""
    what = f"asked {plain(one.endpoint)} for {plain(one.model_asked)}, {how}{session}"
    return f"{clock(one.at)}: {who} {what} ({plain(one.request_id)})"


def _ended(one: Exchange) -> Iterator[str]:
    waited = f"after waiting {milliseconds(one.waited_ms)}" if one.waited_ms else ""
    first = f"first token after {milliseconds(one.first_token_ms)}" if one.first_token_ms is not None else ""
    took = f"done after {milliseconds(one.total_ms)}"
    served = f"by {plain(one.provider)}/{plain(one.model)} with {plain(one.credential)}" if one.provider else ""
    line = sentence(f"{plain(one.outcome)} ({one.status}) {served}".rstrip(), waited, first, took)
    yield f"{line[:1].upper()}{line[1:]}"
    yield from _tokens(one)
    if one.reason:
        yield f"The client was told: {plain(one.reason)}"


def _tokens(one: Exchange) -> Iterator[str]:
    used = one.usage
    if used.source == "none":
        yield "No tokens were counted"
        return
    cached = f"{used.cached_tokens:,} of them cached" if used.cached_tokens else ""
    thought = f"{used.reasoning_tokens:,} of them reasoning" if used.reasoning_tokens else ""
    spoken = sentence(f"{used.output_tokens:,} tokens out", thought)
    yield f"{sentence(f'{used.input_tokens:,} tokens in', cached)}; {spoken} ({plain(used.source)})"
    yield _cost(one)


def _cost(one: Exchange) -> str:
    if one.cost_microusd is None:
        return "What it cost is not known: no price of the model is (MODEL_PRICES_FILE)"
    if not one.cost_microusd:
        return "Cost: none"
    whose = ", by the provider's own word" if one.usage.stated_microusd is not None else ""
    return f"Cost: {money(one.cost_microusd)}{whose}"


_TRIED: Final = (
    Column("", right=True),
    Column("ASKED", shrinks=True, wants=NAME_WANTS),
    Column("KEY", shrinks=True, wants=NAME_WANTS),
    Column("STATUS", right=True, goes=1),
    Column("OUTCOME"),
    Column("TOOK", right=True),
    Column("SAID", shrinks=True),
)


def _tried(one: Exchange, paper: Paper) -> Iterator[str]:
    if not one.attempts:
        yield "Nobody was asked"
        return
    yield "\nAsked, in this order:"
    yield table(paper, _TRIED, [_attempt(place, tried) for place, tried in enumerate(one.attempts, 1)])


def _attempt(place: int, tried: ExchangeAttempt) -> list[Cell | str]:
    outcome = Cell(tried.outcome, "green" if tried.outcome == "ok" else "red")
    status = str(tried.status) if tried.status is not None else ""
    return [
        str(place),
        f"{tried.provider}/{tried.model}",
        tried.credential,
        status,
        outcome,
        milliseconds(tried.ms),
        tried.message,
    ]


def _passed_over(answer: Why, paper: Paper) -> Iterator[str]:
    if not answer.exchange.passed_over:
        return
    columns = (
        Column("CANDIDATE", shrinks=True, wants=NAME_WANTS),
        Column("WHY", shrinks=True, wants=NAME_WANTS),
        Column("LEFT", right=True, goes=1),
        Column("UNTIL"),
    )
    asked = {f"{tried.provider}/{tried.model}#{tried.credential}" for tried in answer.exchange.attempts}
    yield "\nNot asked, or not again:" if any(one.candidate in asked for one in answer.exchange.passed_over) else "\nNot asked:"
    rows = [[one.candidate, one.why, _left(one.reading), coming(one.until, answer.now)] for one in answer.exchange.passed_over]
    yield table(paper, columns, rows)


_RANKED: Final = (
    Column("", right=True),
    Column("CANDIDATE", shrinks=True, wants=NAME_WANTS),
    Column("LEFT", right=True),
    Column("OF", right=True),
    Column("WINDOW"),
    Column("FULL AGAIN", goes=2),
    Column("OUT", right=True, goes=1),
)


def _order(one: Exchange, paper: Paper) -> Iterator[str]:
    if not one.order:
        return
    readings = {reading.candidate: reading for reading in one.readings}
    yield "\nRanked, best first; left is of the scarcest window:" if readings else "\nRanked, best first:"
    rows = [[str(place), name, *_reading(readings.get(name), one.at)] for place, name in enumerate(one.order, 1)]
    yield table(paper, _RANKED, rows)
    if one.moved_from:
        yield paper.flow(f"The conversation belongs to {plain(one.moved_from)}, which could not be asked or has little left")
    elif home := _home(one):
        yield paper.flow(f"Asked first was {plain(home)}: the conversation stays there, where its prompt is cached")


def _home(one: Exchange) -> str:
    """Who was asked before those who rank higher, though not to see whether it works again; empty if nobody was."""
    if not one.attempts or one.attempts[0].is_probe:
        return ""
    first = one.attempts[0]
    name = f"{first.provider}/{first.model}#{first.credential}"
    return name if name in one.order[1:] else ""


def _reading(reading: ExchangeReading | None, at: float) -> list[str]:
    if reading is None:
        return [""] * 5
    out = str(reading.in_flight) if reading.in_flight else ""
    if not reading.kind:
        return ["", "", "none known", "", out]
    whole = amount(reading.kind, reading.limit) if reading.limit is not None else ""
    window = reading.kind if reading.is_known else f"{reading.kind} (claimed)"
    return [amount(reading.kind, reading.left), whole, window, coming(reading.resets_at, at), out]


def _left(reading: ExchangeReading | None) -> str:
    if reading is None or not reading.kind:
        return ""
    of = f" of {amount(reading.kind, reading.limit)}" if reading.limit is not None else ""
    return f"{amount(reading.kind, reading.left)}{of} {reading.kind}"


def _notes(one: Exchange) -> Iterator[str]:
    if one.notes:
        yield "\nChanged on the way:"
        yield from (f"  {plain(note)}" for note in one.notes)
