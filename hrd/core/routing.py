"""Routing: in which order candidates are asked.

Classes first: local, free, subscription, paid. Local leads only for what it is known to fit; otherwise it comes after free.
Within a class those come last who by a mere claim have nothing left.

Among the providers of a class: in `parallel` by what their quota left is worth (see `Lane.worth`: the share left, more if it
would lapse), among equals whose lapses soonest, then fewest in flight, then latency; in `sequential` in their stored order.
Within one provider its own mode rules: `sequential` drains one credential, model by model, before it touches the next;
`parallel` takes the models in the order of the settings, and for each spreads over the credentials by the same worth, then
fewest in flight, then longest unused.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter, itemgetter

from hrd.core.ask import Ask
from hrd.core.lanes import Lane
from hrd.core.providers import Candidate, CostClass

UNLIMITED = 2**62
PARALLEL = "parallel"
SEQUENTIAL = "sequential"
BANDS = 20
"""Shares that differ by less than one part in so many are equal."""
NEVER = 1e12


def rank(
    lanes: Sequence[Lane],
    *,
    now: float,
    mode: str,
    mode_of: Callable[[str], str],
    tier_of: Callable[[Candidate], float],
    is_used_up: Callable[[Lane], bool],
) -> list[Lane]:
    """Order *lanes*, best first."""
    groups: dict[tuple[float, bool, str], list[float]] = {}
    rows: list[tuple[tuple[object, ...], Lane]] = []
    for lane in lanes:
        candidate = lane.candidate
        provider = candidate.provider
        tier, last = tier_of(candidate), is_used_up(lane)
        band, lapse = -int(lane.worth(now) * BANDS), lane.lapse_end or NEVER
        group = groups.get((tier, last, provider.name))
        if group is None:
            group = groups[tier, last, provider.name] = [0.0, 0.0, 0, 0.0, len(groups)]
            if mode == PARALLEL:
                group[:4] = (band, lapse, lane.in_flight, lane.latency_ms)
        elif mode == PARALLEL:
            if (band, lapse) < (group[0], group[1]):
                group[:2] = (band, lapse)
            group[2] += lane.in_flight
            group[3] = min(group[3], lane.latency_ms)
        within: tuple[float, ...]
        if mode_of(provider.name) == PARALLEL:
            within = (_model_place(candidate), band, lapse, lane.in_flight, lane.used_at, candidate.place)
        else:
            within = (candidate.place,)
        rows.append(((tier, last, group, within), lane))
    rows.sort(key=_KEY)
    return [lane for _, lane in rows]


_KEY = itemgetter(0)
_PLACE = attrgetter("candidate.place")


def is_one_group(candidates: Sequence[Candidate]) -> bool:
    """Whether only the credentials differ."""
    first = candidates[0]
    for candidate in candidates:
        if (
            candidate.provider is not first.provider
            or candidate.model != first.model
            or candidate.cost_class is not first.cost_class
        ):
            return False
    return True


def rank_one_group(lanes: Sequence[Lane], now: float, mode: str, is_used_up: Callable[[Lane], bool]) -> list[Lane]:
    """What `rank` says of the credentials of one provider's model, for less: no two have the same place."""
    if mode != PARALLEL:
        return sorted(lanes, key=lambda lane: (is_used_up(lane), lane.candidate.place))
    rows = []
    for lane in lanes:
        band = -int((lane.worth(now) if lane.lapse_span_s else lane.share) * BANDS)
        lapse = lane.lapse_end or NEVER
        rows.append((is_used_up(lane), band, lapse, lane.in_flight, lane.used_at, lane.candidate.place, lane))
    rows.sort()
    return [row[6] for row in rows]


def _model_place(candidate: Candidate) -> int:
    models = candidate.provider.models
    return models.index(candidate.model) if candidate.model in models else len(models)


def tier_of(candidate: Candidate, is_local_fit: Callable[[Candidate], bool]) -> float:
    """The class as a number to sort by; a local model that is not known to fit stands between free and subscription."""
    if candidate.cost_class is CostClass.LOCAL and not is_local_fit(candidate):
        return CostClass.FREE + 0.5
    return float(candidate.cost_class)


def is_local_fit(candidate: Candidate, ask: Ask, tools: bool | None, vision: bool | None) -> bool:
    """Whether a local model is known to fit, so that it leads. *tools*, *vision*: forced or learned; None is not known."""
    limit = candidate.provider.skip_tokens_over
    if limit and ask.input_tokens > limit:
        return False
    return not (ask.tools and not tools) and not (ask.images and not vision)


def tokens_fit(candidate: Candidate) -> int:
    """How long a request may be for *candidate*, as far as settings and catalogue say: `why_unfit` has nothing against it."""
    provider = candidate.provider
    context = candidate.facts.context or provider.context
    limits = [UNLIMITED if context is None else context]
    if candidate.cost_class is not CostClass.LOCAL and provider.skip_tokens_over > 0:
        limits.append(provider.skip_tokens_over)
    return min(limits)


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
