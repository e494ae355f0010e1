"""The output limit that is sent, given the one that was asked for."""

from collections.abc import Sequence

from hrd.core.providers import Candidate


def output_limit(
    asked: int | None, candidate: Candidate, *, affordable: int | None, reserve_tokens: int
) -> tuple[int | None, Sequence[str]]:
    """The `max_tokens` to send, None to leave the request's own, and what was changed, in words.

    A model that thinks first spends its thoughts from the same budget: *reserve_tokens* are added, so that a small limit does
    not end in an empty answer. Then the provider's clamp holds, then what the balance affords."""
    limit, notes = asked, []
    if limit is not None and candidate.facts.reasoning and limit < reserve_tokens:
        limit += reserve_tokens
        notes.append(f"max_tokens raised from {asked} to {limit}: the model thinks first")
    clamp = candidate.provider.max_output_tokens or candidate.facts.max_output or 0
    if clamp and limit is not None and limit > clamp:
        limit = clamp
        notes.append(f"max_tokens clamped from {asked} to {clamp}: the provider's limit")
    if affordable is not None and (limit is None or limit > affordable):
        limit = min(affordable, clamp) if clamp else affordable
        notes.append(f"max_tokens lowered to {limit}: all that the balance affords")
    return (None, ()) if limit == asked else (limit, notes)
