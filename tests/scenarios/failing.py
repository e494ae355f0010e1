"""Ways for providers to fail, as the scenarios need them."""

from collections.abc import Callable, Sequence
from typing import Any

from tests.upstreams import Answer, Asked, Behave, Behaviour, Status


def refused(status: int, message: str = "no", headers: Sequence[tuple[str, str]] = (), **more: Any) -> Status:
    """A refusal in OpenAI's envelope."""
    return Status.json(status, {"error": {"message": message, **more}}, headers)


def rate_limited(retry_after_s: float | None = None) -> Status:
    headers = [] if retry_after_s is None else [("retry-after", f"{retry_after_s:g}")]
    return refused(429, "Too many requests", headers)


def first_key_only(behave: Behave, others: Behaviour) -> Callable[[Asked], Behaviour]:
    """What happens to a provider's first key; its other keys get *others*."""

    def choose(asked: Asked) -> Behaviour:
        if not (asked.key or "").endswith("-1"):
            return others
        chosen = behave(asked) if callable(behave) else behave
        assert not isinstance(chosen, Sequence)
        return chosen

    return choose


def says(text: str) -> Answer:
    return Answer(text)
