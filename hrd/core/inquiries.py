"""Inquiries: which keys are worth a free question about what they have left.

It helps where only a claim is known, where little is left by what is known (others may spend it too, or somebody has paid), and
where a block is new, or about to be looked at: the answer is that probe, and no request has to be. Without requests nothing is
asked, but once after the start where a claim is all there is. Where not even that is there, it is asked once when somebody
wants something: what was not told then is not told later.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from hrd.core.blocks import Block, is_in_force
from hrd.core.providers import Candidate
from hrd.core.quota.book import QuotaBook
from hrd.core.quota.window import CATALOGUE, PROVIDER, Window
from hrd.core.refusals import Refusal
from hrd.core.roster import Roster
from hrd.core.selections import Selections

TOLD: Final = frozenset({"requests/day", "credit", "credit/day", "credit/week", "credit/month"})
"""Kinds of windows that answers speak of."""
LITTLE: Final = 0.1
"""The share of a limit from which on it is good to know."""
AHEAD_S: Final = 30.0
"""So long before a block is looked at by a request, it is looked at by a question."""
SECOND_WORD_S: Final = 2.0
"""More than we think is believed when it is said again a settled moment later."""
BLOCKS_TOLD_OF: Final = frozenset({"quota", "credits"})


def due(
    roster: Roster,
    selections: Selections,
    book: QuotaBook,
    blocks: Iterable[Block],
    *,
    asked_at: Mapping[str, float],
    requested_at: float,
    every_s: float,
    now: float,
) -> list[Candidate]:
    """One candidate of each credential to ask about now. *asked_at*: credential → when it was last asked about; *requested_at*:
    when a client last wanted anything."""
    asking = [name for name in roster.enabled if roster.providers[name].look_ups]
    standing = [block for block in blocks if block.reason in BLOCKS_TOLD_OF and is_in_force(block, now)] if asking else []
    found = []
    for name in asking:
        by_credential: dict[str, list[Candidate]] = {}
        selection = selections.chat(name)
        for candidate in () if isinstance(selection, Refusal) else selection.candidates:
            by_credential.setdefault(candidate.credential.fingerprint, []).append(candidate)
        for fingerprint, candidates in by_credential.items():
            before = asked_at.get(fingerprint)
            if _is_worth_it(candidates, book, standing, before, requested_at, every_s, now):
                found.append(candidates[0])
    return found


def _is_worth_it(
    candidates: Sequence[Candidate],
    book: QuotaBook,
    blocks: Sequence[Block],
    asked_at: float | None,
    requested_at: float,
    every_s: float,
    now: float,
) -> bool:
    scopes = list(dict.fromkeys(scope for candidate in candidates for scope in candidate.scopes))
    if asked_at is not None and abs(now - asked_at) < every_s:
        return now - asked_at >= SECOND_WORD_S and book.awaits_more(scopes)
    windows = [window for window in book.windows_at(scopes, now, TOLD) if window.owner == PROVIDER]
    is_wanted = requested_at > (asked_at or 0.0)
    if is_wanted or asked_at is None:
        claims = (*windows, *(window for window in book.foreseen(candidates, now) if window.kind in TOLD))
        if any(window.source == CATALOGUE for window in claims):
            return True
    if not is_wanted:
        return False
    if asked_at is None and not any(window.is_known for window in windows):
        return True
    at = set(scopes)
    return any(_has_little(window, now, every_s) for window in windows) or any(
        _may_be_over(block, asked_at or 0.0, now, every_s) for block in blocks if block.scope in at
    )


def _may_be_over(block: Block, asked_at: float, now: float, every_s: float) -> bool:
    """It is new and lasts, or is about to be looked at."""
    if block.set_at > asked_at and block.until - now > every_s:
        return True
    return (block.next_probe if block.next_probe is not None else block.until) <= now + AHEAD_S


def _has_little(window: Window, now: float, every_s: float) -> bool:
    """And will not have more soon by itself."""
    if window.limit is None or not window.is_known or (window.left or 0) > LITTLE * window.limit:
        return False
    return window.resets_at is None or window.resets_at - now > every_s
