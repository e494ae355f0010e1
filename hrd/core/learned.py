"""What was learned about models: what they took well or cannot take, which fields they refuse. Expires, to be learned anew."""

from collections.abc import Callable, Iterable

import msgspec

from hrd.core import failover
from hrd.core.failures import OF_THE_REQUEST, Failure, Verdict
from hrd.core.providers import Candidate
from hrd.core.remembered import Learned

LEARNED_S = 30 * 86400.0
"""How long what was learned holds."""
MODELS_MAX = 2048
CONTEXT_TOKENS_MIN = 1024
"""No chat model has less: a smaller number in a refusal is another one's, and would stop every request for a month."""
OUTPUT = "output"
SPREAD = "output spread"
"""How far replies usually are from that."""
AMPLE_SPREADS = 6
"""Few replies are further off than so many times the usual distance."""
OUTPUT_GUESS_TOKENS = 512
"""What a reply is taken to have before anything is known."""
OUTPUT_SMOOTHING = 64
"""The newest reply weighs one part in so many, or as much as each before it if there were fewer."""
_DROP = "drop:"
_NOTHING: frozenset[str] = frozenset()


class Usual:
    """How long a model's replies are on average, and how far from that. In fractions: rounded with each reply, both would come
    to what half of the replies have, which is less where a few are long."""

    __slots__ = ("replies", "spread", "tokens")

    def __init__(self, tokens: float, spread: float, replies: int) -> None:
        self.tokens = tokens
        self.spread = spread
        self.replies = replies

    def add(self, tokens: int) -> None:
        """Another one had so many."""
        self.replies = min(self.replies + 1, OUTPUT_SMOOTHING)
        self.spread += (abs(tokens - self.tokens) - self.spread) / self.replies
        self.tokens += (tokens - self.tokens) / self.replies


