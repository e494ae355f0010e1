"""OpenAI's chat completions as a wire, under the rules of one provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.upstreams.asked import Asked
from tests.upstreams.behaviours import Answer, Events, Status, Trouble
from tests.upstreams.chat_replies import chat_reply, models
from tests.upstreams.checks import Rules, refusal_for

_TROUBLES = {
    Trouble.OVERLOADED: (503, "The engine is currently overloaded, please try again later.", "server_error", None),
    Trouble.RATE_LIMITED: (429, "Rate limit reached for requests.", "requests", "rate_limit_exceeded"),
    Trouble.SERVER_ERROR: (500, "The server had an error while processing your request.", "server_error", None),
}


@dataclass(frozen=True)
class Chat:
    rules: Rules | None = Rules()  # noqa: RUF009 - frozen
    """None: anything goes."""

    def refusal(self, asked: Asked) -> Status | None:
        return None if self.rules is None else refusal_for(asked, self.rules)

    def reply(self, answer: Answer, asked: Asked) -> Status | Events:
        return chat_reply(answer, asked)

    def models(self, names: Sequence[str], path: str) -> Status:
        return models(names, path)

    def trouble(self, trouble: Trouble) -> Status:
        return Status.json(_TROUBLES[trouble][0], _error(trouble))

    def trouble_event(self, trouble: Trouble) -> dict[str, Any]:
        return _error(trouble)


def _error(trouble: Trouble) -> dict[str, Any]:
    _, message, type_, code = _TROUBLES[trouble]
    return {"error": {"message": message, "type": type_, "param": None, "code": code}}
