"""Routing: in which order candidates are asked.

Classes first: local, free, subscription, paid. Local leads only for what it is known to fit; otherwise it comes after free.
Within a class those come last who by a mere claim have nothing left.

Among the providers of a class: in `parallel` by what their quota left is worth (see `core.worth`: the share left, what would
lapse first, what lasts last), then fewest in flight, then latency; in `sequential` in their stored order. Within one provider
its own mode rules: `sequential` drains one credential, model by model, before it touches the next; `parallel` takes the models
in the order of the settings, and for each spreads over the credentials by the same worth, then fewest in flight, then longest
unused. Of equal worth that comes first which lapses soonest.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter

from hrd.core.ask import Ask
from hrd.core.lane import Lane, Standing
from hrd.core.providers import Candidate, CostClass

UNLIMITED = 2**62
PARALLEL = "parallel"
SEQUENTIAL = "sequential"


def rank(
    lanes: Sequence[Lane],
    *,
    now: float,
    mode: str,
    mode_of: Callable[[str], str],
    tier_of: Callable[[Lane], float],
    is_used_up: Callable[[Lane], bool],
    tokens: int = 0,
    usual_tokens: float = 0.0,
) -> list[Lane]:
    """Order *lanes*, best first. *is_used_up*, by a claim, is asked of those of whom a glance does not show it; *tokens*: those
    that the request has, where *usual_tokens* are usual (0: not known)."""
    standing: dict[str, list[Standing]] = {}
    empty: dict[str, list[Standing]] = {}
    """By a claim."""
    for lane in lanes:
        claimed = lane.claimed
        last = (claimed.requests < 1 or tokens + lane.output_ample > claimed.least) and is_used_up(lane)
        row = lane.standing
        if row is None or now >= lane.standing_until:
            row = lane.stand(now, (tokens + lane.output_guess) / usual_tokens if usual_tokens else 1.0)
        groups = empty if last else standing
        rows = groups.get(lane.group)
        if rows is None:
            groups[lane.group] = [row]
        else:
            rows.append(row)
    is_parallel = mode == PARALLEL
    ordered = []
    for is_empty in (False, True):
        for rows in (empty if is_empty else standing).values():
            first = rows[0][7]
            tier = first.tier if first.tier is not None else tier_of(first)
            ordered.append((tier, is_empty, of_group(rows, is_parallel=is_parallel), first.provider, rows))
    ordered.sort(key=_BEFORE_ROWS)
    ranked: list[Lane] = []
    for *_, provider, rows in ordered:
        if mode_of(provider) == PARALLEL:
            rows.sort()
        else:
            rows.sort(key=PLACE)
        ranked += [row[7] for row in rows]
    return ranked


PLACE = itemgetter(6)
_BEFORE_ROWS = itemgetter(0, 1, 2, 3)


def of_group(rows: Sequence[Standing], *, is_parallel: bool) -> tuple[float, ...]:
    """Where one provider stands among those of its class."""
    if not is_parallel:
        return (min([row[6] for row in rows]),)
    _, standing, lapses_at, share, *_ = rows[0] if len(rows) == 1 else min(rows, key=_WORTH)
    in_flight, (*_, place, lane) = 0, rows[0]
    latency_ms = lane.latency_ms
    for row in rows:
        in_flight += row[4]
        if row[6] < place:
            place = row[6]
        if row[7].latency_ms < latency_ms:
            latency_ms = row[7].latency_ms
    return standing, lapses_at, share, in_flight, latency_ms, place


_WORTH = itemgetter(1, 2, 3)


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


def local_tier(*, is_fit: bool) -> float:
    """Where local models stand among the classes: first, unless they are not known to fit."""
    return float(CostClass.LOCAL) if is_fit else CostClass.FREE + 0.5


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
