"""The tour: one request's walk over its candidates. Owned by the request's task; the pool reads it, failures move it.

It remembers who was asked, who is to be asked next, and what was taken out of the request on the way.
"""

from collections.abc import Callable, Iterable

import msgspec

from hrd.core.ask import Ask
from hrd.core.failover import RULES, Next
from hrd.core.failures import Failure, Verdict
from hrd.core.journal import BROKE_OFF, SERVED, AttemptNote
from hrd.core.line import Place
from hrd.core.providers import Candidate

AFFORDABLE_TOKENS_MIN = 1024
"""A reply shorter than this is not worth asking for again."""
FIELDS_DROPPED_MAX = 4
"""A candidate that objects to more fields than this objects to the request."""
ATTEMPTS_NOTED_MAX = 64


class Tour(msgspec.Struct, eq=False):
    """Where one request stands."""

    ask: Ask
    tried: set[str] = set()
    again: Candidate | None = None
    siblings_of: str = ""
    """The provider whose other keys come first."""
    endpoints_last: set[str] = set()
    larger_than: int = 0
    """Only candidates with a larger known or unknown context; 0 is no such wish."""
    too_large_for: set[str] = set()
    """Providers, and models written `<provider>/<model>`."""
    dropped: dict[tuple[str, str], frozenset[str]] = {}
    max_tokens: dict[str, int] = {}
    notes: list[AttemptNote] = []
    failures: list[tuple[Candidate, Failure]] = []
    for_client: Failure | None = None
    """A refusal that the client must mend: it is what the client hears if nobody serves."""
    is_over: bool = False
    """No more attempts: `for_client` is the answer."""
    denied: set[str] = set()
    """Candidates that the process which took over from this one has warned of once."""
    too_dear: Callable[[Candidate], str] | None = None
    """Why a candidate costs more than is left for this client key; None if its cost has no ceiling."""
    cost_short: tuple[int, int] = (0, 0)
    """If some are too dear: what is left of the cost ceiling, and the least that one of them asks for reading the request."""
    place: Place | None = None
    """Where it stands in line, once it had to wait."""
    objectors: set[str] = set()
    """Providers that refused the request itself."""

    @property
    def input_needed(self) -> int:
        """Tokens that there has to be room for: what was estimated may be a quarter more."""
        return self.ask.input_tokens * 5 // 4

    def failed(self, candidate: Candidate, failure: Failure) -> None:
        """Move on after *failure* of *candidate*."""
        self.again = None
        self.failures.append((candidate, failure))
        match RULES[failure.verdict].next:
            case Next.AGAIN:
                self._ask_again(candidate, failure)
            case Next.SIBLINGS_FIRST:
                self.siblings_of = candidate.provider.name
            case Next.SIBLINGS_LAST:
                self.siblings_of = ""
                self.endpoints_last.add(candidate.provider.base_url)
            case Next.LARGER:
                self._look_for_larger(candidate, failure)
            case Next.ONE_MORE:
                self._object(candidate, failure)
            case Next.CLIENT:
                self.for_client = failure
                self.is_over = True
            case Next.ANYONE:
                pass

    def _ask_again(self, candidate: Candidate, failure: Failure) -> None:
        """The same candidate once more, without what it objected to; or on, if that would not help."""
        key = candidate.pair
        if failure.verdict is Verdict.AFFORDABLE:
            if failure.affordable_tokens >= AFFORDABLE_TOKENS_MIN and candidate.key not in self.max_tokens:
                self.max_tokens[candidate.key] = failure.affordable_tokens
                self.again = candidate
            else:
                self.siblings_of = candidate.provider.name
            return
        dropped = self.dropped.get(key, frozenset())
        if failure.param and failure.param not in dropped and len(dropped) < FIELDS_DROPPED_MAX:
            self.dropped[key] = dropped | {failure.param}
            self.again = candidate
            return
        self._object(candidate, failure)

    def _look_for_larger(self, candidate: Candidate, failure: Failure) -> None:
        if failure.verdict is Verdict.CONTEXT_EXCEEDED:
            known = failure.ceiling_tokens or candidate.facts.context or candidate.provider.context or 0
            self.larger_than = max(self.larger_than, known)
            self.too_large_for.add(_model_at(candidate))
        elif failure.ceiling_tokens:
            self.too_large_for.add(_model_at(candidate))
        else:
            self.too_large_for.add(candidate.provider.name)
        if self.for_client is None or failure.verdict is Verdict.CONTEXT_EXCEEDED:
            self.for_client = failure

    def _object(self, candidate: Candidate, failure: Failure) -> None:
        """One more provider is asked; if it agrees, the first error is the client's."""
        if self.objectors and candidate.provider.name not in self.objectors:
            self.is_over = True
        self.objectors.add(candidate.provider.name)
        if self.for_client is None:
            self.for_client = failure

    def fell_short(self, left_microusd: int, sends_microusd: int) -> None:
        """Somebody asks *sends_microusd* for reading the request, which is more than is left."""
        least = self.cost_short[1]
        self.cost_short = left_microusd, min(sends_microusd, least) if least else sends_microusd

    def why_not(self, candidate: Candidate, context: int | None) -> str:
        """Empty if this request may still turn to *candidate*, whose context is as large as is known; otherwise why not."""
        if candidate.provider.name in self.objectors:
            return "refused this request already"
        if self.too_large_for and not self.too_large_for.isdisjoint((_model_at(candidate), candidate.provider.name)):
            return "too large for it"
        if self.larger_than and context is not None and context <= self.larger_than:
            return f"context of {context} tokens is no larger"
        return ""

    def choose(self, ranked: Iterable[Candidate]) -> Candidate | None:
        """The next to ask, of those that may be asked, best first; None if there is nobody."""
        last: Candidate | None = None
        first: Candidate | None = None
        for candidate in ranked:
            if self.siblings_of and candidate.provider.name == self.siblings_of:
                return candidate
            if candidate.provider.base_url in self.endpoints_last:
                last = last or candidate
            elif first is None:
                first = candidate
                if not self.siblings_of:
                    return first
        return first or last

    def begin(self, candidate: Candidate) -> None:
        self.tried.add(candidate.key)
        self.again = None

    def waited(self) -> None:
        """After a wait everybody may be asked again, but for those who refused the request itself."""
        self.again = None
        self.tried.clear()
        self.siblings_of = ""
        self.endpoints_last.clear()

    def note(self, note: AttemptNote) -> None:
        if len(self.notes) < ATTEMPTS_NOTED_MAX:
            self.notes.append(note)

    def broke_off(self, message: str) -> None:
        """The candidate that had begun to answer did not get to its end: its note says so."""
        if self.notes and self.notes[-1].outcome == SERVED:
            self.notes[-1] = msgspec.structs.replace(self.notes[-1], outcome=BROKE_OFF, message=message)

    def passing_of(self, candidate: Candidate) -> tuple[str, int]:
        """For what *candidate* failed this request, in a word, if its provider said when that is over; and how often it did."""
        mine = [failure for one, failure in self.failures if one.key == candidate.key]
        return (RULES[mine[-1].verdict].reason, len(mine)) if mine and mine[-1].until is not None else ("", 0)

    def is_all_empty(self) -> bool:
        """Every candidate so far gave an empty reply: then emptiness is the answer, and nobody is to blame."""
        return bool(self.failures) and all(failure.verdict is Verdict.EMPTY for _, failure in self.failures)


def _model_at(candidate: Candidate) -> str:
    return f"{candidate.provider.name}/{candidate.model}"
