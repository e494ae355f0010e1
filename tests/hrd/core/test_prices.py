"""What replies cost, as far as anybody says."""

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.journal import Usage, UsageSource
from hrd.core.price import Price
from hrd.core.prices import Prices, price_in_list, read_table, read_user_file
from tests.hrd.stage import candidate, provider

CHEAP = Price(input=100_000, output=500_000, cached=10_000)
DEAR = Price(input=3_000_000, output=15_000_000)
PAID = candidate(provider("openai", "gpt-6-luna", cost_class="paid"), "gpt-6-luna")


def used(given: int, produced: int, *, cached: int = 0, stated: int | None = None) -> Usage:
    return Usage(
        input_tokens=given, output_tokens=produced, cached_tokens=cached, source=UsageSource.KNOWN, stated_microusd=stated
    )


def test_the_users_word_counts_before_the_list_and_the_list_before_the_table() -> None:
    listed, own = Price(input=1, output=1), Price(input=2, output=2)
    table = {"openai": {"a": DEAR, "b": DEAR, "gpt-6-luna": DEAR}}
    prices = Prices(table, listed={"openai": {"b": listed, "gpt-6-luna": listed}}, by_user={"LUNA": own, "gpt": DEAR})
    assert [prices.price_of("openai", model) for model in ("a", "b", "gpt-6-luna", "c")] == [DEAR, listed, own, None]
    assert prices.price_of("groq", "a") is None


def test_the_longest_part_that_fits_counts() -> None:
    prices = Prices(by_user={"gpt": DEAR, "gpt-6-luna": CHEAP, "luna": DEAR})
    assert prices.price_of("openai", "GPT-6-Luna-2026") is CHEAP


def test_what_is_not_paid_for_costs_nothing_and_what_nobody_prices_is_not_known() -> None:
    nothing = Prices()
    for cost_class in ("local", "free", "subscription"):
        one = candidate(provider("p", cost_class=cost_class))
        assert (nothing.cost(one, used(10, 10)), nothing.estimate(one, 10, 10)) == (0, 0)
    assert (nothing.cost(PAID, used(10, 10)), nothing.estimate(PAID, 10, 10)) == (None, None)
    assert nothing.cost(PAID, Usage()) == 0, "an attempt that came to nothing"


def test_estimate_and_cost_go_by_the_same_price() -> None:
    prices = Prices({"openai": {"gpt-6-luna": CHEAP}})
    assert prices.estimate(PAID, 1_000_000, 1_000_000) == 600_000
    assert prices.cost(PAID, used(1_000_000, 1_000_000, cached=1_000_000)) == 510_000


def test_what_is_written_to_a_cache_costs_what_is_said_of_it() -> None:
    prices = Prices({"openai": {"gpt-6-luna": Price(input=100, output=0, cached=10, cache_write=125)}})
    usage = Usage(input_tokens=3_000_000, cached_tokens=1_000_000, cache_write_tokens=1_000_000, source=UsageSource.KNOWN)
    assert prices.cost(PAID, usage) == 100 + 10 + 125


def test_a_provider_that_says_what_its_replies_cost_is_believed_and_nobody_else() -> None:
    prices = Prices({"openai": {"gpt-6-luna": CHEAP}})
    free = candidate(provider("openrouter", cost_class="free", states_cost=True))
    assert prices.cost(free, used(10, 10, stated=1234)) == 1234
    assert prices.cost(PAID, used(1_000_000, 0, stated=1)) == 100_000


def test_the_table_that_comes_along_can_be_read_and_every_row_has_its_date_and_source() -> None:
    text = (files("hrd.core") / "prices.toml").read_text()
    table = read_table(text)
    assert table["openai"]["gpt-6-luna"] == CHEAP
    assert table["anthropic"]["claude-haiku-4-5-20251001"].cache_write == 1_250_000
    rows = sum(len(models) for models in table.values())
    assert text.count("\nread = ") == text.count("\nsource = ") == rows


def test_the_users_file_gives_dollars_for_a_million_tokens() -> None:
    assert read_user_file('{"gpt-6": [0.1, 0.5], " claude ": [3, 15]}') == {
        "gpt-6": Price(input=100_000, output=500_000),
        "claude": DEAR,
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"a": 1}',
        '{"a": [1]}',
        '{"a": [1, -1]}',
        '{"a": [1, 2000000]}',
        '{"": [1, 1]}',
        '{"a": ["1", 2]}',
        "[" * 99999,
    ],
)
def test_a_file_of_another_shape_is_refused_in_words(text: str) -> None:
    assert isinstance(read_user_file(text), str)


def test_lists_of_models_state_prices_as_texts_for_one_token() -> None:
    stated = {"prompt": "0.0000001", "completion": "0.0000005", "input_cache_read": "0.00000001", "request": "0.01"}
    assert price_in_list(stated) == Price(input=100_000, output=500_000, cached=10_000, request=10_000)
    assert price_in_list({"prompt": "0", "completion": "0"}) == Price(input=0, output=0)


@pytest.mark.parametrize(
    "stated",
    [
        None,
        [],
        {},
        {"prompt": "1e-7"},
        {"prompt": "-1", "completion": "-1"},
        {"prompt": "NaN", "completion": "0"},
        {"prompt": "x", "completion": "0"},
        {"prompt": True, "completion": "0"},
        {"prompt": "7", "completion": "0"},
        {"prompt": "Infinity", "completion": "0"},
        {"prompt": {}, "completion": "0"},
    ],
)
def test_a_price_that_is_none_says_nothing(stated: object) -> None:
    assert price_in_list(stated) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.dictionaries(st.sampled_from(["prompt", "completion", "request"]), inner),
    )
)
def test_whatever_a_list_states_is_a_price_or_nothing(stated: object) -> None:
    price = price_in_list(stated)
    assert price is None or min(price.input, price.output, price.request) >= 0
