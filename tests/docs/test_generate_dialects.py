"""docs/dialects.md is what the table of the matrix generates."""

from docs.generate_dialects import PAGE, page
from tests.matrix.cells import CLIENTS, KINDS, PROVIDERS


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make it anew: make docs"


def test_every_field_of_the_table_is_in_the_page() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| ")]

    assert [row.split(" | ")[0].removeprefix("| ") for row in rows[1:]] == [kind.title for kind in KINDS.values()]
    assert all(row.count("✓") == len(CLIENTS) * len(PROVIDERS) for row in rows[1:])
