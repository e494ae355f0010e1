"""What a model costs at a provider."""

from hrd.core.providers import ModelFacts, Provider


def test_a_models_class_is_its_own_then_that_of_its_ending_then_the_providers() -> None:
    provider = Provider(
        name="p",
        base_url="https://p.test/v1",
        cost_class="paid",
        class_by_suffix={":free": "free"},
        models_facts={"odd:free": ModelFacts(cost_class="subscription"), "known:free": ModelFacts(tools=True)},
    )
    assert provider.class_of("odd:free") == "subscription"
    assert provider.class_of("known:free") == "free"
    assert provider.class_of("x:free") == "free"
    assert provider.class_of("x:free:nitro") == "paid"
    assert provider.class_of("x") == "paid"


def test_a_provider_costs_at_first_sight_what_its_first_model_does() -> None:
    def first_class(*models: str) -> str:
        return Provider(
            name="p", base_url="https://p.test/v1", models=models, cost_class="paid", class_by_suffix={":free": "free"}
        ).first_class

    assert [first_class("x:free", "y"), first_class("y", "x:free"), first_class()] == ["free", "paid", "paid"]
