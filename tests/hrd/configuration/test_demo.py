"""The demo providers as rows of the catalogue."""

from hrd.configuration.demo import demo_of
from hrd.core.providers import CostClass


def test_each_that_runs_is_a_free_provider_with_a_key_that_opens_nothing() -> None:
    demo = demo_of([("demo_fine", "http://127.0.0.1:1/v1", "demo-fine"), ("demo_flaky", "http://127.0.0.1:2/v1", "demo-flaky")])
    assert [(one.name, one.base_url, one.models, one.embed_model) for one in demo.providers] == [
        ("demo_fine", "http://127.0.0.1:1/v1", ("demo-fine",), "demo-fine-embeddings"),
        ("demo_flaky", "http://127.0.0.1:2/v1", ("demo-flaky",), "demo-flaky-embeddings"),
    ]
    assert all(one.demo and not one.discover for one in demo.providers)
    [key] = demo.credentials["demo_fine"]
    assert (key.provider, key.source, key.cost_class) == ("demo_fine", "built in", CostClass.FREE)
    assert key.fingerprint.startswith("demo_fine-")


def test_without_any_there_is_nobody() -> None:
    assert demo_of([]).providers == ()
