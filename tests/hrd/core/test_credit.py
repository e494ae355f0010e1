"""What replies take from balances, and by whose price."""

from typing import Any

from hrd.core.credit import CreditPrices, credit_spent
from hrd.core.journal import Usage
from hrd.core.price import MILLION, Price
from hrd.core.prices import Prices
from hrd.core.providers import Candidate
from hrd.core.roster import Roster, Selection
from tests.hrd.stage import provider, roster

PRICE = Price(input=1 * MILLION, output=2 * MILLION)
USED = Usage(input_tokens=1000, output_tokens=500)


def house(price: Price | None = PRICE, **facts: Any) -> Roster:
    facts = {"cost_class": "paid", **facts}
    return roster([(provider("alpha", **facts), ["a1"])], prices=Prices({"alpha": {"m1": price}} if price is not None else {}))


def who(made: Roster) -> Candidate:
    selection = made.select_chat("")
    assert isinstance(selection, Selection)
    return selection.candidates[0]


def test_a_reply_takes_what_its_tokens_cost() -> None:
    assert credit_spent(who(house()), USED) == 2000
    assert credit_spent(who(house()), Usage()) == 0


def test_what_nobody_knows_the_price_of_and_what_is_free_takes_nothing() -> None:
    assert credit_spent(who(house(price=None)), USED) == 0
    assert credit_spent(who(house(cost_class="free")), USED) == 0


def test_a_provider_that_says_what_a_reply_cost_is_believed_where_it_is_paid() -> None:
    stated = Usage(input_tokens=1000, output_tokens=500, stated_microusd=7)
    assert credit_spent(who(house(states_cost=True)), stated) == 7
    assert credit_spent(who(house()), stated) == 2000


def test_of_scopes_alone_the_price_is_found_and_is_another_ones_after_a_change() -> None:
    made = house()
    prices, found = CreditPrices(made), who(made).scopes
    assert prices.at(found) == PRICE
    assert prices.at(("credential:nobody-a1",)) is None
    prices.change(house(price=Price(input=3 * MILLION, output=0)))
    dearer = prices.at(found)
    assert dearer is not None
    assert dearer.input == 3 * MILLION
