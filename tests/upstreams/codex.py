"""The Codex backend of ChatGPT subscriptions as a wire: streams only, stores nothing, and takes what its own client sends.

Who may ask is told by access tokens; which of them are good says *account_of*, such as an OAuth server's.

    Upstream(Answer("hello"), wire=Codex({"token-a": "account-a"}.get))
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.upstreams.asked import Asked
from tests.upstreams.behaviours import Answer, Events, Status, Trouble
from tests.upstreams.codex_oauth import jwt
from tests.upstreams.responses import Responses, error, failed_event, refusals
from tests.upstreams.responses_replies import events
from tests.upstreams.seals import Seal
from tests.upstreams.wires import paced

_WORDS = """
    model instructions input store stream tools tool_choice parallel_tool_calls reasoning include prompt_cache_key text
    service_tier client_metadata
"""
FIELDS = frozenset(_WORDS.split())
AccountOf = Callable[[str], str | None]


def account_in_token(token: str) -> str | None:
    """The account that an access token names, whoever made it."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["https://api.openai.com/auth"]["chatgpt_account_id"])
    except (IndexError, ValueError, KeyError, TypeError):
        return None


@dataclass(frozen=True)
class Windows:
    """What its heads tell of the two windows of an account."""

    primary_percent: float = 12.5
    secondary_percent: float = 40.0
    primary_resets_at: int = 1_790_018_000
    secondary_resets_at: int = 1_790_600_000
    plan: str = "plus"

    def event(self) -> str:
        """The same as the first event of a stream has it."""
        windows = {
            "primary": {"used_percent": self.primary_percent, "window_minutes": 300, "reset_at": self.primary_resets_at},
            "secondary": {
                "used_percent": self.secondary_percent,
                "window_minutes": 10080,
                "reset_at": self.secondary_resets_at,
            },
        }
        said = {"type": "codex.rate_limits", "plan_type": self.plan, "rate_limits": {"allowed": True, **windows}}
        return f"event: codex.rate_limits\ndata: {json.dumps(said)}"

    def headers(self) -> list[tuple[str, str]]:
        return [
            ("x-codex-plan-type", self.plan),
            ("x-codex-primary-used-percent", str(self.primary_percent)),
            ("x-codex-primary-window-minutes", "300"),
            ("x-codex-primary-reset-at", str(self.primary_resets_at)),
            ("x-codex-secondary-used-percent", str(self.secondary_percent)),
            ("x-codex-secondary-window-minutes", "10080"),
            ("x-codex-secondary-reset-at", str(self.secondary_resets_at)),
        ]


@dataclass(frozen=True)
class Codex:
    account_of: AccountOf = account_in_token
    """Whose account a good access token is for; None for all others."""
    windows: Windows | None = field(default_factory=Windows)
    tells_in_stream: bool = False
    """What is left of the windows is the first event of a stream, and stands in no head."""
    models_known: Sequence[str] | None = None
    """What the plans include; None: everything."""

    def refusal(self, asked: Asked) -> Status | None:
        return next(self._refusals(asked), None)

    def reply(self, answer: Answer, asked: Asked) -> Status | Events:
        """No content type, no `[DONE]`, and a last event without the items that came before."""
        told = events(answer, asked, seal_of(self.account_of(asked.key or "") or ""), tells_output=False)
        items = list(paced(told, answer))
        if self.windows is None:
            return Events(items, content_type="")
        if self.tells_in_stream:
            return Events([self.windows.event(), *items], content_type="")
        return Events(items, headers=self.windows.headers(), content_type="")

    def models(self, names: Sequence[str], path: str) -> Status:
        shown = {"visibility": "list", "supported_in_api": True, "context_window": 272_000, "priority": 1}
        return Status.json(200, {"models": [{"slug": name, "display_name": name, **shown} for name in names]})

    def trouble(self, trouble: Trouble) -> Status:
        return Responses().trouble(trouble)

    def trouble_event(self, trouble: Trouble) -> str:
        return failed_event(trouble)

    def _refusals(self, asked: Asked) -> Iterator[Status]:
        path, _, query = asked.path.partition("?")
        account = self.account_of(asked.key or "")
        if account is None:
            yield unauthorized()
        elif asked.header("chatgpt-account-id") != account:
            yield unauthorized("The account in the request is not the account of the token.")
        if path.endswith("/models"):
            if "client_version=" not in query:
                missing = {"type": "missing", "loc": ["query", "client_version"], "msg": "Field required", "input": None}
                yield Status.json(422, {"detail": [missing]})
            return
        if asked.method != "POST" or not path.endswith("/responses"):
            yield detail(404, "Not Found")
        if (asked.header("content-type") or "").partition(";")[0].strip() != "application/json":
            yield detail(415, "Unsupported content type")
        if "text/event-stream" not in (asked.header("accept") or ""):
            yield detail(400, "Accept must be text/event-stream")
        yield from self._body_refusals(asked.json, account or "")

    def _body_refusals(self, body: Any, account: str) -> Iterator[Status]:
        if not isinstance(body, dict) or not body:
            yield detail(400, "Invalid JSON")
            return
        yield from (detail(400, words) for words in _own_rules(body))
        if self.models_known is not None and body["model"] not in self.models_known:
            yield detail(400, f"The '{body['model']}' model is not supported when using Codex with a ChatGPT account.")
        known = {name: value for name, value in body.items() if name != "client_metadata"}
        yield from refusals(known, seal_of(account))


