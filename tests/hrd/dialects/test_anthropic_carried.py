"""Reasoning of all vendors through the signatures of thinking blocks, there and back."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.conversation import Thinking, Vendor
from hrd.dialects.anthropic_carried import call_signature, carried, carried_for_call, is_foreign, taken_back

BLOBS = st.from_regex(r"[A-Za-z0-9+/]{1,20}={0,2}", fullmatch=True)


@pytest.mark.parametrize(
    ("signature", "vendor", "sent"),
    [
        ("EqQB", Vendor.ANTHROPIC, "EqQB"),
        ("gAAAAABm", Vendor.OPENAI, "gAAAAABm"),
        ("rs_1", Vendor.OPENAI, "hermes:openai:rs_1"),
        ("c2ln", Vendor.GEMINI, "hermes:gemini:c2ln"),
        ("blob", Vendor.OPENROUTER, "hermes:openrouter:blob"),
        ("", Vendor.ANTHROPIC, ""),
        ("blob", Vendor.NOBODY, ""),
    ],
)
def test_how_a_signature_travels(signature: str, vendor: Vendor, sent: str) -> None:
    assert carried(signature, vendor) == sent
    if sent:
        assert taken_back("hm", sent) == Thinking(text="hm", signature=signature, vendor=vendor)
        assert is_foreign(sent) == (vendor is not Vendor.ANTHROPIC)


def test_reasoning_without_a_signature_is_text_alone() -> None:
    assert taken_back("hm", "") == Thinking(text="hm")
    assert is_foreign("")


def test_details_travel_as_they_are_spelled() -> None:
    details = msgspec.Raw(b'[{"type": "reasoning.text", "text": "h\xc3\xbc"}]')
    sent = carried("", Vendor.OPENROUTER, details)
    assert taken_back("hm", sent) == Thinking(text="hm", vendor=Vendor.OPENROUTER, details=details)
    assert is_foreign(sent)


@pytest.mark.parametrize("blob", ["!!", "bm9uc2Vuc2U="])
def test_details_that_somebody_changed_are_none(blob: str) -> None:
    assert taken_back("hm", f"hermes:openrouter-details:{blob}") == Thinking(text="hm", vendor=Vendor.OPENROUTER)


def test_a_vendor_that_is_not_known_is_nobody() -> None:
    assert taken_back("hm", "hermes:somebody:blob") == Thinking(text="hm")


@given(st.from_regex(r"[a-zA-Z0-9_-]{1,20}", fullmatch=True), BLOBS)
def test_a_calls_signature_comes_back_with_its_call(call_id: str, blob: str) -> None:
    assert call_signature(taken_back("", carried_for_call(call_id, blob))) == (call_id, blob)


def test_other_thinking_is_no_calls_signature() -> None:
    assert call_signature(Thinking(text="hm", signature="a:b", vendor=Vendor.GEMINI)) is None
    assert call_signature(Thinking(signature="EqQB", vendor=Vendor.ANTHROPIC)) is None
    assert call_signature(Thinking(signature="c2ln", vendor=Vendor.GEMINI)) is None


@given(BLOBS, st.sampled_from([Vendor.OPENAI, Vendor.GEMINI, Vendor.OPENROUTER]))
def test_no_foreign_signature_looks_like_anthropics(blob: str, vendor: Vendor) -> None:
    sent = carried(blob, vendor)
    assert is_foreign(sent)
    assert taken_back("", sent).vendor is vendor
