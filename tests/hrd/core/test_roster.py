"""The roster: who may serve a name, at what cost, and in which places they stand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.ask import Ask, Kind
from hrd.core.learned import Learning
from hrd.core.providers import CostClass, ModelFacts
from hrd.core.refusals import Refusal, RefusalKind
from hrd.core.roster import Roster, Selection, who_lists
from hrd.core.routing import why_unfit
from tests.hrd.stage import key, provider, roster

GROQ = provider("groq", "small", "large", cost_class="free", embed_model="embed-g")
ROUTER = provider("openrouter", "meta/llama:free", class_by_suffix={":free": "free"}, exclude_models=("gpt-x",))
OPENAI = provider("openai", "gpt", embed_model="embed-o", models_facts={"gpt": ModelFacts(context=128_000)})
GONE = provider("gone", "old", retired="ended in July 2026")


def all_of_them(**facts: object) -> Roster:
    return roster([(GROQ, ["g1", "g2"]), (ROUTER, ["r1"]), (OPENAI, ["o1"]), (GONE, ["x1"])], **facts)


def keys(selection: Selection | Refusal) -> list[str]:
    assert isinstance(selection, Selection), selection
    return [one.key for one in selection.candidates]


def refused(selection: Selection | Refusal) -> Refusal:
    assert isinstance(selection, Refusal)
    return selection


def test_the_routers_own_name_means_everybody_who_can_be_asked() -> None:
    selection = all_of_them().select_chat("hermes-router")
    assert keys(selection) == [
        "groq/small#groq-g1",
        "groq/small#groq-g2",
        "groq/large#groq-g1",
        "groq/large#groq-g2",
        "openrouter/meta/llama:free#openrouter-r1",
        "openai/gpt#openai-o1",
    ]
    assert isinstance(selection, Selection)
    assert not selection.is_pinned
    assert keys(all_of_them().select_chat("")) == keys(selection)


def test_a_place_is_by_provider_then_credential_then_model() -> None:
    selection = all_of_them().select_chat("")
    assert isinstance(selection, Selection)
    placed = sorted(selection.candidates, key=lambda one: one.place)
    assert len({one.place for one in placed}) == 6
    assert [(one.credential.fingerprint, one.model) for one in placed[:4]] == [
        ("groq-g1", "small"),
        ("groq-g1", "large"),
        ("groq-g2", "small"),
        ("groq-g2", "large"),
    ]


def test_a_provider_pins_itself_with_all_its_models_and_keys() -> None:
    selection = all_of_them().select_chat("groq")
    assert {one.provider.name for one in selection.candidates} == {"groq"}  # type: ignore[union-attr]
    assert len(keys(selection)) == 4


def test_a_named_model_is_everybodys_who_lists_it_and_no_other() -> None:
    both = roster([(GROQ, ["g1"]), (provider("zai", "small", "glm"), ["z1"])])
    assert keys(both.select_chat("small")) == ["groq/small#groq-g1", "zai/small#zai-z1"]
    assert keys(both.select_chat("groq:small")) == ["groq/small#groq-g1"]
    assert keys(both.select_chat("groq:unheard-of")) == ["groq/unheard-of#groq-g1"]


@pytest.mark.parametrize("name", ["openrouter:gpt-x", "openrouter:GPT-X"])
def test_an_excluded_model_is_nobodys(name: str) -> None:
    refusal = refused(all_of_them().select_chat(name))
    assert refusal.kind is RefusalKind.MODEL_NOT_FOUND
    assert "_EXCLUDE_MODELS" in refusal.message


def test_who_is_off_retired_or_without_a_key_is_not_asked() -> None:
    made = roster([(GROQ, ["g1"]), (ROUTER, []), (OPENAI, ["o1"]), (GONE, ["x1"])], off={"openai": "points at us"})
    assert made.enabled == ["groq"]
    assert refused(made.select_chat("openai")).guidance == "Add one with: hr auth add openai"


def test_nobody_at_all_says_how_to_add_somebody_or_why_nobody_is_asked() -> None:
    nobody = refused(roster([(GROQ, [])]).select_chat(""))
    assert (nobody.kind, nobody.http_status) == (RefusalKind.NO_PROVIDER, 503)
    assert "hr auth add" in nobody.guidance
    asleep = refused(roster([(GONE, ["x1"])]).select_chat("anything"))
    assert (asleep.kind, asleep.guidance) == (RefusalKind.NO_PROVIDER, "See why with: hr status")
    assert "gone" in asleep.message
    assert refused(roster([(GROQ, [])]).select_embeddings("embed-g", None)).kind is RefusalKind.NO_PROVIDER


def test_what_it_costs_is_what_the_user_said_of_the_key_else_what_is_known_of_the_model() -> None:
    keys_ = [key("openrouter", "r1"), key("openrouter", "r2", cost_class=CostClass.SUBSCRIPTION)]
    selection = roster([(ROUTER, keys_)]).select_chat("openrouter:x:free")
    assert isinstance(selection, Selection)
    assert [one.cost_class for one in selection.candidates] == [CostClass.FREE, CostClass.SUBSCRIPTION]
    assert selection.candidates[0].scopes[5] == "free:openrouter/openrouter-r1"
    paid = roster([(ROUTER, keys_)]).select_chat("openrouter:x")
    assert isinstance(paid, Selection)
    assert paid.candidates[0].cost_class is CostClass.PAID


def test_a_context_is_the_catalogues_else_the_one_of_the_providers_list() -> None:
    made = all_of_them(contexts={("openai", "gpt"): 9, ("groq", "small"): 8192})
    contexts = {one.model: one.facts.context for one in made.select_chat("").candidates}  # type: ignore[union-attr]
    assert contexts == {"small": 8192, "large": None, "meta/llama:free": None, "gpt": 128_000}


def test_the_account_is_the_users_or_the_credential_itself() -> None:
    grouped = roster([(GROQ, [key("groq", "g1", account="org_x"), key("groq", "g2")])]).select_chat("groq:small")
    assert isinstance(grouped, Selection)
    assert [one.scopes[3] for one in grouped.candidates] == ["account:groq/org_x", "account:groq/groq-g2"]


def test_the_mode_of_a_provider_counts_before_the_mode_of_all() -> None:
    made = all_of_them(mode="parallel", modes={"groq": "sequential"})
    assert [made.mode_of("groq"), made.mode_of("openai")] == ["sequential", "parallel"]


# embeddings ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["embed-o", "openai", "openai:embed-o", "openai/embed-o"])
def test_a_named_embedding_model_gets_that_model_alone(name: str) -> None:
    assert keys(all_of_them().select_embeddings(name, ("groq", "embed-g"))) == ["openai/embed-o#openai-o1@embeddings"]


def test_an_embedding_model_that_is_listed_elsewhere_is_asked_there_too() -> None:
    made = all_of_them(listed={"embed-o": ("openai", "openrouter"), "embed-9": ("openrouter",)})
    assert keys(made.select_embeddings("embed-o", None)) == [
        "openai/embed-o#openai-o1@embeddings",
        "openrouter/embed-o#openrouter-r1@embeddings",
    ]
    assert keys(made.select_embeddings("embed-9", None)) == ["openrouter/embed-9#openrouter-r1@embeddings"]


@pytest.mark.parametrize("name", ["embed-x", "text-embedding-ada-002"])
def test_an_unknown_embedding_model_is_not_found_for_another_would_not_fit(name: str) -> None:
    refusal = refused(all_of_them().select_embeddings(name, ("groq", "embed-g")))
    assert (refusal.kind, refusal.http_status) == (RefusalKind.MODEL_NOT_FOUND, 404)


def test_a_provider_without_an_embedding_model_says_so_and_what_to_set_or_use() -> None:
    refusal = refused(all_of_them().select_embeddings("openrouter", None))
    assert (refusal.http_status, refusal.message) == (
        404,
        "openrouter is a provider of which no embedding model is known here.",
    )
    assert "OPENROUTER_EMBED_MODEL" in refusal.guidance
    assert "[providers.openrouter]" in refusal.guidance
    assert refusal.guidance.endswith("Or name who has one: groq, openai.")
    alone = refused(roster([(ROUTER, ["r1"])]).select_embeddings("openrouter", None))
    assert "Or name who" not in alone.guidance


def test_an_embedding_model_of_a_provider_without_a_key_says_what_to_type() -> None:
    made = roster([(GROQ, ["g1"]), (OPENAI, [])])
    assert refused(made.select_embeddings("openai:embed-o", None)).guidance == "Add one with: hr auth add openai"


def test_the_own_name_means_the_pinned_pair_and_before_there_is_one_anybody() -> None:
    made = all_of_them()
    assert keys(made.select_embeddings("", None)) == [
        "groq/embed-g#groq-g1@embeddings",
        "groq/embed-g#groq-g2@embeddings",
        "openai/embed-o#openai-o1@embeddings",
    ]
    assert keys(made.select_embeddings("hermes-router", ("openai", "embed-o"))) == ["openai/embed-o#openai-o1@embeddings"]


def test_the_fallback_follows_the_pair_and_never_leads() -> None:
    made = all_of_them(embed_fallback=(("groq", "embed-g"), ("openai", "embed-o")))
    selection = made.select_embeddings("", ("openai", "embed-o"))
    assert [name.partition("/")[0] for name in keys(selection)] == ["openai", "groq", "groq"]
    assert isinstance(selection, Selection)
    assert selection.leading == ("openai", "embed-o")


def test_a_pair_that_is_switched_off_is_named_and_nobody_takes_its_place() -> None:
    made = all_of_them(off={"openai": "points at us"})
    refusal = refused(made.select_embeddings("", ("openai", "embed-o")))
    assert refusal.http_status == 503
    assert "embed-o at openai" in refusal.message
    assert "hr model reset embeddings" in refusal.guidance


def test_providers_without_an_embedding_model_are_no_help() -> None:
    refusal = refused(roster([(ROUTER, ["r1"])]).select_embeddings("", None))
    assert (refusal.kind, refusal.message) == (
        RefusalKind.UNAVAILABLE,
        "No provider that can be asked has an embedding model.",
    )


def test_what_embeddings_refuse_says_nothing_of_chat() -> None:
    made = roster([(provider("one", "m", embed_model="m"), ["k1"])])
    chat, vectors = made.select_chat("m"), made.select_embeddings("m", None)
    assert isinstance(chat, Selection)
    assert isinstance(vectors, Selection)
    shared = set(chat.candidates[0].scopes) & set(vectors.candidates[0].scopes)
    assert shared == {
        "credential:one-k1",
        "paidkey:one-k1",
        "account:one/one-k1",
        "paid:one/one-k1",
        "endpoint:https://one.test/v1",
        "provider:one",
    }


def test_who_lists_a_model_by_settings_catalogue_or_discovery() -> None:
    providers = {row.name: row for row in (OPENAI, provider("b", "gpt", "other", models_facts={"known": ModelFacts()}))}
    assert who_lists(providers, {"openai": ("gpt", "found")}) == {
        "gpt": ("openai", "b"),
        "found": ("openai",),
        "other": ("b",),
        "known": ("b",),
    }


SOME = st.sampled_from([None, False, True])
FACTS = st.fixed_dictionaries({"tools": SOME, "vision": SOME, "context": st.sampled_from([None, 100, 1000])})
LIMITS = st.fixed_dictionaries(
    {
        "skip_tokens_over": st.sampled_from([0, 50]),
        "body_bytes_max": st.sampled_from([0, 5000]),
        "context": st.sampled_from([None, 200]),
        "cost_class": st.sampled_from(["free", "local"]),
    }
)
ASKS = st.builds(
    Ask,
    kind=st.just(Kind.CHAT),
    model=st.just(""),
    tools=st.booleans(),
    images=st.booleans(),
    token_ids=st.sampled_from([False, False, True]),
    input_tokens=st.sampled_from([1, 50, 51, 100, 101, 200, 201, 1000, 1001]),
    body_bytes=st.sampled_from([10, 5000, 5001]),
)


@given(st.lists(st.tuples(FACTS, LIMITS), min_size=1, max_size=3), ASKS)
def test_whom_nobody_need_look_at_nobody_would_have_turned_away(
    rows: list[tuple[dict[str, Any], dict[str, Any]]], ask: Ask
) -> None:
    cast = [
        (provider(f"p{n}", models_facts={"m1": ModelFacts(**facts)}, **limits), ["a"]) for n, (facts, limits) in enumerate(rows)
    ]
    selection = roster(cast).select_chat("")  # type: ignore[arg-type]
    assert isinstance(selection, Selection)
    reasons = []
    for one in selection.candidates:
        tools, vision, context = Learning([]).facts_of(one)
        reasons.append(why_unfit(one, ask, tools=tools, vision=vision, context=context))
    if selection.takes(ask):
        assert reasons == [""] * len(rows)
    elif not (ask.tools or ask.images or ask.token_ids):
        assert any(reasons)
