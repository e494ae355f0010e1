"""docs/settings.md is what the tables of settings generate."""

from docs.generate_settings import PAGE, SECTIONS, page, without_effect
from hrd.settings.keys import KEY_NAMES
from hrd.settings.names import BY_NAME, NAMES, PROVIDER_NAMES


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make it anew: make docs"


def test_every_setting_and_every_key_name_is_in_the_page_once() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    for name in (*BY_NAME, *(f"<PROVIDER>{entry.suffix}" for entry in PROVIDER_NAMES), "PROXY_API_KEYS"):
        assert len([row for row in rows if row.startswith(f"| `{name}` |")]) == 1, name
    text = PAGE.read_text(encoding="utf-8")
    for names in KEY_NAMES.values():
        assert all(f"`{name}`" in text for name in names)


def test_the_sections_begin_with_settings_that_there_are() -> None:
    assert NAMES[0].name in SECTIONS
    assert set(SECTIONS) <= set(BY_NAME)


def test_a_setting_without_effect_is_said_to_have_none() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.count("it changes nothing yet") == len(without_effect())
    assert "PORT" not in without_effect()
