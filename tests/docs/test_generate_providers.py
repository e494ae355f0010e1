"""docs/providers.md is what the catalogue generates."""

from docs.generate_providers import CATALOGUE, PAGE, page
from hrd.core.catalogue import read_catalogue


def test_the_page_is_current() -> None:
    providers, _ = read_catalogue(CATALOGUE.read_text(encoding="utf-8"), {})
    assert PAGE.read_text(encoding="utf-8") == page(providers), "run: .venv/bin/python docs/generate_providers.py"


def test_the_page_says_where_defaults_differ_from_the_original_and_who_is_retired() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.count("Differs from the original") == 2
    assert "| [github_models](#github_models) | retired |" in text
    assert "`HF_TOKEN`" in text
