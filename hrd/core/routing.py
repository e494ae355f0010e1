"""Routing: in which order candidates are asked.

Classes first: local, free, subscription, paid. Local leads only for what it is known to fit; otherwise it comes after free.
Among the providers of a class: in `parallel` by the share of their quota left, then fewest in flight, then latency; in
`sequential` in their stored order. Among the credentials of one provider its own mode rules: `sequential` drains them in stored
order, `parallel` spreads by share left, fewest in flight, longest unused. A provider's models come in the order of its settings.
"""

from collections.abc import Callable, Sequence

from hrd.core.ask import Ask
from hrd.core.providers import Candidate, CostClass

PARALLEL = "parallel"
SEQUENTIAL = "sequential"
UNKNOWN_SHARE = 0.5


class Standing:
    """What the pool knows of one candidate at this moment; its owner is the pool."""

    __slots__ = ("errors", "in_flight", "latency_ms", "requests", "share", "used_at")

    def __init__(self, share: float) -> None:
        self.share = share
        self.in_flight = 0
        self.latency_ms = 0.0
        self.used_at = 0.0
        self.requests = 0
        self.errors = 0


def rank(
    candidates: Sequence[Candidate],
    *,
    standing_of: Callable[[Candidate], Standing],
    mode: str,
    mode_of: Callable[[str], str],
    is_local_fit: Callable[[Candidate], bool],
) -> list[Candidate]:
    """Order *candidates*, best first."""
    rows = [(candidate, standing_of(candidate)) for candidate in candidates]
    if is_one_group(candidates):
        return _rank_group(rows, mode_of(candidates[0].provider.name))
    groups: dict[tuple[float, str], tuple[float, int, float]] = {}
    for candidate, standing in rows:
        group = (_tier(candidate, is_local_fit), candidate.provider.name)
        share, in_flight, latency_ms = groups.get(group, (0.0, 0, float("inf")))
        groups[group] = (
            max(share, standing.share),
            in_flight + standing.in_flight,
            min(latency_ms, standing.latency_ms),
        )
    places = {group: place for place, group in enumerate(groups)}

    def sort_key(row: tuple[Candidate, Standing]) -> tuple[object, ...]:
        candidate, standing = row
        group = (_tier(candidate, is_local_fit), candidate.provider.name)
        share, in_flight, latency_ms = groups[group]
        among = (-share, in_flight, latency_ms) if mode == PARALLEL else (0.0, 0, 0.0)
        models = candidate.provider.models
        model_place = models.index(candidate.model) if candidate.model in models else 0
        if mode_of(candidate.provider.name) == PARALLEL:
            within = _by_room(row)
        else:
            within = (candidate.place,)
        return (group[0], *among, places[group], model_place, *within)

    rows.sort(key=sort_key)
    return [candidate for candidate, _ in rows]


def is_one_group(candidates: Sequence[Candidate]) -> bool:
    """Whether only the credentials differ: most people have one or two providers, and this is every request's way."""
    first = candidates[0]
    for candidate in candidates:
        if (
            candidate.provider is not first.provider
            or candidate.model != first.model
            or candidate.cost_class is not first.cost_class
        ):
            return False
    return True


def _rank_group(rows: list[tuple[Candidate, Standing]], mode: str) -> list[Candidate]:
    """Order the credentials of one provider's model."""
    if mode == PARALLEL:
        rows.sort(key=_by_room)
    else:
        rows.sort(key=_by_place)
    return [candidate for candidate, _ in rows]


def _by_room(row: tuple[Candidate, Standing]) -> tuple[float, ...]:
    candidate, standing = row
    return (-standing.share, standing.in_flight, standing.used_at, candidate.place)


def _by_place(row: tuple[Candidate, Standing]) -> int:
    return row[0].place


def _tier(candidate: Candidate, is_local_fit: Callable[[Candidate], bool]) -> float:
    """The class as a number to sort by; a local model that is not known to fit stands between free and subscription."""
    if candidate.cost_class is CostClass.LOCAL and not is_local_fit(candidate):
        return CostClass.FREE + 0.5
    return float(candidate.cost_class)


def why_unfit(candidate: Candidate, ask: Ask, *, tools: bool | None, vision: bool | None, context: int | None) -> str:
    """Empty if *candidate* may be asked this; otherwise why not. None is not known, and unknown may be tried."""
    provider = candidate.provider
    if ask.tools and tools is False:
        return "takes no tools"
    if ask.images and vision is False:
        return "takes no images"
    if ask.token_ids and not provider.embed_takes_tokens:
        return "takes no token ids"
    if context is not None and ask.input_tokens > context:
        return f"about {ask.input_tokens} tokens do not fit its context of {context}"
    if candidate.cost_class is not CostClass.LOCAL and 0 < provider.skip_tokens_over < ask.input_tokens:
        return f"about {ask.input_tokens} tokens are over its limit of {provider.skip_tokens_over}"
    if provider.body_bytes_max and ask.body_bytes > provider.body_bytes_max:
        return f"a body of {ask.body_bytes} bytes is over its limit of {provider.body_bytes_max}"
    return ""
