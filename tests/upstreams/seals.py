"""What a provider writes so that only it can read it again: signatures of thinking, encrypted reasoning, thought signatures.

A seal holds what it was put on and who made it, so an emulated provider knows its own without having to remember them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

_MAC_BYTES = 12


@dataclass(frozen=True)
class Seal:
    maker: str
    """One provider, or one account at a provider."""
    begins: str = ""
    """How its tokens begin; base64 itself, a multiple of four characters."""

    def close(self, text: str) -> str:
        """A token for *text*: base64, and unlike any other maker's."""
        content = text.encode()
        return self.begins + base64.b64encode(self._mac(content) + content).decode()

    def open(self, token: object) -> str | None:
        """What *token* was made for; None if it is not this maker's, or was changed."""
        if not isinstance(token, str) or not token.startswith(self.begins):
            return None
        try:
            data = base64.b64decode(token.removeprefix(self.begins), validate=True)
        except binascii.Error:
            return None
        mac, content = data[:_MAC_BYTES], data[_MAC_BYTES:]
        return content.decode() if mac == self._mac(content) else None

    def _mac(self, content: bytes) -> bytes:
        return hashlib.blake2b(content, digest_size=_MAC_BYTES, key=self.maker.encode()[:64]).digest()
