"""The estimate holds against counts measured with public encodings, for long texts too."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.estimate import SAMPLE_OVER_BYTES, estimate_counted, estimate_json_tokens, estimate_tokens

ROWS = json.loads((Path(__file__).parents[2] / "data" / "token-counts.json").read_text())["rows"]
NAMES = [row["name"] for row in ROWS]


def assert_close(estimate: float, row: dict[str, Any], times: int = 1) -> None:
    for encoding in ("cl100k_base", "o200k_base"):
        assert 0.9 * row[encoding] * times <= estimate <= 1.25 * row[encoding] * times, encoding


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_between_ten_percent_below_and_a_quarter_above_both_encodings(row: dict[str, Any]) -> None:
    assert_close(estimate_tokens(row["text"].encode()), row)


@pytest.mark.parametrize("times", [20, 301])
@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_long_texts_are_sampled_and_stay_within_the_same_bounds(row: dict[str, Any], times: int) -> None:
    text = row["text"].encode() * times
    assert len(text) > SAMPLE_OVER_BYTES
    assert_close(estimate_tokens(text), row, times)


@pytest.mark.parametrize("ensure_ascii", [True, False])
@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_a_text_spelled_as_json_counts_about_as_the_text(row: dict[str, Any], ensure_ascii: bool) -> None:
    spelled = json.dumps(row["text"], ensure_ascii=ensure_ascii).encode()
    assert estimate_json_tokens(spelled) == pytest.approx(estimate_tokens(row["text"].encode()), rel=0.1)


def test_nothing_costs_nothing_and_a_letter_costs_one() -> None:
    assert (estimate_tokens(b""), estimate_tokens(b"a"), estimate_json_tokens(b"")) == (0, 1, 0)


def test_counted_lengths_of_prose_in_two_scripts() -> None:
    assert estimate_counted(0, 0) == 0
    assert estimate_counted(1204, 0) == 301  # the English row: 254 by tokenizer
    assert estimate_counted(388, 776) == 346  # the Chinese row: 368 and 280


@given(st.binary(max_size=2000))
def test_any_bytes_have_an_estimate_that_one_more_text_does_not_lower(data: bytes) -> None:
    assert 0 <= estimate_tokens(data) <= estimate_tokens(data + b"word.")
    assert estimate_json_tokens(data) >= 0
