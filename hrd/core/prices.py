"""Prices: what replies cost, in whole millionths of a US dollar.

A cost is known, best first, by the provider's own word in its reply; by the price in the user's file (MODEL_PRICES_FILE); in
the provider's list of models; in the table that comes with the router. What nobody says is not known, and never taken for
nothing. What local models, free tiers and subscriptions serve costs nothing beyond what it does already, unless the provider
says so itself.
"""

import tomllib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from hrd.core.journal import Usage
from hrd.core.price import MILLION, Price
from hrd.core.providers import Candidate, CostClass

USD_MAX = 1_000_000
"""Of a million tokens: more is a mistake in the unit."""
PARTS_MAX = 10_000
FOUND_MAX = 4096
_PAID: Final = CostClass.PAID  # found ten times sooner so, see core.quota.kinds


class Prices:
    """Everything that is known of prices in one configuration generation."""

    def __init__(
        self,
        table: Mapping[str, Mapping[str, Price]] | None = None,
        *,
        by_user: Mapping[str, Price] | None = None,
        listed: Mapping[str, Mapping[str, Price]] | None = None,
    ) -> None:
        """*table* and *listed*: provider → model → price. *by_user*: part of a model's name → price; the longest that fits."""
        self._table = table or {}
        self._listed = listed or {}
        parts = sorted((by_user or {}).items(), key=lambda item: (-len(item[0]), item[0]))
        self._by_user = [(part.lower(), price) for part, price in parts]
        self._found: dict[tuple[str, str], Price | None] = {}
        """Who was asked for before."""

    def price_of(self, provider: str, model: str) -> Price | None:
        """None is not known."""
        key = (provider, model)
        if key not in self._found:
            if len(self._found) >= FOUND_MAX:
                self._found.clear()
            self._found[key] = self._look_up(provider, model)
        return self._found[key]

    def _look_up(self, provider: str, model: str) -> Price | None:
        name = model.lower()
        for part, price in self._by_user:
            if part in name:
                return price
        return self._listed.get(provider, {}).get(model) or self._table.get(provider, {}).get(model)

    def estimate(self, candidate: Candidate, input_tokens: int, output_tokens: int) -> int | None:
        """What *candidate* would ask for such a reply; None is not known."""
        if candidate.cost_class is not _PAID:
            return 0
        price = self.price_of(candidate.provider.name, candidate.model)
        return None if price is None else price.cost(input_tokens, output_tokens)

    def cost(self, candidate: Candidate, usage: Usage) -> int | None:
        """What a reply of *candidate* cost; None is not known."""
        if usage.stated_microusd is not None and candidate.provider.states_cost:
            return usage.stated_microusd
        if candidate.cost_class is not _PAID or not (usage.input_tokens or usage.output_tokens):
            return 0
        price = self.price_of(candidate.provider.name, candidate.model)
        return None if price is None else cost_of(price, usage)


def cost_of(price: Price, usage: Usage) -> int:
    """What a reply costs at *price*."""
    return price.cost(usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.cache_write_tokens)


def read_table(toml_text: str) -> dict[str, dict[str, Price]]:
    """The table that comes with the router: provider → model → dollars for a million tokens, with the date and the source."""
    rows: dict[str, dict[str, dict[str, Any]]] = tomllib.loads(toml_text)
    return {provider: {model: _from_row(row) for model, row in models.items()} for provider, models in rows.items()}


def _from_row(row: dict[str, Any]) -> Price:
    return Price(
        input=round(row["input"] * MILLION),
        output=round(row["output"] * MILLION),
        cached=round(row["cached"] * MILLION) if "cached" in row else None,
        cache_write=round(row["cache_write"] * MILLION) if "cache_write" in row else None,
    )


def read_user_file(text: str) -> dict[str, Price] | str:
    """MODEL_PRICES_FILE: `{"part of a model": [input, output]}`, dollars for a million tokens; or what is wrong with it."""
    try:
        found = msgspec.json.decode(text, type=dict[str, tuple[float, float]])
    except (msgspec.DecodeError, RecursionError) as error:
        return f'an object such as {{"gpt-6": [0.1, 0.5]}} is wanted, US dollars for a million tokens in and out: {error}'
    if len(found) > PARTS_MAX:
        return f"more than {PARTS_MAX:,} prices"
    for part, dollars in found.items():
        if not part.strip() or not all(0 <= one <= USD_MAX for one in dollars):
            return f"{part[:80]!r}: a part of a model's name and two prices from 0 to {USD_MAX:,} dollars are wanted"
    return {
        part.strip(): Price(input=round(dollars[0] * MILLION), output=round(dollars[1] * MILLION))
        for part, dollars in found.items()
    }


def price_in_list(pricing: object) -> Price | None:
    """A price as lists of models state it: texts of dollars for one token (OpenRouter's `pricing`). A negative one, of a model
    that chooses another, says nothing."""
    if not isinstance(pricing, dict):
        return None
    given, produced = _per_token(pricing.get("prompt")), _per_token(pricing.get("completion"))
    if given is None or produced is None:
        return None
    request = _dollars(pricing.get("request"), USD_MAX)
    return Price(
        input=given,
        output=produced,
        cached=_per_token(pricing.get("input_cache_read")),
        cache_write=_per_token(pricing.get("input_cache_write")),
        request=int(request * MILLION) if request is not None else 0,
    )


def _per_token(value: object) -> int | None:
    dollars = _dollars(value, 1)
    return None if dollars is None else int(dollars * MILLION * MILLION)


def _dollars(value: object, most: int) -> Decimal | None:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    try:
        dollars = Decimal(str(value)[:40])
    except InvalidOperation:
        return None
    return dollars if dollars.is_finite() and 0 <= dollars <= most else None
