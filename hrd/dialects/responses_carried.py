"""What only another vendor than OpenAI can read again, carried through a Responses client in `encrypted_content`.

A Responses client keeps reasoning items and sends them back unread (https://platform.openai.com/docs/guides/reasoning).
OpenAI's own blobs travel as they are; those of others are marked with whose they are:

    hermes:anthropic:<signature>              hermes:anthropic-redacted:<data>
    hermes:gemini:<call id>:<signature>       hermes:openrouter:<reasoning_details, base64>
"""

from typing import Final

import msgspec

from hrd.core.conversation import Thinking, Vendor
from hrd.core.reply_events import ThoughtSigned
from hrd.dialects.carried_details import as_word, from_word

MARK: Final = "hermes:"
_REDACTED: Final = f"{MARK}{Vendor.ANTHROPIC}-redacted:"
_GEMINI: Final = f"{MARK}{Vendor.GEMINI}:"
_OPENROUTER: Final = f"{MARK}{Vendor.OPENROUTER}:"
_VENDORS: Final = {vendor.value: vendor for vendor in Vendor if vendor is not Vendor.NOBODY}


class CallSignature(msgspec.Struct, frozen=True, gc=False):
    """Gemini's thought signature of one call."""

    call_id: str
    signature: str


def carry(signed: ThoughtSigned) -> str:
    """The `encrypted_content` that stands for *signed*; empty if nothing of it is to be read again."""
    if signed.details:
        return _OPENROUTER + as_word(signed.details)
    if not signed.signature or signed.vendor in (Vendor.NOBODY, Vendor.OPENAI):
        return signed.signature if signed.vendor is Vendor.OPENAI else ""
    if signed.is_redacted and signed.vendor is Vendor.ANTHROPIC:
        return _REDACTED + signed.signature
    if signed.vendor is Vendor.GEMINI:
        return carry_call("", signed.signature)
    return f"{MARK}{signed.vendor}:{signed.signature}"


def carry_call(call_id: str, signature: str) -> str:
    """The `encrypted_content` that stands for Gemini's *signature* of a call."""
    return f"{_GEMINI}{call_id}:{signature}"


def take_back(text: str, encrypted: str) -> Thinking | CallSignature:
    """The reasoning that a client sends back, with *text* for people."""
    if not encrypted.startswith(MARK):
        return Thinking(text=text, signature=encrypted, vendor=Vendor.OPENAI if encrypted else Vendor.NOBODY)
    if encrypted.startswith(_GEMINI):
        call_id, _, signature = encrypted.removeprefix(_GEMINI).rpartition(":")
        return CallSignature(call_id, signature) if call_id else Thinking(text=text, signature=signature, vendor=Vendor.GEMINI)
    if encrypted.startswith(_OPENROUTER):
        return Thinking(text=text, vendor=Vendor.OPENROUTER, details=from_word(encrypted.removeprefix(_OPENROUTER)))
    if encrypted.startswith(_REDACTED):
        return Thinking(signature=encrypted.removeprefix(_REDACTED), vendor=Vendor.ANTHROPIC, is_redacted=True)
    vendor, _, signature = encrypted.removeprefix(MARK).partition(":")
    maker = _VENDORS.get(vendor)
    return Thinking(text=text, signature=signature, vendor=maker) if maker is not None else Thinking(text=text)
