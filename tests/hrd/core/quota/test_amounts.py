"""What one request takes, of whatever a window counts."""

import msgspec
import pytest

from hrd.core.price import Price
from hrd.core.quota.amounts import Amounts, amounts_of
from hrd.core.quota.kinds import Measure
from tests.hrd.stage import candidate, provider


@pytest.mark.parametrize(
    ("measure", "amount"),
    [
        (Measure.REQUESTS, 1),
        (Measure.AT_ONCE, 1),
        (Measure.TOKENS, 130),
        (Measure.INPUT, 100),
        (Measure.OUTPUT, 30),
        (Measure.CREDIT, 7),
        (Measure.PLAN, 0),
    ],
)
def test_each_measure_takes_its_own(measure: Measure, amount: int) -> None:
    assert Amounts(100, 30, 7).of(measure) == amount


def test_only_who_takes_from_a_credit_is_expected_to() -> None:
    free = candidate(provider("alpha", cost_class="free"))
    assert amounts_of(free, 100, 30) == Amounts(100, 30, 0)
    priced = msgspec.structs.replace(free, credit_price=Price(input=1_000_000, output=4_000_000))
    assert amounts_of(priced, 100, 30) == Amounts(100, 30, 220)
