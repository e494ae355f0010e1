"""The shape of `hr forecast --json`, which others rely on."""

from hrd.admin.wire.forecast import Forecast, FreeTier, RunsOut
from tests.hrd.admin.wire.shapes import shape_of


def test_the_shape() -> None:
    out = RunsOut(scope="free:openrouter/me", kind="requests/day", left=3, limit=50, at=9.0)
    helps = FreeTier(provider="groq", requests_a_day=1000, claim="1,000 requests/day")
    found = Forecast(
        now=1.0,
        requests_today=2,
        tokens_today=30,
        requests_an_hour=0.5,
        tokens_each=15,
        candidates=1,
        left=3,
        empty_at=9.0,
        running_out=(out,),
        helps=(helps,),
    )
    assert shape_of(found) == {
        "now": 1.0,
        "requests_today": 2,
        "tokens_today": 30,
        "requests_an_hour": 0.5,
        "tokens_each": 15,
        "candidates": 1,
        "left": 3,
        "empty_at": 9.0,
        "unlimited": [],
        "limited": 0,
        "paid": [],
        "running_out": [
            {
                "scope": "free:openrouter/me",
                "kind": "requests/day",
                "left": 3,
                "limit": 50,
                "at": 9.0,
                "title": "",
                "resets_at": None,
                "standing": "known",
            }
        ],
        "helps": [{"provider": "groq", "requests_a_day": 1000, "claim": "1,000 requests/day", "keys_at": ""}],
    }