class Learning:
    """By provider and model. A forced capability (settings, catalogue) always wins."""

    def __init__(self, learned: Iterable[Learned]) -> None:
        self._by_model: dict[tuple[str, str], dict[str, Learned]] = {}
        self._drops = False
        """Some model has refused a field."""
        self.says_no = False
        """Some model is known by experience to lack something. If not, only settings and catalogue can."""
        self.version = 0
        """Of what keeps whole requests from models: another one, it is worth looking again."""
        self._outputs: dict[tuple[str, str], tuple[int, int]] = {}
        """What `output_of` says, until one of its rows changes: it is asked twice for each request."""
        for row in learned:
            self._know(row)
        self._unsaved: dict[tuple[str, str, str], Learned] = {}
        self._usual: dict[tuple[str, str], Usual] = {}
        """Of each model that has replied, finer than its rows have it."""

    def facts_of(self, candidate: Candidate) -> tuple[bool | None, bool | None, int | None]:
        """(tools, vision, context) as forced, else as learned; None is not known."""
        facts = candidate.facts
        tools, vision, context = facts.tools, facts.vision, facts.context or candidate.provider.context
        if not self._by_model:
            return tools, vision, context
        learned = self._by_model.get(candidate.pair)
        if learned is None:
            return tools, vision, context
        if tools is None and "tools" in learned:
            tools = bool(learned["tools"].value)
        if vision is None and "vision" in learned:
            vision = bool(learned["vision"].value)
        if "context" in learned:
            context = learned["context"].value
        return tools, vision, context

    def dropped(self, key: tuple[str, str]) -> frozenset[str]:
        """Fields that this model is known to refuse."""
        learned = self._by_model.get(key)
        if learned is None or not self._drops:
            return _NOTHING
        return frozenset(what.removeprefix(_DROP) for what in learned if what.startswith(_DROP))

    def of(self, provider: str, model: str) -> dict[str, int]:
        """Everything learned of one model, by name."""
        return {what: row.value for what, row in self._by_model.get((provider, model), {}).items()}

    def models_of(self, provider: str) -> list[str]:
        return [model for name, model in self._by_model if name == provider]

    def saw(self, candidate: Candidate, *, tools: bool, vision: bool, now: float) -> list[Learned]:
        """A good answer used these."""
        key = candidate.pair
        rows = []
        for what, seen in (("tools", tools), ("vision", vision)):
            known = self._by_model.get(key, {}).get(what)
            if seen and (known is None or not known.value or known.expires_at - now < LEARNED_S / 2):
                rows.append(self._learn(key, what, 1, now))
        return rows

    def failed(self, candidate: Candidate, failure: Failure, now: float) -> list[Learned]:
        """A failure that named the model's context, or the one thing that it cannot do."""
        key = candidate.pair
        if failure.verdict is Verdict.CONTEXT_EXCEEDED and failure.ceiling_tokens >= CONTEXT_TOKENS_MIN:
            return [self._learn(key, "context", failure.ceiling_tokens, now)]
        if (feature := failover.missing_feature(failure)) is not None:
            return [self._learn(key, feature, 0, now)]
        return []

    def drop_worked(self, key: tuple[str, str], fields: Iterable[str], now: float) -> list[Learned]:
        """The same candidate answered well once *fields* were left out."""
        known = self._by_model.get(key, {})
        news = [field for field in fields if field not in OF_THE_REQUEST and _DROP + field not in known]
        return [self._learn(key, _DROP + field, 1, now) for field in news]

    def thinks(self, key: tuple[str, str], *, reasoning: bool, now: float) -> list[Learned]:
        """The model was seen to think first, or not to."""
        return [self._learn(key, "reasoning", int(reasoning), now)]

    def output_of(self, candidate: Candidate) -> tuple[int, int]:
        """Tokens that its model's replies usually have, and that few have more than."""
        known = self._outputs.get(candidate.pair)
        if known is None:
            if len(self._outputs) >= MODELS_MAX:
                self._outputs.clear()
            known = self._outputs[candidate.pair] = self._output_of(candidate.pair)
        return known

    def _output_of(self, key: tuple[str, str]) -> tuple[int, int]:
        learned = self._by_model.get(key)
        if learned is None or OUTPUT not in learned:
            return OUTPUT_GUESS_TOKENS, OUTPUT_GUESS_TOKENS
        usual = learned[OUTPUT].value
        return usual, usual + AMPLE_SPREADS * (learned[SPREAD].value if SPREAD in learned else usual // 2)

    def wrote(self, key: tuple[str, str], tokens: int, now: float) -> None:
        """A reply had so many."""
        known = self._by_model.get(key, {})
        if OUTPUT not in known:
            self._usual[key] = Usual(tokens, tokens / 2, 1)
            self._drift(key, OUTPUT, tokens, now)
            return
        usual = self._usual.get(key)
        if usual is None:
            tokens_before = known[OUTPUT].value
            spread = known[SPREAD].value if SPREAD in known else tokens_before / 2
            usual = self._usual[key] = Usual(tokens_before, spread, OUTPUT_SMOOTHING)
        usual.add(tokens)
        self._drift(key, SPREAD, round(usual.spread), now)
        self._drift(key, OUTPUT, round(usual.tokens), now)

    def _drift(self, key: tuple[str, str], what: str, value: int, now: float) -> None:
        rows = self._by_model.get(key, {})
        known = rows.get(what)
        if known is None:
            self._unsaved[(*key, what)] = self._learn(key, what, value, now)
        elif known.value != value or known.expires_at - now < LEARNED_S / 2:
            row = Learned(provider=key[0], model=key[1], what=what, value=value, at=now, expires_at=now + LEARNED_S)
            self._unsaved[(*key, what)] = rows[what] = row
            self._outputs.pop(key, None)

    def take_unsaved(self) -> list[Learned]:
        """What changes too often to be stored at once."""
        rows = list(self._unsaved.values())
        self._unsaved.clear()
        return rows

    def follow(self, row: Learned) -> None:
        """Somebody else has learned it."""
        self._know(row)
        self.version += 1
        self._usual.pop((row.provider, row.model), None)

    def forget(self, is_meant: Callable[[str], bool], now: float) -> list[Learned]:
        """Nothing counts any more that was learned against models of the providers that are meant; the rows that say so."""
        rows: list[Learned] = []
        for (provider, _), learned in self._by_model.items():
            if is_meant(provider):
                against = [row for row in learned.values() if _is_against(row)]
                rows += [msgspec.structs.replace(row, expires_at=now) for row in against]
        for row in rows:
            self._by_model[row.provider, row.model][row.what] = row
        self.forget_expired(now)
        return rows

    def forget_expired(self, now: float) -> None:
        for key, learned in list(self._by_model.items()):
            for what in [what for what, row in learned.items() if row.expires_at <= now]:
                del learned[what]
            if not learned:
                del self._by_model[key]
        self._outputs.clear()
        self.version += self.says_no
        self.says_no = self._is_against_anything()

    def _know(self, row: Learned) -> None:
        self._by_model.setdefault((row.provider, row.model), {})[row.what] = row
        self._outputs.pop((row.provider, row.model), None)
        self._drops = self._drops or row.what.startswith(_DROP)
        if _says_no(row):
            self.says_no = True
            self.version += 1

    def _is_against_anything(self) -> bool:
        rows = (row for learned in self._by_model.values() for row in learned.values())
        return any(map(_says_no, rows))

    def _learn(self, key: tuple[str, str], what: str, value: int, now: float) -> Learned:
        gone = list(self._make_room().values()) if key not in self._by_model else []
        if (before := self._by_model.get(key, {}).get(what)) is not None:
            gone.append(before)
        row = Learned(provider=key[0], model=key[1], what=what, value=value, at=now, expires_at=now + LEARNED_S)
        self._know(row)
        if any(map(_says_no, gone)):
            self.version += 1
            self.says_no = self._is_against_anything()
        return row

    def _make_room(self) -> dict[str, Learned]:
        """Forget the model that was learned of first, if there is no room for one more: what was known of it."""
        if len(self._by_model) < MODELS_MAX:
            return {}
        oldest = next(iter(self._by_model))
        self._usual.pop(oldest, None)
        self._outputs.pop(oldest, None)
        return self._by_model.pop(oldest)


def _says_no(row: Learned) -> bool:
    """It keeps whole requests from the model."""
    return _is_against(row) and not row.what.startswith(_DROP)


def _is_against(row: Learned) -> bool:
    """It keeps requests, or parts of them, from the model."""
    return row.what == "context" or row.what.startswith(_DROP) or (row.what in ("tools", "vision") and not row.value)
