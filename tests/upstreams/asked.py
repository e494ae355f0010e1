"""One request as a provider saw it: the oracle that tests ask afterwards."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(eq=False)
class Asked:
    """What arrived, and how it ended. Times are trio's clock, so that virtual time moves them too."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    at: float
    connection: int
    refused: str = ""
    """What the wire refused it with, before any script was looked at."""
    status: int | None = None
    """The status that was sent, or None when no head went out."""
    finished_at: float | None = None
    """When the reply was out as it was meant to be (an intended break counts), or None."""
    left_at: float | None = None
    """When the other side was seen to have gone before the reply was out, or None."""

    def header(self, name: str) -> str | None:
        """All values of header *name* joined with a comma, or None."""
        values = [value for key, value in self.headers if key == name.lower()]
        return ", ".join(values) if values else None

    @property
    def key(self) -> str | None:
        """The credential it came with, as a bearer token or an `x-api-key`."""
        scheme, _, token = (self.header("authorization") or "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return token
        return self.header("x-api-key")

    @property
    def json(self) -> Any:
        """The body parsed; an empty mapping when there is none or it is no JSON."""
        try:
            return json.loads(self.body) if self.body else {}
        except ValueError:
            return {}

    @property
    def model(self) -> str:
        return str(self.json.get("model", ""))

    @property
    def wants_stream(self) -> bool:
        return self.json.get("stream") is True

    @property
    def wants_usage(self) -> bool:
        options = self.json.get("stream_options")
        return isinstance(options, dict) and options.get("include_usage") is True

    @property
    def is_embedding(self) -> bool:
        return self.path.partition("?")[0].endswith("/embeddings")
