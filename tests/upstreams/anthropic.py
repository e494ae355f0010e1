"""Anthropic's Messages API as a wire: refuses whatever the real one refuses, with its words.

Upstream(Answer("hello"), wire=Anthropic())
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from tests.upstreams.anthropic_replies import events, message
from tests.upstreams.anthropic_shape import BETAS, request_problems
from tests.upstreams.anthropic_turns import turn_problems
from tests.upstreams.asked import Asked
from tests.upstreams.behaviours import Answer, Events, Status, Trouble
from tests.upstreams.seals import Seal
from tests.upstreams.wires import named_event, paced

BODY_BYTES_MAX = 32 << 20
_VERSIONS = frozenset({"2023-01-01", "2023-06-01", "2026-10-21"})
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_TROUBLES = {
    Trouble.OVERLOADED: (529, "Overloaded"),
    Trouble.RATE_LIMITED: (429, "This request would exceed your account's rate limit. Please try again later."),
    Trouble.SERVER_ERROR: (500, "Internal server error"),
}


def organization_of(key: str) -> str:
    """Each key is of an organisation of its own."""
    return str(uuid5(NAMESPACE_OID, key))


@dataclass(frozen=True)
class Anthropic:
    keys: Collection[str] | None = None
    """The good keys; None takes any."""
    max_output: int = 64_000
    seal: Seal = Seal("anthropic", "EqQB")  # noqa: RUF009 - frozen

    def refusal(self, asked: Asked) -> Status | None:
        for status, words in islice(self._problems(asked), 1):
            return _error(status, words)
        return None

    def reply(self, answer: Answer, asked: Asked) -> Status | Events:
        headers = [("request-id", "req_011test"), ("anthropic-organization-id", organization_of(asked.key or ""))]
        if asked.wants_stream:
            return Events(paced(events(answer, asked, self.seal), answer), headers=headers)
        return Status.json(200, message(answer, asked, self.seal), headers)

    def models(self, names: Sequence[str], path: str) -> Status:
        listed = {name: _model(name) for name in names}
        _, _, one = path.partition("/models/")
        if one:
            return Status.json(200, listed[one]) if one in listed else _error(404, f"model: {one}")
        first, last = (names[0], names[-1]) if names else (None, None)
        return Status.json(200, {"data": list(listed.values()), "has_more": False, "first_id": first, "last_id": last})

    def trouble(self, trouble: Trouble) -> Status:
        return _error(*_TROUBLES[trouble])

    def trouble_event(self, trouble: Trouble) -> str:
        return named_event(json.loads(self.trouble(trouble).body))

    def _problems(self, asked: Asked) -> Iterator[tuple[int, str]]:
        """Status and words for each thing that is wrong, in the order in which the API looks."""
        path = asked.path.partition("?")[0]
        if not asked.key:
            yield 401, "x-api-key header is required"
        if self.keys is not None and asked.key not in self.keys:
            yield 401, "invalid x-api-key"
        if asked.header("anthropic-version") not in _VERSIONS:
            yield 400, f"anthropic-version: {asked.header('anthropic-version') or 'header is required'}"
        if path.endswith("/models") or "/models/" in path:
            if asked.method != "GET":
                yield 405, "Method Not Allowed"
            return
        if not path.endswith("/messages"):
            yield 404, "Not Found"
        elif asked.method != "POST":
            yield 405, "Method Not Allowed"
        if len(asked.body) > BODY_BYTES_MAX:
            yield 413, "Request exceeds the maximum allowed number of bytes."
        yield from ((400, words) for words in self._body_problems(asked))

    def _body_problems(self, asked: Asked) -> Iterator[str]:
        betas = [beta.strip() for beta in (asked.header("anthropic-beta") or "").split(",") if beta.strip()]
        unknown = [beta for beta in betas if beta not in BETAS]
        if unknown:
            yield f"Unexpected value(s) {', '.join(f'`{beta}`' for beta in unknown)} for the `anthropic-beta` header."
        if (asked.header("content-type") or "").partition(";")[0].strip().lower() != "application/json":
            yield "content-type: must be application/json"
        body = asked.json
        if not isinstance(body, dict) or not body:
            yield "The request body is not valid JSON"
            return
        yield from self._known_problems(body, betas)

    def _known_problems(self, body: dict[str, Any], betas: list[str]) -> Iterator[str]:
        faulty = next(request_problems(body, betas), None)
        if faulty is not None:
            yield faulty
            return
        most = self.max_output
        if body["max_tokens"] > most:
            yield f"max_tokens: {body['max_tokens']} > {most}, which is the maximum allowed number of output tokens"
        yield from turn_problems(body, self.seal)


def _model(name: str) -> dict[str, Any]:
    shown = re.sub(r"-\d{8}$", "", name)
    return {"type": "model", "id": name, "display_name": shown, "created_at": "2025-10-01T00:00:00Z"}


def _error(status: int, words: str) -> Status:
    error = {"type": _TYPES.get(status, "api_error"), "message": words}
    return Status.json(status, {"type": "error", "error": error, "request_id": "req_011test"})
