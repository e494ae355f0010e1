"""Ids of tool calls in the alphabet of the Messages API: `^[a-zA-Z0-9_-]+$`."""

import hashlib
import re

_PLAIN = re.compile(r"[a-zA-Z0-9_-]{1,256}")
_ODD = re.compile(r"[^a-zA-Z0-9_-]")
_KEPT_CHARS = 64
_DIGEST_CHARS = 12


def plain_id(call_id: str) -> str:
    """*call_id* itself if it fits, else the one that stands for it, the same for the same id."""
    if call_id.isascii() and call_id.isidentifier() and len(call_id) <= _KEPT_CHARS:
        return call_id  # as most are, and told in no time
    if _PLAIN.fullmatch(call_id):
        return call_id
    digest = hashlib.sha256(call_id.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_CHARS]
    return f"{_ODD.sub('_', call_id[:_KEPT_CHARS])}_{digest}"
