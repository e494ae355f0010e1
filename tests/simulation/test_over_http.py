"""Over real HTTP, on virtual time: providers that really enforce limits and announce them in each style, in none, or wrongly.

Everybody asks a metered provider first (`alpha`) and another if it is refused. In the first window the limit is found out.
After it the metered provider is spent to the last request, and refuses none.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import trio

from tests.scenarios.failing import says
from tests.scenarios.world import EPOCH, World, open_world
from tests.simulation import styles, wording
from tests.simulation.metered import Metered
from tests.simulation.providers import Accepted, Account, Lie, Worded
from tests.simulation.styles import told, with_retry_after, without_hint, wrong
from tests.simulation.windows import DAY_S, MINUTE_S, Bucket, Fixed, InFlight, Sliding, Unit, Window, every, monthly
from tests.upstreams import Rules

pytestmark = pytest.mark.usefixtures("virtual_time")

LIMIT = 4
MORE = 3
"""So many more requests a window than it takes."""
WINDOWS = 4
PAUSE_S = 10.0
"""Between requests: all of a window are over before a probe is due."""
FIVE_HOURS_S, WEEK_S = 5 * 3600.0, 7 * DAY_S
Make = Callable[[], Sequence[Window]]


def fixed_minute() -> list[Window]:
    return [Fixed("minute", Unit.REQUESTS, LIMIT, every(MINUTE_S), MINUTE_S)]


def sliding_minute() -> list[Window]:
    return [Sliding("minute", Unit.REQUESTS, LIMIT, MINUTE_S)]


def day(offset_s: float = 0.0) -> Make:
    return lambda: [Fixed("day", Unit.REQUESTS, LIMIT, every(DAY_S, offset_s), DAY_S)]


def month() -> list[Window]:
    return [Fixed("month", Unit.REQUESTS, LIMIT, monthly(), 30 * DAY_S)]


def five_hours() -> list[Window]:
    return [Fixed("5h", Unit.REQUESTS, LIMIT, every(FIVE_HOURS_S), FIVE_HOURS_S)]


def week() -> list[Window]:
    return [Fixed("week", Unit.REQUESTS, LIMIT, every(WEEK_S), WEEK_S)]


def minute_and_day() -> list[Window]:
    return [*fixed_minute(), Fixed("day", Unit.REQUESTS, 100 * LIMIT, every(DAY_S), DAY_S)]


async def metered(world: World, account: Account, **row: Any) -> Metered:
    behave = Metered(account, world.now, lasts_s=row.pop("lasts_s", 0.0))
    await world.provider("alpha", behave, rules=Rules(), **row)
    await world.provider("omega", says("omega"))
    return behave


async def spend(world: World, alpha: Metered, span_s: float, *, windows: int = WINDOWS) -> list[tuple[int, int]]:
    """More requests in each window than it takes, one by one; how many were served and refused in each, but for probes."""
    start, spans = world.now(), []
    for number in range(windows):
        begin = start + number * span_s
        world.sleep_through(begin + span_s / 8 + number * span_s / 50 - world.now())
        for _ in range(LIMIT + MORE):
            await world.ask()
            world.sleep_through(min(PAUSE_S, span_s / 200))
        spans.append((begin, begin + span_s))
    probes = [entry.at for entry in world.journal.entries for note in entry.attempts if note.is_probe and note.status == 429]
    counts = alpha.counts(spans)
    return [
        (served, refused - sum(since <= at < until for at in probes))
        for (served, refused), (since, until) in zip(counts, spans, strict=True)
    ]


def account(make: Make, accepted: Accepted, worded: Worded) -> Account:
    return Account("alpha", "test1", make(), accepted, worded)


SILENT = wording.says_nothing

ANNOUNCED: dict[str, tuple[str, Make, float, styles.Spell]] = {
    "OpenAI": ("openai", fixed_minute, MINUTE_S, styles.openai),
    "Groq, the day": ("groq", day(), DAY_S, styles.openai),
    "Cerebras, the day": ("cerebras", day(), DAY_S, styles.cerebras),
    "Cerebras, the minute": ("cerebras", fixed_minute, MINUTE_S, styles.cerebras),
    "SambaNova, the minute": ("sambanova", minute_and_day, MINUTE_S, styles.sambanova),
    "SambaNova, the day": ("sambanova", day(), DAY_S, styles.sambanova),
    "Mistral": ("mistral", fixed_minute, MINUTE_S, styles.mistral),
    "Mistral, the month": ("mistral", month, 30 * DAY_S, styles.mistral),
    "without a period, epoch seconds": ("kimi", day(), DAY_S, styles.nameless),
    "without a period, epoch milliseconds": ("generic", day(), DAY_S, styles.nameless_ms),
    "Anthropic, the minute": ("anthropic", fixed_minute, MINUTE_S, styles.anthropic),
    "Anthropic, a subscription's five hours": ("anthropic", five_hours, FIVE_HOURS_S, styles.anthropic_plan),
    "Codex, five hours": ("codex", five_hours, FIVE_HOURS_S, styles.codex),
    "Codex, a week, by the seconds": ("codex", week, WEEK_S, styles.codex_after),
    "IETF, the minute": ("generic", fixed_minute, MINUTE_S, styles.ietf),
    "IETF, the day": ("generic", day(), DAY_S, styles.ietf),
}


@pytest.mark.parametrize("style", ANNOUNCED)
@pytest.mark.parametrize("refuse", [with_retry_after, without_hint])
async def test_who_announces_its_limit_is_spent_to_the_last_and_never_refuses(
    style: str, refuse: Callable[[Accepted], Worded]
) -> None:
    """Not in the first window either: all is told before it is needed."""
    reader, make, span_s, spell = ANNOUNCED[style]
    async with open_world() as world:
        alpha = await metered(world, account(make, told(spell), refuse(told(spell))), reader=reader)
        windows = 2 if span_s > DAY_S else WINDOWS
        assert await spend(world, alpha, span_s, windows=windows) == [(LIMIT, 0)] * windows


TOKENS: dict[str, tuple[str, Make, styles.Spell]] = {
    "OpenAI": ("openai", lambda: [Bucket("minute", Unit.TOKENS, 600, MINUTE_S)], styles.openai),
    "Groq": ("groq", lambda: [Bucket("minute", Unit.TOKENS, 600, MINUTE_S)], styles.openai),
    "Cerebras": ("cerebras", lambda: [Fixed("minute", Unit.TOKENS, 600, every(MINUTE_S), MINUTE_S)], styles.cerebras),
    "Anthropic": (
        "anthropic",
        lambda: [Fixed("minute", Unit.TOKENS, 600, every(MINUTE_S), MINUTE_S)],
        styles.anthropic,
    ),
    "Mistral's older gateway": (
        "mistral",
        lambda: [Fixed("minute", Unit.TOKENS, 600, every(MINUTE_S), MINUTE_S)],
        styles.mistral_old,
    ),
}


@pytest.mark.parametrize("style", TOKENS)
async def test_who_announces_its_tokens_is_asked_as_long_as_a_request_fits(style: str) -> None:
    reader, make, spell = TOKENS[style]
    async with open_world() as world:
        alpha = await metered(world, account(make, told(spell), with_retry_after(told(spell))), reader=reader)
        for _ in range(3):
            for _ in range(12):
                await world.ask(messages=[{"role": "user", "content": "word " * 100}], max_tokens=20)
            world.sleep_through(61)
        assert alpha.refused == []
        assert len(alpha.served) >= 3 * 3


UNANNOUNCED: dict[str, tuple[str, Make, float, Worded, dict[str, Any]]] = {
    "OpenRouter, the minute": ("openrouter", fixed_minute, MINUTE_S, wording.openrouter, {}),
    "OpenRouter, the day": ("openrouter", day(), DAY_S, wording.openrouter, {}),
    "Gemini, the minute": ("gemini", fixed_minute, MINUTE_S, wording.gemini, {}),
    "Gemini, the day": ("gemini", day(-8 * 3600), DAY_S, wording.gemini, {"reset_zone": "America/Los_Angeles"}),
    "Cohere, the minute": ("cohere", fixed_minute, MINUTE_S, wording.cohere, {}),
    "Cohere, the month": ("cohere", month, 30 * DAY_S, wording.cohere, {}),
    "Z.ai, the day": ("zai", day(8 * 3600), DAY_S, wording.zai, {"reset_zone": "Asia/Shanghai"}),
    "Naga, the minute": ("naga", sliding_minute, MINUTE_S, wording.naga, {}),
    "Naga, the day": ("naga", day(), DAY_S, wording.naga, {}),
    "NVIDIA": ("nvidia", sliding_minute, MINUTE_S, wording.nvidia, {}),
    "Retry-After alone": ("generic", fixed_minute, MINUTE_S, with_retry_after(SILENT), {}),
    "Retry-After alone, the day": ("generic", day(), DAY_S, with_retry_after(SILENT), {}),
    "Retry-After as a date": ("generic", fixed_minute, MINUTE_S, styles.with_date(SILENT), {}),
    "Retry-After as a date, the day": ("generic", day(), DAY_S, styles.with_date(SILENT), {}),
    "retry-after-ms": ("openai", fixed_minute, MINUTE_S, styles.with_milliseconds(SILENT), {}),
    "GitHub Models, the minute": ("github_models", fixed_minute, MINUTE_S, styles.github_models, {}),
    "GitHub Models, the day": ("github_models", day(), DAY_S, styles.github_models, {}),
    "nothing at all": ("generic", fixed_minute, MINUTE_S, without_hint(SILENT), {}),
}
OFFSETS_S = {"Gemini, the day": 8 * 3600.0, "Z.ai, the day": 16 * 3600.0}
"""When its first turn ends, after midnight UTC."""


@pytest.mark.parametrize("style", UNANNOUNCED)
async def test_who_does_not_announce_its_limit_refuses_in_the_first_window_alone(style: str) -> None:
    reader, make, span_s, worded, row = UNANNOUNCED[style]
    async with open_world() as world:
        alpha = await metered(world, account(make, SILENT, worded), reader=reader, **row)
        world.sleep_through(OFFSETS_S.get(style, 0.0))
        windows = 2 if span_s > DAY_S else WINDOWS
        first, *others = await spend(world, alpha, span_s, windows=windows)
        assert first[0] == LIMIT
        assert 1 <= first[1] <= 3
        assert others == [(LIMIT, 0)] * (windows - 1)


async def test_one_request_at_a_time_is_kept_to_once_it_was_refused() -> None:
    """Z.ai's free models: waiting for a slot is better than a refusal."""
    async with open_world() as world:
        made = Account("alpha", "test1", [InFlight("in flight", 1)], SILENT, wording.zai)
        alpha = await metered(world, made, reader="zai", lasts_s=2.0)
        for _ in range(2):
            async with trio.open_nursery() as nursery:
                for _ in range(3):
                    nursery.start_soon(world.ask)
            world.sleep_through(60)
        learned_at = alpha.refused[0][0]
        assert [at for at, _ in alpha.refused if at > learned_at + 1.0] == []


