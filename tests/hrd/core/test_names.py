"""Model names: what each way to write one means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.names import NAME_LENGTH_MAX, UnknownName, Wanted, read_name

KNOWN = ("groq", "openai", "openrouter", "zai", "local")
LISTED = {
    "llama3.1:8b": ("local",),
    "llama-70b": ("groq", "zai"),
    "openai/gpt-oss-120b": ("groq", "openrouter"),
    "x:free": ("openrouter",),
    "zai-org/glm": ("groq",),
    "groq-like": ("zai",),
}


def read(name: str, *enabled: str) -> Wanted | UnknownName:
    return read_name(name, own_name="hermes-router", known=KNOWN, enabled=enabled or KNOWN, listed=LISTED)


YOU_CHOOSE = Wanted()


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("", YOU_CHOOSE),
        ("hermes-router", YOU_CHOOSE),
        ("Hermes-Router", YOU_CHOOSE),  # any other name
        ("gpt-4o", YOU_CHOOSE),
        ("groq", Wanted(provider="groq")),
        ("groq:llama-70b", Wanted(provider="groq", model="llama-70b")),
        ("groq/llama-70b", Wanted(provider="groq", model="llama-70b")),
        ("groq:meta/llama:8b", Wanted(provider="groq", model="meta/llama:8b")),  # the rest as it stands
        ("groq/meta/llama:8b", Wanted(provider="groq", model="meta/llama:8b")),
        ("openai/gpt-4o", Wanted(provider="openai", model="gpt-4o")),
        ("openai/gpt-oss-120b", Wanted(provider="openai", model="gpt-oss-120b")),
        ("openrouter/auto", Wanted(provider="openrouter", model="openrouter/auto")),
        ("openrouter/free", Wanted(provider="openrouter", model="openrouter/free")),
        ("openrouter/pareto-code", Wanted(provider="openrouter", model="openrouter/pareto-code")),
        ("openrouter/meta/llama", Wanted(provider="openrouter", model="meta/llama")),
        ("openrouter:openrouter/auto", Wanted(provider="openrouter", model="openrouter/auto")),
        ("llama3.1:8b", Wanted(model="llama3.1:8b", listed_by=("local",))),
        ("x:free", Wanted(model="x:free", listed_by=("openrouter",))),
        ("llama-70b", Wanted(model="llama-70b", listed_by=("groq", "zai"))),
        ("zai-org/glm", Wanted(model="zai-org/glm", listed_by=("groq",))),
        ("groq-like", Wanted(model="groq-like", listed_by=("zai",))),
        ("groq:", YOU_CHOOSE),
        ("groq/", YOU_CHOOSE),
        (":groq", YOU_CHOOSE),
        ("/groq", YOU_CHOOSE),
        ("unknown:8b", YOU_CHOOSE),
        ("unknown/groq:x", YOU_CHOOSE),
    ],
)
def test_what_a_name_means(name: str, wanted: Wanted) -> None:
    assert read(name) == wanted


@pytest.mark.parametrize(
    ("name", "enabled", "wanted"),
    [
        ("openai/gpt-4o", ("groq", "openrouter"), Wanted(model="openai/gpt-4o", listed_by=("openrouter",))),
        ("openai/gpt-oss-120b", ("groq", "openrouter"), Wanted(model="openai/gpt-oss-120b", listed_by=("groq", "openrouter"))),
        ("openai/gpt-oss-120b", ("groq",), Wanted(model="openai/gpt-oss-120b", listed_by=("groq",))),
        ("openai/gpt-4o", ("groq",), YOU_CHOOSE),
        ("llama-70b", ("zai",), Wanted(model="llama-70b", listed_by=("zai",))),
        ("llama-70b", ("local",), YOU_CHOOSE),
    ],
)
def test_without_a_credential_of_the_one_that_was_named(name: str, enabled: tuple[str, ...], wanted: Wanted) -> None:
    assert read(name, *enabled) == wanted


@pytest.mark.parametrize(
    ("name", "provider"), [("openai", "openai"), ("openai:gpt-4o", "openai"), ("openrouter/auto", "openrouter")]
)
def test_a_pin_to_a_provider_without_a_credential_says_what_to_type(name: str, provider: str) -> None:
    said = read(name, "groq")
    assert isinstance(said, UnknownName)
    assert provider in said.message
    assert said.guidance == f"Add one with: hr auth add {provider}"


def test_a_name_longer_than_any_is_any_other_name() -> None:
    assert read("groq:" + "x" * (NAME_LENGTH_MAX - 5)) == Wanted(provider="groq", model="x" * (NAME_LENGTH_MAX - 5))
    assert read("groq:" + "x" * NAME_LENGTH_MAX) == YOU_CHOOSE


@given(st.text(max_size=40), st.sets(st.sampled_from(KNOWN), min_size=1))
def test_whatever_a_client_writes_nobody_is_asked_who_cannot_be(name: str, enabled: set[str]) -> None:
    said = read_name(name, own_name="hermes-router", known=KNOWN, enabled=enabled, listed=LISTED)
    if isinstance(said, Wanted):
        assert {said.provider, *said.listed_by} - {""} <= enabled
        assert bool(said.listed_by) == bool(said.model and not said.provider)
    else:
        assert name.startswith(KNOWN)
