"""What other vendors sealed, on its way through a Responses client."""

import msgspec
import pytest

from hrd.core.conversation import ABSENT, Thinking, Vendor
from hrd.core.reply_events import ThoughtSigned
from hrd.dialects.responses_carried import CallSignature, carry, carry_call, take_back

DETAILS = msgspec.Raw(b'[{"type":"reasoning.text","text":"hm"}]')


@pytest.mark.parametrize(
    ("signed", "carried", "back"),
    [
        (
            ThoughtSigned(signature="gAAAA", vendor=Vendor.OPENAI),
            "gAAAA",
            Thinking(text="t", signature="gAAAA", vendor=Vendor.OPENAI),
        ),
        (
            ThoughtSigned(signature="E:rde=", vendor=Vendor.ANTHROPIC),
            "hermes:anthropic:E:rde=",
            Thinking(text="t", signature="E:rde=", vendor=Vendor.ANTHROPIC),
        ),
        (
            ThoughtSigned(signature="Erde=", vendor=Vendor.ANTHROPIC, is_redacted=True),
            "hermes:anthropic-redacted:Erde=",
            Thinking(signature="Erde=", vendor=Vendor.ANTHROPIC, is_redacted=True),
        ),
        (
            ThoughtSigned(signature="c2ln", vendor=Vendor.GEMINI),
            "hermes:gemini::c2ln",
            Thinking(text="t", signature="c2ln", vendor=Vendor.GEMINI),
        ),
        (
            ThoughtSigned(signature="", vendor=Vendor.OPENROUTER, details=DETAILS),
            "hermes:openrouter:W3sidHlwZSI6InJlYXNvbmluZy50ZXh0IiwidGV4dCI6ImhtIn1d",
            Thinking(text="t", vendor=Vendor.OPENROUTER, details=DETAILS),
        ),
    ],
)
def test_what_is_sealed_comes_back_to_its_vendor(signed: ThoughtSigned, carried: str, back: Thinking) -> None:
    assert carry(signed) == carried
    assert take_back("t", carried) == back


@pytest.mark.parametrize("vendor", [Vendor.NOBODY, Vendor.ANTHROPIC])
def test_nothing_is_carried_of_what_nobody_could_read(vendor: Vendor) -> None:
    assert carry(ThoughtSigned(signature="" if vendor else "x", vendor=vendor)) == ""


def test_the_signature_of_a_call_names_the_call() -> None:
    assert take_back("", carry_call("call:1", "c2ln")) == CallSignature("call:1", "c2ln")


@pytest.mark.parametrize("blob", ["%%%", "bm8ganNvbg=="])
def test_details_that_somebody_changed_are_left_out(blob: str) -> None:
    back = take_back("t", f"hermes:openrouter:{blob}")
    assert back == Thinking(text="t", vendor=Vendor.OPENROUTER, details=ABSENT)


def test_a_mark_of_nobody_we_know_leaves_the_words() -> None:
    assert take_back("t", "hermes:mars:x") == Thinking(text="t")
    assert take_back("t", "") == Thinking(text="t")
