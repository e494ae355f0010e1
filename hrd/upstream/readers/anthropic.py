"""What Anthropic says about limits and refuses: its rate-limit headers, and its refusals as far as they differ from anybody's.

Headers: https://docs.anthropic.com/en/api/rate-limits for keys; those of subscriptions (`unified`) are not documented, and read
as clients report them. Windows of the priority tier are left out: a request beyond them is served as any other.
Errors: https://docs.anthropic.com/en/api/errors.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from hrd.core.failures import UNTAKEN_STRICTNESS, Observation, Verdict, WindowKind
from hrd.core.times import parse_number, parse_reset
from hrd.upstream.readers.rules import CLIENT_ERRORS, Rule

RULES: Final = (
    Rule(
        Verdict.CONTEXT_EXCEEDED,
        status=CLIENT_ERRORS,
        says=("prompt is too long", "exceed context limit"),
    ),
    Rule(Verdict.TOO_LARGE, codes=("request_too_large",)),
    Rule(Verdict.TOO_LARGE, status=(429,), says=("long context request",)),
    # Comes with 400: the limit of spending that the account set itself, until a date.
    Rule(Verdict.NO_CREDIT, status=(400, 403, 429), says=("api usage limits", "spend limit", "credit balance")),
    # Names the most that the model writes.
    Rule(Verdict.AFFORDABLE, status=CLIENT_ERRORS, says=("maximum allowed number of output tokens",)),
    Rule(
        Verdict.BAD_PARAM,
        status=CLIENT_ERRORS,
        says=("adaptive thinking is not supported", "thinking.type.enabled", "thinking: extra inputs"),
        field="thinking",
    ),
    Rule(Verdict.BAD_PARAM, status=CLIENT_ERRORS, says=("unexpected value(s)",), also=("anthropic-beta",)),
    Rule(Verdict.BAD_PARAM, status=CLIENT_ERRORS, says=("support the effort parameter",), field="output_config"),
    Rule(
        Verdict.BAD_PARAM,
        status=CLIENT_ERRORS,
        says=("strict tools", "strict tool use", "schema is too complex", "grammar is too large", "custom.strict", "recursive"),
        field=UNTAKEN_STRICTNESS,
    ),
    Rule(Verdict.BAD_PARAM, status=CLIENT_ERRORS, says=("`temperature` and `top_p` cannot both",), field="top_p"),
    Rule(Verdict.CONTENT_POLICY, status=CLIENT_ERRORS, says=("content filtering policy",)),
    # Limits of keys count by model and organisation; those of a subscription for all its models.
    Rule(Verdict.RATE_LIMITED, status=(429,), says=("your account's rate limit",), scope="account"),
    Rule(Verdict.RATE_LIMITED, status=(429,), scope="account_model"),
    Rule(Verdict.OVERLOADED, codes=("overloaded_error",)),
    Rule(Verdict.SERVER_ERROR, codes=("timeout_error",)),
)

_START: Final = b"anthropic-ratelimit-"
_KINDS: Final = {
    b"requests": WindowKind.REQUESTS_MINUTE,
    b"tokens": WindowKind.TOKENS_MINUTE,
    b"input-tokens": WindowKind.INPUT_TOKENS_MINUTE,
    b"output-tokens": WindowKind.OUTPUT_TOKENS_MINUTE,
}
_PLANS: Final = {b"5h": 5 * 3600.0, b"7d": 7 * 86400.0}
_UNIFIED: Final = _START + b"unified-"
_COUNT_MAX: Final = 10**15
_SHARE_MAX: Final = 2.0
"""A larger utilization is in percent."""


def read_windows(headers: Mapping[bytes, bytes], now: float) -> list[Observation]:
    """One observation a window that *headers* (names in lower case) speak of."""
    return [*_of_keys(headers, now), *_of_plans(headers, now)]


def _of_keys(headers: Mapping[bytes, bytes], now: float) -> Iterator[Observation]:
    for name, kind in _KINDS.items():
        left = _count(headers.get(_START + name + b"-remaining"))
        limit = _count(headers.get(_START + name + b"-limit"))
        if left is not None or limit is not None:
            resets_at = _moment(headers.get(_START + name + b"-reset"), now)
            yield Observation(kind=kind, limit=limit, left=left, resets_at=resets_at)


def _of_plans(headers: Mapping[bytes, bytes], now: float) -> Iterator[Observation]:
    """A subscription's windows: of all models together, and (`7d_…`) of some model alone."""
    for header, value in headers.items():
        name, dash, field = header.removeprefix(_UNIFIED).rpartition(b"-")
        window_s = _PLANS.get(name.partition(b"_")[0])
        if not header.startswith(_UNIFIED) or not dash or window_s is None or field != b"status":
            continue
        used = _percent(headers.get(_UNIFIED + name + b"-utilization"))
        yield Observation(
            kind=WindowKind.PLAN,
            used_percent=100.0 if value == b"rejected" else used,
            resets_at=_moment(headers.get(_UNIFIED + name + b"-reset"), now),
            window_s=window_s,
            scope="account_model" if b"_" in name else "account",
        )


def _percent(value: bytes | None) -> float | None:
    share = parse_number(value.decode("latin-1")) if value is not None else None
    if share is None:
        return None
    return min(100.0, share * 100.0 if share <= _SHARE_MAX else share)


def _moment(value: bytes | None, now: float) -> float | None:
    return parse_reset(value.decode("latin-1"), now) if value is not None else None


def _count(value: bytes | None) -> int | None:
    number = parse_number(value.decode("latin-1")) if value is not None else None
    return int(number) if number is not None and number <= _COUNT_MAX else None
