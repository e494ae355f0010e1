"""OpenAI's Responses API as a wire: refuses whatever the real one refuses, with its words. Nothing is stored."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tests.upstreams.asked import Asked
from tests.upstreams.behaviours import Answer, Events, Status, Trouble
from tests.upstreams.chat_replies import models
from tests.upstreams.responses_items import choice_problems, in_words, item_problems
from tests.upstreams.responses_replies import RESPONSE_ID, events, response
from tests.upstreams.responses_shape import request_problems
from tests.upstreams.seals import Seal
from tests.upstreams.wires import named_event, paced

_TROUBLES = {
    Trouble.OVERLOADED: (503, "Our servers are currently overloaded. Please try again later.", "server_is_overloaded"),
    Trouble.RATE_LIMITED: (429, "Rate limit reached. Please try again in 11.054s.", "rate_limit_exceeded"),
    Trouble.SERVER_ERROR: (500, "An error occurred while processing your request.", "server_error"),
}
_THINKING_MODEL = re.compile(r"(gpt-5|gpt-6|o\d)")
OWN = Seal("openai-org-test", "gAAAAABo")


@dataclass(frozen=True)
class Responses:
    keys: Collection[str] | None = None
    """The good keys; None takes any."""
    seal: Seal = OWN

    def refusal(self, asked: Asked) -> Status | None:
        return next(islice(self._refusals(asked), 1), None)

    def reply(self, answer: Answer, asked: Asked) -> Status | Events:
        if asked.wants_stream:
            return Events(paced(events(answer, asked, self.seal), answer))
        return Status.json(200, response(answer, asked, self.seal))

    def models(self, names: Sequence[str], path: str) -> Status:
        return models(names, path)

    def trouble(self, trouble: Trouble) -> Status:
        status, message, code = _TROUBLES[trouble]
        return error(status, message, code=code, kind="server_error" if status >= 500 else "requests")

    def trouble_event(self, trouble: Trouble) -> str:
        return failed_event(trouble)

    def _refusals(self, asked: Asked) -> Iterator[Status]:
        path = asked.path.partition("?")[0]
        if not asked.key:
            yield error(401, "You didn't provide an API key.", code="invalid_api_key")
        if self.keys is not None and asked.key not in self.keys:
            yield error(401, "Incorrect API key provided.", code="invalid_api_key")
        if path.endswith("/models") or "/models/" in path:
            return
        if not path.endswith("/responses"):
            yield error(404, f"Unknown request URL: {asked.method} {path}.", code="unknown_url")
        if asked.method != "POST":
            yield error(405, f"Not allowed to {asked.method}.", code="method_not_supported")
        yield from self._body_refusals(asked)

    def _body_refusals(self, asked: Asked) -> Iterator[Status]:
        body = asked.json
        if not isinstance(body, dict) or not body:
            yield error(400, "We could not parse the JSON body of your request.")
            return
        yield from refusals(body, self.seal)
        if body.get("previous_response_id"):
            message = f"Previous response with id '{body['previous_response_id']}' not found."
            yield error(400, message, "previous_response_id", "previous_response_not_found")
        thinks = _THINKING_MODEL.match(body["model"]) and (body.get("reasoning") or {}).get("effort") != "none"
        for name in ("temperature", "top_p"):
            if thinks and body.get(name) is not None:
                message = f"Unsupported parameter: '{name}' is not supported with this model."
                yield error(400, message, name, "unsupported_parameter")


def refusals(body: dict[str, Any], seal: Seal) -> Iterator[Status]:
    """What is wrong with *body*: its members first, and if they are fine, what they are to each other."""
    faulty = next(request_problems(body), None)
    if faulty is not None:
        yield error(400, *in_words(faulty))
        return
    if isinstance(body["input"], list):
        yield from (error(400, *in_words(problem)) for problem in item_problems(body["input"], seal))
    yield from (error(400, *in_words(problem)) for problem in choice_problems(body))


def error(status: int, message: str, param: str = "", code: str = "", kind: str = "invalid_request_error") -> Status:
    """OpenAI's envelope."""
    return Status.json(status, {"error": {"message": message, "type": kind, "param": param or None, "code": code or None}})


def failed_event(trouble: Trouble) -> str:
    """*trouble* as the last event of a stream."""
    _, message, code = _TROUBLES[trouble]
    said = {
        "id": RESPONSE_ID,
        "object": "response",
        "status": "failed",
        "output": [],
        "error": {"code": code, "message": message},
    }
    return named_event({"type": "response.failed", "sequence_number": 99, "response": said})
