"""Every style in which providers announce their limits, in headers on every reply, beside those of `wording`.

Spellings as in the providers' documentation and in dumps of live replies (platform.openai.com, inference-docs.cerebras.ai,
docs.sambanova.ai, docs.anthropic.com, two generations of Mistral's gateway, draft-ietf-httpapi-ratelimit-headers).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime

from tests.simulation.providers import Accepted, Account, Asked, Headers, Refused
from tests.simulation.windows import Bucket, Unit, Window
from tests.simulation.wording import ACCEPTED, Said, go_duration, openai_error


def left(window: Window, now: float) -> int:
    return max(0, math.floor(window.limit - window.used(now)))


def resets_at(window: Window, now: float) -> float:
    """When all of it is there again."""
    if isinstance(window, Bucket):
        return window.full_at(now)
    return window.free_at(window.limit, now)


Spell = Callable[[Window, float], dict[str, str]]


def told(spell: Spell) -> Accepted:
    """Headers of every reply, a window each."""

    def headers(account: Account, asked: Asked, now: float) -> Headers:
        found = dict(ACCEPTED)
        for window in account.windows:
            found.update((name.encode(), value.encode()) for name, value in spell(window, now).items())
        return found

    return headers


def openai(window: Window, now: float) -> dict[str, str]:
    return _three("x-ratelimit-{}-" + window.unit.value, window, now, go_duration(resets_at(window, now) - now))


def cerebras(window: Window, now: float) -> dict[str, str]:
    name = "x-ratelimit-{}-" + f"{window.unit.value}-{window.name}"
    return _three(name, window, now, repr(resets_at(window, now) - now))


def sambanova(window: Window, now: float) -> dict[str, str]:
    if window.name == "day":
        return _three("x-ratelimit-{}-requests-day", window, now, f"{resets_at(window, now):.0f}")
    return _three("x-ratelimit-{}-requests", window, now, str(math.ceil(resets_at(window, now) - now)))


def mistral(window: Window, now: float) -> dict[str, str]:
    """No reset at all."""
    unit = "req" if window.unit is Unit.REQUESTS else "tokens"
    said = _three("x-ratelimit-{}-" + f"{unit}-{window.name}", window, now, "")
    return {name: value for name, value in said.items() if value}


def mistral_old(window: Window, now: float) -> dict[str, str]:
    """Tokens alone."""
    return _three("ratelimitbysize-{}", window, now, str(math.ceil(resets_at(window, now) - now)))


def anthropic(window: Window, now: float) -> dict[str, str]:
    moment = datetime.fromtimestamp(math.ceil(resets_at(window, now)), UTC)
    return _three("anthropic-ratelimit-" + window.unit.value + "-{}", window, now, f"{moment:%Y-%m-%dT%H:%M:%SZ}")


def anthropic_plan(window: Window, now: float) -> dict[str, str]:
    """A subscription: the share that is used, and a verdict."""
    share = min(1.0, window.used(now) / window.limit)
    start = "anthropic-ratelimit-unified-5h-"
    status = "rejected" if share >= 1.0 else "allowed_warning" if share > 0.7 else "allowed"
    moment = f"{math.ceil(resets_at(window, now))}"
    return {start + "status": status, start + "utilization": f"{share:.4f}", start + "reset": moment}


def codex(window: Window, now: float) -> dict[str, str]:
    """A plan: the share that is used, in per cent; which window it is say its minutes."""
    start = "x-codex-primary-"
    percent = min(100.0, 100.0 * window.used(now) / window.limit)
    said = {"used-percent": f"{percent:.2f}", "window-minutes": f"{window.period_s / 60:.0f}"}
    return {start + name: value for name, value in said.items()} | {start + "reset-at": f"{math.ceil(resets_at(window, now))}"}


def codex_after(window: Window, now: float) -> dict[str, str]:
    """The same as older gateways said it: by the second place, and in how many seconds."""
    said = codex(window, now)
    moved = {name.replace("primary", "secondary"): value for name, value in said.items() if not name.endswith("reset-at")}
    return moved | {"x-codex-secondary-reset-after-seconds": f"{math.ceil(resets_at(window, now) - now)}"}


def nameless(window: Window, now: float) -> dict[str, str]:
    return _three("x-ratelimit-{}", window, now, f"{math.ceil(resets_at(window, now))}")


def nameless_ms(window: Window, now: float) -> dict[str, str]:
    return _three("x-ratelimit-{}", window, now, f"{math.ceil(resets_at(window, now) * 1000)}")


def ietf(window: Window, now: float) -> dict[str, str]:
    return {
        "ratelimit": f'"default";r={left(window, now)};t={math.ceil(resets_at(window, now) - now)}',
        "ratelimit-policy": f'"default";q={window.limit:.0f};w={window.period_s:.0f}',
    }


def _three(name: str, window: Window, now: float, reset: str) -> dict[str, str]:
    values = {"limit": f"{window.limit:.0f}", "remaining": str(left(window, now)), "reset": reset}
    return {name.format(field): value for field, value in values.items()}


# refusals --------------------------------------------------------------------------------------------------------------------


def with_retry_after(accepted: Accepted) -> Callable[[Account, Asked, Refused, float], Said]:
    """OpenAI's envelope, the usual headers, and Retry-After."""

    def refuse(account: Account, asked: Asked, refused: Refused, now: float) -> Said:
        said = openai_error(429, "Rate limit reached. Please try again later.", "requests", "rate_limit_exceeded")
        said[1].update(accepted(account, asked, now))
        said[1][b"retry-after"] = str(math.ceil(refused.until - now)).encode()
        return said

    return refuse


