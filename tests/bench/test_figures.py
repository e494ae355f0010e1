"""The table of figures and the file that keeps them."""

from pathlib import Path

import pytest

from bench.figures import Figure, number, table, write_results, write_section

FIGURES = [
    Figure("whole_per_s", "hrd", 12345.6, "requests/s"),
    Figure("ratio", "share", 0.3456, "", at_least=0.25),
    Figure("added_us", "added", 151, "µs", at_most=150),
]


@pytest.mark.parametrize(
    ("value", "said"), [(0, "0"), (0.3456, "0.346"), (61.04, "61"), (99.95, "100"), (12345.6, "12,346"), (-0.2, "-0.2")]
)
def test_numbers_have_three_digits_that_matter(value: float, said: str) -> None:
    assert number(value) == said


@pytest.mark.parametrize(
    ("figure", "is_met", "verdict"),
    [
        (Figure("k", "w", 5, ""), True, ""),
        (Figure("k", "w", 5, "", at_least=5), True, "met"),
        (Figure("k", "w", 4.9, "", at_least=5), False, "MISSED"),
        (Figure("k", "w", 5, "", at_most=5), True, "met"),
        (Figure("k", "w", 5.1, "", at_most=5), False, "MISSED"),
    ],
)
def test_a_target_is_met_or_missed(figure: Figure, is_met: bool, verdict: str) -> None:
    assert (figure.is_met, figure.verdict) == (is_met, verdict)


def test_the_table_is_aligned() -> None:
    assert table(FIGURES).splitlines() == [
        "| what  | figure            | target        |        |",
        "|-------|-------------------|---------------|--------|",
        "| hrd   | 12,346 requests/s |               |        |",
        "| share | 0.346             | at least 0.25 | met    |",
        "| added | 151 µs            | at most 150   | MISSED |",
    ]


def test_the_latest_figures_replace_each_other_and_the_history_grows(tmp_path: Path) -> None:
    results = tmp_path / "RESULTS.md"
    write_results(results, FIGURES, "2026-11-20 10:00", "aaaaaaa", "a machine")
    write_results(results, FIGURES[:2], "2026-11-21 10:00", "bbbbbbb", "a machine")

    said = results.read_text()
    assert [line for line in said.splitlines() if line.startswith("## ")] == ["## 2026-11-21 10:00, bbbbbbb", "## History"]
    assert said.splitlines()[-2:] == [
        "| 2026-11-20 10:00 | aaaaaaa | 12,346 | 0.346 | 151 |  |  | added |",
        "| 2026-11-21 10:00 | bbbbbbb | 12,346 | 0.346 |  |  |  | none |",
    ]


def test_a_section_of_others_is_replaced_in_its_place_and_kept(tmp_path: Path) -> None:
    results = tmp_path / "RESULTS.md"
    write_results(results, FIGURES, "2026-11-20 10:00", "aaaaaaa", "a machine")
    write_section(results, "A month", "the one before\n")
    write_section(results, "Restarts", "none cut\n")
    write_section(results, "A month", "second\n")
    write_results(results, FIGURES[:2], "2026-11-21 10:00", "bbbbbbb", "a machine")

    said = results.read_text()
    titles = [line for line in said.splitlines() if line.startswith("## ")]
    assert titles == ["## 2026-11-21 10:00, bbbbbbb", "## A month", "## Restarts", "## History"]
    assert "none cut" in said
    assert "second" in said
    assert "the one before" not in said
    assert said.splitlines()[-1].startswith("| 2026-11-21")
    assert said.splitlines()[-2].startswith("| 2026-11-20")


def test_a_section_can_come_first(tmp_path: Path) -> None:
    results = tmp_path / "RESULTS.md"
    write_section(results, "A month", "the one before\n")
    write_results(results, FIGURES, "2026-11-20 10:00", "aaaaaaa", "a machine")
    titles = [line for line in results.read_text().splitlines() if line.startswith("## ")]
    assert titles == ["## 2026-11-20 10:00, aaaaaaa", "## A month", "## History"]
