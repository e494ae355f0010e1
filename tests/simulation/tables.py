"""The tables: one a load, the strategies side by side."""

from __future__ import annotations

from collections.abc import Sequence

from tests.simulation.month import Month
from tests.simulation.targets import Target, of_oracle, of_ours
from tests.simulation.verdicts import AVOIDABLE, CAUSES, WORD

Row = tuple[str, ...]
SHARES = ("served", "avoidable", "bound")

EXPLAINED = """A month of virtual time over a pool of the published free tiers, two keys each (tests/simulation):
the daemon's own pool, round-robin with Retry-After cooldowns, and an oracle that knows true limits, outages and arrivals. The
providers are a model that imports nothing of the router; in the month there are an outage, a revoked key, a limit that
shrinks, hints that lie, spend from elsewhere, and a stop and a crash every day. A refusal is *learning* until the window that
refused has turned once; *probes* look whether one still holds, 8 times a day at most; one refusal a cause (spent elsewhere,
shrunk, revoked, a lie) is nobody's fault; all others are *avoidable*.
"""


def table(months: Sequence[Month], days: int) -> str:
    """*months* are one load's, ours first and the oracle last."""
    ours, oracle = months[0], months[-1]
    by_key = {target.key: target for target in _targets(months)}
    rows: list[Row] = [("", *(month.strategy for month in months), "target", "")]
    asked = ours.tally.asked
    rows += [
        ("served", *(f"{m.tally.served:,} ({m.tally.served / asked:.2%})" for m in months), "", ""),
        _row(by_key["served"], [f"{m.tally.served / oracle.tally.served:.2%}" for m in months]),
        _row(by_key["bound"], [*[""] * (len(months) - 1), f"{oracle.tally.served / oracle.bound:.2%}"]),
        ("requests sent to providers", *(f"{m.tally.sent:,}" for m in months), "", ""),
        _row(by_key["avoidable"], [f"{m.tally.avoidable:,} ({m.tally.avoidable_share:.3%})" for m in months]),
        _row(by_key["row"], [f"{m.tally.in_a_row:,}" for m in months]),
        _row(by_key["overspent"], [f"{m.tally.overspent:,}" for m in months]),
    ]
    rows += [
        (f"refusals apart: {cause}", *(f"{m.tally.refusals[cause]:,}" for m in months), "", "")
        for cause in CAUSES
        if cause != AVOIDABLE
    ]
    rows += [
        _row(by_key["astray"], [f"{m.tally.asked - m.tally.served - m.tally.failed:,}" for m in months]),
        _row(by_key["at once"], [f"{m.tally.failed_in_vain['at once']:,}" for m in months]),
        _row(by_key["in time"], [f"{m.tally.failed_in_vain['within the wait']:,}" for m in months]),
        ("failed against a provider's word (a lie) only", *(f"{m.tally.failed_in_vain[WORD]:,}" for m in months), "", ""),
        _row(by_key["idle"], [f"{m.tally.idle_longest_s:,.0f}" for m in months]),
        ("waited for somebody", *(f"{m.tally.waited:,}" for m in months), "", ""),
        ("asked again after a stop or a crash", *(f"{m.tally.repeated:,}" for m in months), "", ""),
        _row(by_key["seconds"], [f"{m.seconds:.1f}" for m in months]),
    ]
    heading = f"### {ours.load:.0%} of the daily capacity: {asked:,} requests in {days} days\n\n"
    return heading + _aligned(rows)


def brief(others: Sequence[tuple[int, Sequence[Month]]]) -> str:
    """Months of other seeds, a line each: ours, and what the oracle serves."""
    rows: list[Row] = [("load", "seed", *(target.key for target in _targets(others[0][1])), "")]
    for seed, months in others:
        targets = _targets(months)
        is_met = all(target.is_met for target in targets)
        figures = [f"{t.value:.3%}" if t.key in SHARES else f"{t.value:,.0f}" for t in targets]
        rows.append((f"{months[0].load:.0%}", str(seed), *figures, "met" if is_met else "MISSED"))
    return "### Other seeds\n\nThe same targets, in the same order.\n\n" + _aligned(rows)


def _targets(months: Sequence[Month]) -> list[Target]:
    return [*of_ours(months[0], months[-1]), *of_oracle(months[-1])]


def missed(months: Sequence[Month], keys: Sequence[str] | None = None) -> list[str]:
    """The targets that are missed, in words; of those that *keys* names, if it names any."""
    return [
        f"{target.what} ({target.value:.4g}, {target.said})"
        for target in _targets(months)
        if not target.is_met and (not keys or target.key in keys)
    ]


def _row(target: Target, cells: Sequence[str]) -> Row:
    return (target.what, *cells, target.said, "met" if target.is_met else "MISSED")


def _aligned(rows: Sequence[Row]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines) + "\n"
