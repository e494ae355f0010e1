"""The shape of `hr usage --json`, which others rely on."""

from hrd.admin.wire.usage import Usage, UsageRow, UsageTotals
from tests.hrd.admin.wire.shapes import shape_of

COUNTERS = {"requests": 2, "errors": 1, "input_tokens": 30, "output_tokens": 4, "cost_microusd": 5, "unpriced": 1}


def test_the_shape() -> None:
    row = UsageRow(
        provider="groq",
        model="llama",
        credential="groq-1a2b3c4d",
        client="client-5e6f7a8b",
        day="2026-11-21",
        client_name="ci",
        **COUNTERS,
    )
    usage = Usage(totals=UsageTotals(**COUNTERS), rows=(row,))
    assert shape_of(usage) == {
        "totals": COUNTERS,
        "rows": [
            {
                "provider": "groq",
                "model": "llama",
                "credential": "groq-1a2b3c4d",
                "client": "client-5e6f7a8b",
                "day": "2026-11-21",
                "client_name": "ci",
                "session": "",
                **COUNTERS,
            }
        ],
        "cut": False,
        "unwritten": "",
        "currency": "",
        "fx_rate": 0.0,
    }
