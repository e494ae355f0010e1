"""The known word that a mistyped one was probably meant to be."""

from collections.abc import Iterable

MISTAKES_MAX = 2


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word with the fewest typing mistakes in *word*; None if it takes more than two or a third of it."""
    allowed = min(MISTAKES_MAX, len(word) // 3)
    best: str | None = None
    for candidate in known:
        if abs(len(candidate) - len(word)) > allowed:
            continue
        mistakes = mistakes_between(word, candidate)
        if mistakes <= allowed:
            best, allowed = candidate, mistakes - 1
    return best


def mistakes_between(left: str, right: str) -> int:
    """How many letters were left out, added, changed, or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, above, row = row, before, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
    return row[-1]
