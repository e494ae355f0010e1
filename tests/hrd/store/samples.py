"""Rows to store, with only what a test cares about spelled out."""

from collections.abc import Sequence

import msgspec

from hrd.core.blocks import Block
from hrd.core.failures import HintSource
from hrd.core.journal import AttemptNote, Entry, Outcome, Usage, UsageSource
from hrd.core.ledger import Raised, Reservation, Settlement
from hrd.core.quota.window import Window
from hrd.store.contract import Process

NOON = 1_795_003_200.0
"""2026-11-18, 12:00 UTC."""
OLD = Process(100, 1.5)
NEW = Process(200, 2.5)
SCOPES = ("candidate:groq-00000001/llama", "credential:groq-00000001", "provider:groq")


class Clock:
    """Wall time that a test sets by hand."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def reserved(
    number: int, *, at: float = NOON, request: str = "", tokens: int = 1000, scopes: Sequence[str] = SCOPES, client: str = ""
) -> Reservation:
    return Reservation(
        id=number,
        at=at,
        request_id=request or f"req-{number}",
        provider="groq",
        model="llama",
        credential="groq-00000001",
        scopes=tuple(scopes),
        tokens=tokens,
        client=client,
    )


def settled(number: int, *, at: float = NOON + 1, tokens: int = 150, outcome: str = "ok") -> Settlement:
    return Settlement(id=number, at=at, tokens=tokens, outcome=outcome)


def raised(number: int, *, tokens: int = 5000, cost_microusd: int | None = 9) -> Raised:
    return Raised(id=number, tokens=tokens, cost_microusd=cost_microusd)


def attempt(
    outcome: str = "ok", provider: str = "groq", credential: str = "groq-00000001", model: str = "llama"
) -> AttemptNote:
    return AttemptNote(provider=provider, model=model, credential=credential, outcome=outcome)


ANSWERED = Entry(
    request_id="req-1",
    at=NOON,
    endpoint="/v1/chat/completions",
    client="client-1",
    model_asked="hermes-router",
    stream=False,
    outcome=Outcome.OK,
    status=200,
    provider="groq",
    model="llama",
    credential="groq-00000001",
    usage=Usage(input_tokens=100, output_tokens=50, source=UsageSource.KNOWN),
    first_token_ms=20.0,
    total_ms=40.0,
    attempts=(attempt(),),
)


def answered(request: str = "req-1", at: float = NOON, client: str = "client-1") -> Entry:
    return msgspec.structs.replace(ANSWERED, request_id=request, at=at, client=client)


def refused(request: str = "req-r", at: float = NOON) -> Entry:
    return Entry(
        request_id=request,
        at=at,
        endpoint="/v1/chat/completions",
        client="client-1",
        model_asked="a-name-of-the-client's",
        stream=False,
        outcome=Outcome.REFUSED,
        status=429,
        reason="everybody is over quota",
    )


def blocked(scope: str = "provider:groq", reason: str = "rate limit", until: float = NOON + 60, step: int = 0) -> Block:
    return Block(scope=scope, reason=reason, source=HintSource.HEADER, set_at=NOON, until=until, step=step)


def window(
    scope: str = SCOPES[1],
    kind: str = "requests/day",
    left: int = 100,
    seen_at: float = NOON,
    resets_at: float | None = NOON + 43200,
    through: int = 0,
) -> Window:
    return Window(
        scope=scope,
        kind=kind,
        limit=max(1000, left),
        used=max(0, 1000 - left),
        ends_at=resets_at,
        limit_at=seen_at,
        seen_at=seen_at,
        through=through,
    )