def with_date(accepted: Accepted) -> Callable[[Account, Asked, Refused, float], Said]:
    """Retry-After as an HTTP date (RFC 9110, 10.2.3)."""

    def refuse(account: Account, asked: Asked, refused: Refused, now: float) -> Said:
        said = with_retry_after(accepted)(account, asked, refused, now)
        said[1][b"retry-after"] = format_datetime(datetime.fromtimestamp(math.ceil(refused.until), UTC), usegmt=True).encode()
        return said

    return refuse


def with_milliseconds(accepted: Accepted) -> Callable[[Account, Asked, Refused, float], Said]:
    """`retry-after-ms` counts before the other, which is far too long (OpenAI's SDKs read it so)."""

    def refuse(account: Account, asked: Asked, refused: Refused, now: float) -> Said:
        said = with_retry_after(accepted)(account, asked, refused, now)
        said[1][b"retry-after-ms"] = f"{(refused.until - now) * 1000:.0f}".encode()
        said[1][b"retry-after"] = b"86400"
        return said

    return refuse


def github_models(account: Account, asked: Asked, refused: Refused, now: float) -> Said:
    """As long as it lived (docs.github.com, GitHub Models)."""
    window, wait_s = refused.window, math.ceil(refused.until - now)
    assert window is not None
    kind = f"UserByModelBy{window.name.title()}"
    message = f"Rate limit of {window.limit:.0f} per {window.period_s:.0f}s exceeded for {kind}."
    error = {"code": "RateLimitReached", "message": f"{message} Please wait {wait_s} seconds before retrying."}
    headers = {"retry-after": str(wait_s), "x-ratelimit-type": kind, "x-ratelimit-timeremaining": str(wait_s)}
    return 429, {name.encode(): value.encode() for name, value in headers.items()}, json.dumps({"error": error}).encode()


def without_hint(accepted: Accepted) -> Callable[[Account, Asked, Refused, float], Said]:
    """The same without a word on when to come back, but for what the headers say."""

    def refuse(account: Account, asked: Asked, refused: Refused, now: float) -> Said:
        said = openai_error(429, "Too many requests", "requests", "rate_limit_exceeded")
        said[1].update(accepted(account, asked, now))
        return said

    return refuse


def wrong(accepted: Accepted, change: Callable[[str, str], str]) -> Accepted:
    """*accepted*, with what *change* makes of each rate-limit header's value by its name."""

    def headers(account: Account, asked: Asked, now: float) -> Headers:
        found = accepted(account, asked, now)
        return {
            name: change(name.decode(), value.decode()).encode() if b"ratelimit" in name or b"x-codex" in name else value
            for name, value in found.items()
        }

    return headers
