"""Selections: what names were found to mean, for as long as the roster is the same.

Whoever may serve under several names is one candidate under all of them, and names that mean the same share one selection:
what is known of candidates is kept by who they are, and programs that call the router by different names meet in turn.
"""

import msgspec

from hrd.core.ask import Ask, Kind
from hrd.core.names import NAME_LENGTH_MAX
from hrd.core.pin import Pair
from hrd.core.providers import Candidate
from hrd.core.refusals import Refusal
from hrd.core.roster import Roster, Selection

NAMES_MAX = 1024
CANDIDATES_MAX = 20_000


class Selections:
    """Of one roster at a time."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._by_name: dict[tuple[bool, str], Selection | Refusal] = {}
        """By whether chat is asked for, and the name."""
        self._candidates: dict[str, Candidate] = {}
        self._by_candidates: dict[tuple[object, ...], Selection] = {}

    def change(self, roster: Roster) -> None:
        self._roster = roster
        self.forget()

    def forget(self) -> None:
        """Names mean something else now."""
        self._by_name.clear()
        self._candidates.clear()
        self._by_candidates.clear()

    def of(self, ask: Ask, pin: Pair | None) -> Selection | Refusal:
        """Who may serve *ask*. *pin*: the pair that embeddings are pinned to; after another one, `forget`."""
        key = (ask.kind is Kind.CHAT, ask.model)
        selection = self._by_name.get(key)
        if selection is not None:
            return selection
        if ask.kind is Kind.CHAT:
            selection = self._roster.select_chat(ask.model)
        else:
            selection = self._roster.select_embeddings(ask.model, pin)
        if len(self._by_name) >= NAMES_MAX or len(self._candidates) >= CANDIDATES_MAX:
            self.forget()
        if isinstance(selection, Selection):
            selection = self._shared(selection)
        if len(ask.model) <= NAME_LENGTH_MAX:
            self._by_name[key] = selection
        return selection

    def chat(self, name: str) -> Selection | Refusal:
        """Who may serve a chat request for *name*."""
        return self.of(Ask(kind=Kind.CHAT, model=name), None)

    def _shared(self, selection: Selection) -> Selection:
        candidates = tuple(map(self._known, selection.candidates))
        same = (candidates, selection.is_pinned, selection.leading)
        if same not in self._by_candidates:
            self._by_candidates[same] = msgspec.structs.replace(selection, candidates=candidates)
        return self._by_candidates[same]

    def _known(self, candidate: Candidate) -> Candidate:
        known = self._candidates.setdefault(candidate.key, candidate)
        return known if known.place == candidate.place else candidate