def _own_rules(body: dict[str, Any]) -> Iterator[str]:
    """What this backend refuses of what the Responses API takes."""
    for name in body:
        if name not in FIELDS:
            yield f"Unsupported parameter: {name}"
    if not isinstance(body.get("instructions"), str) or not body["instructions"].strip():
        yield "Instructions are required"
    if not isinstance(body.get("input"), list):
        yield "Input must be a list"
        return
    if body.get("store") is not False:
        yield "Store must be set to false"
    if body.get("stream") is not True:
        yield "Stream must be set to true"
    if any(isinstance(item, dict) and item.get("role") == "system" for item in body["input"]):
        yield "System messages are not allowed"
    if "parallel_tool_calls" in body and not body.get("tools"):
        yield "Unsupported parameter: parallel_tool_calls"
    if (body.get("reasoning") or {}).get("effort") == "minimal":
        yield "Unsupported value: 'minimal' is not supported with this model."
    if body.get("service_tier", "priority") != "priority":
        yield f"Unsupported service_tier: {body['service_tier']}"
    for tool in body.get("tools") or []:
        if isinstance(tool, dict) and tool.get("type") == "web_search_preview":
            yield "Unsupported tool type: web_search_preview"


def seal_of(account: str) -> Seal:
    """What encrypts an account's reasoning: another account's is not taken back."""
    return Seal(f"codex-{account}", "gAAAAABo")


def detail(status: int, words: str) -> Status:
    return Status.json(status, {"detail": words})


def unauthorized(words: str = "Your authentication token has been invalidated. Please try signing in again.") -> Status:
    status = error(401, words, code="token_invalidated")
    return Status(401, status.body, [("x-openai-authorization-error", "token_invalidated")])


def usage_limit(resets_at: int, resets_in_s: int, plan: str = "plus") -> Status:
    """The plan's window is used up."""
    said = {"plan_type": plan, "resets_at": resets_at, "resets_in_seconds": resets_in_s}
    message = "The usage limit has been reached"
    return Status.json(429, {"error": {"type": "usage_limit_reached", "message": message, **said}})


def not_included(plan: str = "free") -> Status:
    """The plan has no Codex at all."""
    message = "To use Codex with your ChatGPT plan, upgrade to Plus."
    return Status.json(429, {"error": {"type": "usage_not_included", "message": message, "plan_type": plan}})


def access_token(account: str, expires_at: int = 2_000_000_000) -> str:
    """A token as they look, for *account*; it is signed by nobody."""
    return jwt({"exp": expires_at, "https://api.openai.com/auth": {"chatgpt_account_id": account, "chatgpt_plan_type": "plus"}})
