"""What goes over the channel comes out as it went in; what only a newer version knows is passed over."""

import math
from typing import get_args

import msgspec
import pytest

from hrd.core.blocks import Block
from hrd.core.failures import HintSource
from hrd.core.journal import AttemptNote, Entry, Outcome
from hrd.core.ledger import Raised, Reservation, Settlement
from hrd.core.remembered import BlockLifted, Discovered, EmbeddingPin, Learned, Row
from hrd.handover.messages import (
    ROW_KINDS,
    ROWS_BYTES_MAX,
    Hello,
    Older,
    Rows,
    SentRow,
    Turn,
    decode,
    encode,
    packets,
    rows_of,
    sent,
)
from hrd.store.contract import Process
from tests.hrd.store.samples import answered, settled

ROWS: list[Row] = [
    Reservation(id=7, at=1.5, request_id="req-1", provider="groq", model="m", credential="groq-1", scopes=("a", "b"), tokens=9),
    Raised(id=7, tokens=11, cost_microusd=None),
    Settlement(id=7, at=2.5, tokens=8, outcome="ok"),
    Block(scope="a", reason="rejected", source=HintSource.GUESS, set_at=1.0, until=math.inf),
    BlockLifted(scope="a", reason="rejected"),
    Learned(provider="groq", model="m", what="tools", value=1, at=1.0, expires_at=2.0),
    EmbeddingPin(provider="groq", model="m", at=3.0),
    Entry(
        request_id="req-1",
        at=1.0,
        endpoint="/v1/chat/completions",
        client="client-1",
        model_asked="m",
        stream=True,
        outcome=Outcome.OK,
        status=200,
        attempts=(AttemptNote(provider="groq", model="m", credential="groq-1", outcome="ok"),),
    ),
]


def test_a_row_that_cannot_be_put_into_words_is_left_out() -> None:
    """Nor could the database take it. Those that were written with it are told all the same."""
    odd = msgspec.structs.replace(answered(), client="half a pair: \ud83d")
    assert [rows_of(packet.rows) for packet in packets(1, [settled(1), odd, settled(2, tokens=2**64), settled(3)])] == [
        [settled(1), settled(3)]
    ]


def test_rows_come_out_as_they_went_in() -> None:
    (packet,) = packets(7, ROWS)
    received = decode(encode(packet))
    assert isinstance(received, Rows)
    assert (received.number, rows_of(received.rows)) == (7, ROWS)


def test_every_kind_of_row_goes_over_but_lists_of_models() -> None:
    """Those are read by each process for itself, and may be larger than a packet."""
    assert set(get_args(Row)) - set(ROW_KINDS.values()) == {Discovered}


def test_many_rows_are_many_packets_in_order_and_each_fits() -> None:
    rows = [Settlement(id=number, at=0.0, tokens=0, outcome="x" * 1000) for number in range(200)]
    found = list(packets(7, rows))
    assert [packet.number for packet in found] == [7] * 5
    assert all(len(encode(packet)) < ROWS_BYTES_MAX + 8192 for packet in found)
    assert [row for packet in found for row in rows_of(packet.rows)] == rows


def test_a_row_that_fits_no_packet_is_left_to_the_database() -> None:
    huge = Settlement(id=1, at=0.0, tokens=0, outcome="x" * ROWS_BYTES_MAX)
    assert [rows_of(packet.rows) for packet in packets(7, [huge, ROWS[1]])] == [[ROWS[1]]]


def test_rows_of_another_version_are_passed_over() -> None:
    unknown = SentRow("Weather", msgspec.Raw(encode({"sun": 1})))
    changed = SentRow("Settlement", msgspec.Raw(encode({"id": "seven"})))
    models = sent(Discovered(provider="groq", models=(), contexts={}, at=1.0))
    assert rows_of([unknown, changed, models, sent(ROWS[1])]) == [ROWS[1]]


def test_a_message_keeps_what_is_in_it_and_ignores_what_a_newer_version_adds() -> None:
    turn = Turn(next_reservation=5, older=(Older(process=Process(4, 1.5), version="0.1.0"),))
    assert decode(encode(turn)) == turn
    more = msgspec.to_builtins(turn) | {"weather": "fine"}
    assert decode(encode(more)) == turn


@pytest.mark.parametrize("data", [b"", b"\xc1", encode({"type": "Weather"}), encode({"type": Hello.__name__})])
def test_what_is_no_message_is_an_error(data: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode(data)
