"""The shapes of hr doctor and hr setup."""

from hrd.admin.wire.doctor import (
    PROVIDERS,
    REASONING,
    Diagnosis,
    Finding,
    FindingState,
    KnownProvider,
    KnownProviders,
    ReasoningFound,
)
from hrd.admin.wire.route import Nothing
from tests.hrd.admin.wire.shapes import shape_of


def test_a_diagnosis() -> None:
    finding = Finding(subject="disk", message="no room", state=FindingState.PROBLEM, hint="make some")
    shape = {"subject": "disk", "message": "no room", "state": "problem", "hint": "make some"}
    assert shape_of(
        Diagnosis(now=1.5, version="0.1.0", running=True, findings=(finding,), host="::1", port=8319, askable=("groq",))
    ) == {
        "now": 1.5,
        "version": "0.1.0",
        "running": True,
        "findings": [shape],
        "host": "::1",
        "port": 8319,
        "askable": ["groq"],
    }


def test_known_providers() -> None:
    known = KnownProvider(name="groq", cost_class="free", keys_at="https://groq.test/keys", has_key=True, models=("m",))
    assert shape_of(KnownProviders(providers=(known,)))["providers"] == [
        {
            "name": "groq",
            "class": "free",
            "keys_at": "https://groq.test/keys",
            "keyless": False,
            "has_key": True,
            "models": ["m"],
        }
    ]


def test_the_targets() -> None:
    assert PROVIDERS.target(Nothing()) == "/v1/providers"
    assert REASONING.target(ReasoningFound(provider="p", model="m", reasoning=True)) == "/v1/models/reasoning"
