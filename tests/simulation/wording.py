"""The bytes in which each provider tells what is left, and that nothing is.

Shapes as in the providers' documentation and in live reports of 2026 (console.groq.com and openrouter.ai on limits, docs.z.ai
on codes, google.rpc for Gemini, recorded bodies for Cohere, NVIDIA and Hugging Face). Where nothing is documented (Naga) it is
the plainest thing that could be.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tests.simulation.providers import Account, Asked, Headers, Refused
from tests.simulation.windows import Bucket, Window

Said = tuple[int, Headers, bytes]

JSON_HEADERS: Headers = {b"content-type": b"application/json"}
ACCEPTED: Headers = {b"content-type": b"text/event-stream"}


def says_nothing(account: Account, asked: Asked, now: float) -> Headers:
    """A reply that tells nothing of limits."""
    return ACCEPTED


def _json(status: int, value: object, **headers: str) -> Said:
    named = {name.replace("_", "-").encode(): text.encode() for name, text in headers.items()}
    return status, {**JSON_HEADERS, **named}, json.dumps(value).encode()


def _outage(refused: Refused) -> Said | None:
    """Nobody's own words: the load balancer's."""
    if refused.kind == "outage":
        return 503, {b"content-type": b"text/plain"}, b"upstream connect error or disconnect/reset before headers"
    return None


def _window(refused: Refused) -> Window:
    assert refused.window is not None, "a window is full"
    return refused.window


def go_duration(seconds: float) -> str:
    """As Go writes it: `2m59.56s`."""
    ms = math.ceil(seconds * 1000)
    hours, ms = divmod(ms, 3_600_000)
    minutes, ms = divmod(ms, 60_000)
    text = f"{ms / 1000:g}s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text


# OpenRouter ------------------------------------------------------------------------------------------------------------------


def openrouter(account: Account, asked: Asked, refused: Refused, now: float) -> Said:
    if said := _outage(refused):
        return said
    if refused.kind == "revoked":
        return _json(401, {"error": {"message": "User not found.", "code": 401}})
    window = _window(refused)
    reset_ms = str(math.ceil(window.free_at(1, now) * 1000))
    told = {"X-RateLimit-Limit": f"{window.limit:.0f}", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset_ms}
    tail = "min. " if window.name == "minute" else "day. Add 10 credits to unlock 1000 free model requests per day"
    error = {
        "message": f"Rate limit exceeded: free-models-per-{tail}",
        "code": 429,
        "metadata": {"headers": told, "provider_name": None},
    }
    said = _json(429, {"error": error, "user_id": f"user_{account.name}"})
    said[1].update({name.lower().encode(): value.encode() for name, value in told.items()})
    return said


def openrouter_key(account: Account, now: float) -> Said:
    """The answer to `GET /key`."""
    day = next(window for window in account.windows if window.name == "day")
    used = math.floor(day.used(now))
    told = {"limit": int(day.limit), "remaining": max(0, int(day.limit) - used), "used": used}
    return _json(
        200, {"data": {"label": "key", "limit": None, "is_free_tier": day.limit < 100, "free_model_daily_requests": told}}
    )


# Groq ------------------------------------------------------------------------------------------------------------------------


def groq_accepted(account: Account, asked: Asked, now: float) -> Headers:
    """Requests of the day, tokens of the minute; the other two windows are not told."""
    headers = dict(ACCEPTED)
    for window in account.windows:
        if window.name in ("requests per day (RPD)", "tokens per minute (TPM)"):
            assert isinstance(window, Bucket), "groq refills"
            unit = window.unit.value.encode()
            headers[b"x-ratelimit-limit-" + unit] = b"%d" % window.limit
            headers[b"x-ratelimit-remaining-" + unit] = b"%d" % (window.limit - window.used(now))
            headers[b"x-ratelimit-reset-" + unit] = go_duration(window.full_at(now) - now).encode()
    return headers


def groq(account: Account, asked: Asked, refused: Refused, now: float) -> Said:
    if said := _outage(refused):
        return said
    if refused.kind == "revoked":
        return openai_error(401, "Invalid API Key", "invalid_request_error", "invalid_api_key")
    if refused.kind == "lie":
        headers = {"retry_after": f"{_claimed_s(account, now):.0f}"}
        return openai_error(429, "Rate limit reached. Please try again later.", "requests", "rate_limit_exceeded", **headers)
    window = _window(refused)
    amount, used = account.amount(window, asked), window.used(now)
    if refused.kind == "too large":
        text = (
            f"Request too large for model `openai/gpt-oss-120b` in organization `org_{account.name}` service tier `on_demand` "
        )
        text += f"on {window.name}: Limit {window.limit:.0f}, Requested {amount:.0f}, please reduce your message size."
        return openai_error(413, text, window.unit.value, "rate_limit_exceeded")
    message = (
        f"Rate limit reached for model `openai/gpt-oss-120b` in organization `org_{account.name}` service tier `on_demand` on "
        f"{window.name}: Limit {window.limit:.0f}, Used {used:.0f}, Requested {amount:.0f}. "
        f"Please try again in {go_duration(refused.until - now)}. "
        "Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing"
    )
    said = openai_error(429, message, window.unit.value, "rate_limit_exceeded", retry_after=str(math.ceil(refused.until - now)))
    said[1].update(groq_accepted(account, asked, now))
    return said


def openai_error(status: int, message: str, type_: str, code: str, **headers: str) -> Said:
    return _json(status, {"error": {"message": message, "type": type_, "param": None, "code": code}}, **headers)


def _claimed_s(account: Account, now: float) -> float:
    return next(lie.claimed_s for lie in account.lies if lie.since <= now < lie.until)


# Gemini ----------------------------------------------------------------------------------------------------------------------

_RPC = "type.googleapis.com/google.rpc."


def gemini(account: Account, asked: Asked, refused: Refused, now: float) -> Said:
    if said := _outage(refused):
        return said
    if refused.kind == "revoked":
        info = {"@type": f"{_RPC}ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
        return _gemini(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", [info])
    window = _window(refused)
    violation = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
        "quotaId": f"GenerateRequestsPer{window.name.capitalize()}PerProjectPerModel-FreeTier",
        "quotaDimensions": {"location": "global", "model": "gemini-2.5-flash-lite"},
        "quotaValue": f"{window.limit:.0f}",
    }
    # A RetryInfo that is too short has been seen beside a violation of the day's quota.
    delay_s = refused.until - now if window.name == "minute" else 20.0
    details = [
        {"@type": f"{_RPC}QuotaFailure", "violations": [violation]},
        {"@type": f"{_RPC}RetryInfo", "retryDelay": f"{delay_s:.3f}s"},
    ]
    text = f"You exceeded your current quota, please check your plan and billing details. Please retry in {delay_s:.3f}s."
    return _gemini(429, "RESOURCE_EXHAUSTED", text, details)


def _gemini(status: int, name: str, message: str, details: Sequence[object]) -> Said:
    return _json(status, [{"error": {"code": status, "message": message, "status": name, "details": details}}])


# Cohere ----------------------------------------------------------------------------------------------------------------------


def cohere(account: Account, asked: Asked, refused: Refused, now: float) -> Said:
    if said := _outage(refused):
        return said
    if refused.kind == "revoked":
        return _json(401, {"id": "00000000-0000", "message": "invalid api token"})
    window = _window(refused)
    message = (
        f"You are using a Trial key, which is limited to {window.limit:.0f} API calls / {window.name}. You can continue to use "
        "the Trial key for free or upgrade to a Production key with higher rate limits at 'https://dashboard.cohere.com/api-keys'."
    )
    return _json(429, {"id": "00000000-0000", "message": message})


# Z.ai ------------------------------------------------------------------------------------------------------------------------


def zai(account: Account, asked: Asked, refused: Refused, now: float) -> Said:
    if said := _outage(refused):
        return said
    if refused.kind == "revoked":
        return _zai(401, "1000", "Authentication Failed")
    if refused.kind == "lie":
        moment = datetime.fromtimestamp(now, UTC) + timedelta(seconds=_claimed_s(account, now), hours=8)
        return _zai(429, "1310", f"Weekly usage limit reached, will reset at {moment:%Y-%m-%d %H:%M:%S}")
    if _window(refused).name == "day":
        return _zai(429, "1304", "Daily call limit for this API reached.")
    return _zai(429, "1302", "High concurrency usage of this API, please reduce concurrency.")


def _zai(status: int, code: str, message: str) -> Said:
    return _json(status, {"error": {"code": code, "message": message}})


# Naga, NVIDIA, Hugging Face --------------------------------------------------------------------------------------------------


def naga(account: Account, asked: Asked, refused: Refused, now: float) -> Said:
    if said := _outage(refused):
        return said
    if refused.kind == "revoked":
        return openai_error(401, "Invalid API key", "invalid_request_error", "invalid_api_key")
    window = _window(refused)
    message = f"Rate limit exceeded: {window.limit:.0f} requests per {window.name} for free models"
    return openai_error(429, message, "rate_limit_error", "rate_limit_exceeded")


def nvidia(account: Account, asked: Asked, refused: Refused, now: float) -> Said:
    if said := _outage(refused):
        return said
    if refused.kind == "revoked":
        return _json(403, {"status": 403, "title": "Forbidden", "detail": "Authorization failed"})
    return _json(429, {"status": 429, "title": "Too Many Requests"})


def huggingface(account: Account, asked: Asked, refused: Refused, now: float) -> Said:
    if said := _outage(refused):
        return said
    if refused.kind == "revoked":
        return _json(401, {"error": "Invalid username or password."})
    text = "You have exceeded your monthly included credits for Inference Providers. Subscribe to PRO to get 20x more."
    return _json(402, {"error": text})