# who announces wrongly -------------------------------------------------------------------------------------------------------

WRONG: dict[str, Callable[[str, str], str]] = {
    "more is left than is": lambda name, value: (
        "900" if "remaining" in name else "1" if "used-percent" in name else "1000" if "limit-" in name else value
    ),
    "nothing is ever left": lambda name, value: "0" if "remaining" in name else "100" if "used-percent" in name else value,
    "a negative rest": lambda name, value: "-5" if "remaining" in name or "used-percent" in name else value,
    "an absurd limit": lambda name, value: "1e400" if "limit-" in name else value,
    "no number": lambda name, value: "many" if "remaining" in name or "used-percent" in name else value,
    "a reset in the past": lambda name, value: "-30s" if "reset" in name else value,
    "a reset too soon": lambda name, value: "5s" if "reset" in name else value,
}


WRONG_IN: dict[str, styles.Spell] = {
    "openai": styles.openai,
    "cerebras": styles.cerebras,
    "sambanova": styles.sambanova,
    "mistral": styles.mistral,
    "anthropic": styles.anthropic,
    "codex": styles.codex,
    "generic": styles.nameless,
}


@pytest.mark.parametrize("reader", WRONG_IN)
@pytest.mark.parametrize("how", WRONG)
async def test_wrong_announcements_cost_no_refusal_after_the_first_window(how: str, reader: str) -> None:
    accepted = wrong(told(WRONG_IN[reader]), WRONG[how])
    async with open_world() as world:
        alpha = await metered(world, account(fixed_minute, accepted, with_retry_after(accepted)), reader=reader)
        _, *others = await spend(world, alpha, MINUTE_S)
        assert [refused for _, refused in others] == [0] * (WINDOWS - 1)


