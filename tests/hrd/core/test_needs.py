"""Who would have to leave out what."""

import pytest

from hrd.core.needs import Need, lacking, told
from hrd.core.providers import Provider, Quirks

ALL = frozenset(Need)
WORDS = {Need.AUDIO, Need.CHOICES, Need.LOGIT_BIAS}


def provider(dialect: str = "openai_chat", **quirks: object) -> Provider:
    return Provider(name="alpha", base_url="http://alpha.test/v1", dialect=dialect, quirks=Quirks(**quirks))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("dialect", "lacks"),
    [
        ("openai_chat", {Need.DOCUMENTS, Need.LINKED, Need.SEARCH, Need.OF_MESSAGES, Need.OF_RESPONSES, Need.OF_OPENAI}),
        ("anthropic_messages", {*WORDS, Need.LOGPROBS, Need.OF_CHAT, Need.OF_RESPONSES, Need.OF_OPENAI}),
        ("codex", {*WORDS, Need.LINKED, Need.LOGPROBS, Need.STOP, Need.OF_CHAT, Need.OF_MESSAGES, Need.OF_OPENAI}),
        ("openai_responses", {*WORDS, Need.STOP, Need.OF_CHAT, Need.OF_MESSAGES}),
    ],
)
def test_what_each_wire_format_has_no_words_for(dialect: str, lacks: set[Need]) -> None:
    assert lacking(provider(dialect), "m", ALL) == lacks


def test_what_a_provider_of_chat_completions_does_not_take_it_lacks() -> None:
    asked = frozenset({Need.STOP, Need.LOGPROBS, Need.FORMAT})
    assert lacking(provider(drop=("logprobs",)), "m", asked) == {Need.LOGPROBS}
    assert lacking(provider(), "m", asked, dropped=frozenset({"response_format"})) == {Need.FORMAT}
    assert lacking(provider(drop_for={"logprobs": ("o3", "gpt-6")}), "gpt-6-luna", asked) == {Need.LOGPROBS}
    assert lacking(provider(drop_unless={"stop": ("old-",)}), "new-1", asked) == {Need.STOP}
    assert lacking(provider(drop_for={"logprobs": ("o3",)}, drop_unless={"stop": ("old-",)}), "old-1", asked) == set()
    assert lacking(provider(tool_choice={"required": ""}), "m", frozenset({Need.FORCED_CALL})) == {Need.FORCED_CALL}
    documents = frozenset({Need.DOCUMENTS, Need.LINKED})
    assert lacking(provider(), "m", documents) == documents
    assert lacking(provider(documents=True), "m", documents) == {Need.LINKED}
    assert lacking(provider(document_urls=True), "m", documents | {Need.SEARCH}) == {Need.SEARCH}


def test_who_needs_nothing_lacks_nothing() -> None:
    assert lacking(provider("codex"), "m", frozenset()) == frozenset()


def test_it_is_told_in_words() -> None:
    assert told(frozenset({Need.STOP, Need.AUDIO})) == "would have to leave out sound, stop sequences"
