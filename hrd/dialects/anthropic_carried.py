"""What only its vendor can read again, carried through a Messages client in the signatures of thinking blocks.

Such a client keeps thinking blocks and sends them back unread. Anthropic's own signatures travel as they are, and so do
OpenAI's encrypted blobs, which are known by how they begin; what else there is says whose it is:

    hermes:<vendor>:<signature>
    hermes:gemini:<call id>:<signature>         of a tool call: an empty block before it
    hermes:openrouter-details:<reasoning_details, base64>
"""

from typing import Final

import msgspec

from hrd.core.conversation import ABSENT, Thinking, Vendor
from hrd.dialects.carried_details import as_word, from_word

_MARK: Final = "hermes:"
_OPENAI_BEGINS: Final = "gAAAA"
"""Fernet tokens, which OpenAI's encrypted reasoning is (https://github.com/fernet/spec): version 128 and a time."""
_DETAILS: Final = f"{_MARK}{Vendor.OPENROUTER}-details:"
_VENDORS: Final = {vendor.value: vendor for vendor in Vendor if vendor is not Vendor.NOBODY}


def is_foreign(signature: str) -> bool:
    """Whether Anthropic would refuse a thinking block with *signature*: it never made it."""
    return not signature or signature.startswith((_MARK, _OPENAI_BEGINS))


def carried(signature: str, vendor: Vendor, details: msgspec.Raw = ABSENT) -> str:
    """The signature of the thinking block that stands for reasoning; empty if nobody needs it back."""
    if details:
        return _DETAILS + as_word(details)
    if not signature or vendor is Vendor.NOBODY:
        return ""
    if vendor is Vendor.ANTHROPIC or (vendor is Vendor.OPENAI and signature.startswith(_OPENAI_BEGINS)):
        return signature
    return f"{_MARK}{vendor}:{signature}"


def carried_for_call(call_id: str, signature: str) -> str:
    """The same for Gemini's signature of a call."""
    return f"{_MARK}{Vendor.GEMINI}:{call_id}:{signature}"


def call_signature(thinking: Thinking) -> tuple[str, str] | None:
    """Call id and Gemini's signature, if *thinking* was taken back from what `carried_for_call` made; None for all else."""
    if thinking.vendor is not Vendor.GEMINI or thinking.text:
        return None
    call_id, colon, signature = thinking.signature.rpartition(":")
    return (call_id, signature) if colon else None


def taken_back(text: str, signature: str) -> Thinking:
    """The reasoning that a client's thinking block stands for."""
    if not signature:
        return Thinking(text=text)
    if signature.startswith(_OPENAI_BEGINS):
        return Thinking(text=text, signature=signature, vendor=Vendor.OPENAI)
    if not signature.startswith(_MARK):
        return Thinking(text=text, signature=signature, vendor=Vendor.ANTHROPIC)
    if signature.startswith(_DETAILS):
        return Thinking(text=text, vendor=Vendor.OPENROUTER, details=from_word(signature.removeprefix(_DETAILS)))
    name, _, own = signature.removeprefix(_MARK).partition(":")
    vendor = _VENDORS.get(name)
    return Thinking(text=text, signature=own, vendor=vendor) if vendor is not None else Thinking(text=text)