async def test_a_reset_that_is_announced_for_next_week_is_looked_into_after_a_quarter_of_an_hour() -> None:
    """Back after ten minutes: the first probe finds out."""
    async with open_world() as world:
        made = Account("alpha", "test1", [], SILENT, wording.groq)
        made.lies.append(Lie(EPOCH + 60, EPOCH + 660, 7 * DAY_S))
        alpha = await metered(world, made, reader="groq")
        for _ in range(40):
            world.sleep_through(60)
            await world.ask()
        assert [at - EPOCH for at, _ in alpha.refused] == pytest.approx([60], abs=1)
        assert alpha.served[0] - EPOCH <= 60 + 900 + 61


async def test_who_is_believed_to_be_empty_and_is_not_is_asked_again() -> None:
    """Spend from elsewhere is believed at once; that it was given back, after a settled moment."""
    async with open_world() as world:
        made = account(day(), told(styles.cerebras), with_retry_after(told(styles.cerebras)))
        alpha = await metered(world, made, reader="cerebras")
        await world.ask()
        (window,) = made.windows
        window.take(LIMIT - 2, world.now(), 0.0)
        await world.ask()
        for _ in range(4):
            assert await world.ask() == "omega"
        assert (len(alpha.served), len(alpha.refused)) == (2, 0)
        world.sleep_through(DAY_S + 5.0)
        await world.ask()
        assert len(alpha.served) == 3
