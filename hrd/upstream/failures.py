"""What a failed attempt means: a provider's refusal in, one `Failure` in the house's words out. Pure, and never raises.

The body is taken apart (readers/said.py) and held against the provider's table, then the generic one, then the status
alone (readers/rules.py). What decides the next step stands in `core.failover`; here is only what was said and until when.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from hrd.core.failures import Failure, HintSource, Observation, Verdict
from hrd.upstream.readers import details
from hrd.upstream.readers.generic import BY_NAME, GENERIC
from hrd.upstream.readers.hints import Hint, end_of_period, find_hint
from hrd.upstream.readers.providers import TABLES
from hrd.upstream.readers.rules import Rule, first_fit
from hrd.upstream.readers.said import Said, read_said, said_in
from hrd.upstream.readers.windows_said import windows_said

MESSAGE_CHARS_MAX: Final = 500
LONG_S: Final = 3600.0
"""A limit whose end is further off is one of the day or longer, whatever it calls itself."""

Scrub = Callable[[str], str]

_LIMITS: Final = frozenset({Verdict.RATE_LIMITED, Verdict.QUOTA_EXHAUSTED})
_HINTED: Final = _LIMITS | {
    Verdict.NO_CREDIT,
    Verdict.NO_CREDIT_ALL,
    Verdict.MODEL_UNAVAILABLE,
    Verdict.OVERLOADED,
    Verdict.SERVER_ERROR,
}
"""Verdicts that time mends, so that a moment means something."""
_FOR_CLIENT: Final = frozenset(
    {
        Verdict.CONTEXT_EXCEEDED,
        Verdict.TOO_LARGE,
        Verdict.BAD_PARAM,
        Verdict.BAD_REQUEST,
        Verdict.CONTENT_POLICY,
    }
)
"""Verdicts whose body may go to the client."""


def read_failure(
    reader: str,
    status: int,
    headers: Mapping[bytes, bytes],
    body: bytes,
    now: float,
    *,
    zone: str = "UTC",
    scrub: Scrub,
) -> Failure:
    """What a reply that is not a success means. *headers* by lower-case name; *zone* is where the provider's days turn."""
    failure = _judge(reader, headers, read_said(status, headers, body), now, zone, scrub)
    if failure.verdict not in _FOR_CLIENT:
        return failure
    text = body.decode("utf-8", "replace")
    scrubbed = scrub(text)
    return msgspec.structs.replace(failure, body=body if scrubbed == text else scrubbed.encode())


def read_error_object(
    reader: str,
    error: object,
    headers: Mapping[bytes, bytes],
    now: float,
    *,
    zone: str = "UTC",
    scrub: Scrub,
) -> Failure:
    """What an error inside a 200 means: *error* is the body, the event, or the error object out of one, decoded."""
    failure = _judge(reader, headers, said_in(error, None), now, zone, scrub)
    if failure.verdict not in _FOR_CLIENT:
        return failure
    whole = error if isinstance(error, dict) and "error" in error else {"error": error}
    try:
        encoded = msgspec.json.encode(whole)
    except (TypeError, ValueError, RecursionError):  # not what JSON can be decoded to
        return failure
    return msgspec.structs.replace(failure, body=scrub(encoded.decode("utf-8", "replace")).encode())


def _judge(reader: str, headers: Mapping[bytes, bytes], said: Said, now: float, zone: str, scrub: Scrub) -> Failure:
    rule = first_fit((TABLES.get(reader, ()), GENERIC), said) or _by_status(said)
    verdict, param = _particular(rule, said)
    hint = _hint(rule, verdict, reader, headers, said, now, zone)
    scope = rule.scope or (details.scope_named(said) if verdict in _LIMITS else "")
    if hint is not None and scope != "model":
        verdict = _by_distance(rule, verdict, hint[0] - now)
    return Failure(
        verdict=verdict,
        message=_message(said, scrub),
        status=said.status,
        until=None if hint is None else hint[0],
        source=HintSource.GUESS if hint is None else hint[1],
        scope=scope,
        param=param,
        affordable_tokens=details.affordable_tokens(said) if verdict is Verdict.AFFORDABLE else 0,
        ceiling_tokens=details.ceiling_tokens(said) if verdict in (Verdict.CONTEXT_EXCEEDED, Verdict.TOO_LARGE) else 0,
        account=scrub(details.account_named(reader, headers, said)),
        seen=_windows(verdict, reader, said, now, hint, zone, scope),
    )


def _windows(
    verdict: Verdict, reader: str, said: Said, now: float, hint: Hint | None, zone: str, scope: str
) -> tuple[Observation, ...]:
    """What the text says of windows. A model's own limit is not one of ours."""
    if verdict not in _LIMITS or scope == "model":
        return ()
    return windows_said(reader, said, now, until=None if hint is None else hint[0], zone=zone, scope=scope)


def _by_status(said: Said) -> Rule:
    """What is left when no rule fits."""
    status = said.status
    if status is None:
        return first_fit((BY_NAME,), said) or Rule(Verdict.SERVER_ERROR)
    if status < 400:
        return Rule(Verdict.WRONG_TYPE)
    if status >= 500 or status in (408, 409, 425, 499):
        return Rule(Verdict.SERVER_ERROR)
    return Rule(Verdict.BAD_REQUEST)


def _particular(rule: Rule, said: Said) -> tuple[Verdict, str]:
    """The verdict and field: a field that is not named cannot be left out, nor a reply cut to a length that is not said."""
    if rule.verdict is Verdict.BAD_PARAM:
        field = rule.field or details.refused_field(said)
        return (Verdict.BAD_PARAM, field) if field else (Verdict.BAD_REQUEST, "")
    if rule.verdict is Verdict.AFFORDABLE and not details.affordable_tokens(said):
        return Verdict.NO_CREDIT, ""
    return rule.verdict, rule.needs


def _hint(
    rule: Rule, verdict: Verdict, reader: str, headers: Mapping[bytes, bytes], said: Said, now: float, zone: str
) -> Hint | None:
    if verdict not in _HINTED:
        return None
    hint = find_hint(reader, headers, said, now, zone, windows=verdict in _LIMITS)
    if hint is not None and hint[0] - now >= rule.hint_s_min:
        return hint
    return end_of_period(rule.period, said, now, zone) if verdict is Verdict.QUOTA_EXHAUSTED else None


def _by_distance(rule: Rule, verdict: Verdict, wait_s: float) -> Verdict:
    """A limit is of the minute or of the day by how long it lasts, where its words leave that open."""
    if verdict is Verdict.RATE_LIMITED and wait_s > LONG_S:
        return Verdict.QUOTA_EXHAUSTED
    if verdict is Verdict.QUOTA_EXHAUSTED and rule.may_be_short and wait_s <= LONG_S:
        return Verdict.RATE_LIMITED
    return verdict


def _message(said: Said, scrub: Scrub) -> str:
    """One line for people. Scrubbed before it is cut, so that no half of a key is left at the end."""
    written = said.message.encode("utf-8", "replace").decode()
    line = " ".join(scrub(written).split())
    if not line:
        return f"HTTP {said.status} without a word" if said.status is not None else "an error without a word"
    return line if len(line) <= MESSAGE_CHARS_MAX else line[: MESSAGE_CHARS_MAX - 1] + "…"
