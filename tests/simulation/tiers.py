"""The pool of the simulated month: the published free tiers, two keys each, one pair on one account.

Numbers are those of the providers' own pages (see docs/providers.md) and are what the model enforces; nobody tells the router
that they are true. OpenRouter has one account of each kind, Gemini's number is published nowhere and has to be learned, and the
two keys of Groq are of one organisation, which only its refusals name.

NVIDIA's 40 requests a minute alone would be 57,600 a day, more than all others together twelve times over, and nobody's
workstation asks that much. Its terms say that what is sent is logged; so here only the client that makes one request in ten may
use it (`OPEN_CLIENT`), and what the day's capacity is measured by are the others.
"""

from __future__ import annotations

from tests.simulation import wording
from tests.simulation.providers import Account, Key
from tests.simulation.windows import DAY_S, MINUTE_S, Bucket, Credit, Fixed, InFlight, Sliding, Unit, every, monthly

REQUESTS, TOKENS, MICROUSD = Unit.REQUESTS, Unit.TOKENS, Unit.MICROUSD
MONTH_S = 31 * DAY_S
PACIFIC_S, SHANGHAI_S = -8 * 3600.0, 8 * 3600.0

OPEN_CLIENT, CLOSE_CLIENT = "open", "close"
OPEN_SHARE = 0.1
"""Of all requests those of the client that may use NVIDIA."""
NOT_FOR_CLOSE = "nvidia"


def _minute(limit: float) -> Sliding:
    """Nobody says whether these minutes are the clock's or any sixty seconds: the latter is what one has to reckon with."""
    return Sliding("minute", REQUESTS, limit, MINUTE_S)


def _day(limit: float, offset_s: float = 0.0) -> Fixed:
    return Fixed("day", REQUESTS, limit, every(DAY_S, offset_s), DAY_S)


def openrouter(name: str, a_day: int) -> Account:
    windows = (_minute(20), _day(a_day))
    return Account("openrouter", name, windows, wording.says_nothing, wording.openrouter, told=wording.openrouter_key)


def groq(name: str) -> Account:
    windows = (
        Bucket("requests per minute (RPM)", REQUESTS, 30, MINUTE_S),
        Bucket("requests per day (RPD)", REQUESTS, 1000, DAY_S),
        Bucket("tokens per minute (TPM)", TOKENS, 8000, MINUTE_S),
        Bucket("tokens per day (TPD)", TOKENS, 200_000, DAY_S),
    )
    return Account("groq", name, windows, wording.groq_accepted, wording.groq)


def gemini(name: str) -> Account:
    return Account("gemini", name, (_minute(15), _day(500, PACIFIC_S)), wording.says_nothing, wording.gemini)


def cohere(name: str) -> Account:
    month = Fixed("month", REQUESTS, 1000, monthly(), MONTH_S)
    return Account("cohere", name, (_minute(20), month), wording.says_nothing, wording.cohere)


def zai(name: str) -> Account:
    windows = (InFlight("in flight", 1), _day(1000, SHANGHAI_S))
    return Account("zai", name, windows, wording.says_nothing, wording.zai)


def naga(name: str) -> Account:
    windows = (_minute(10), _day(100))
    return Account("naga", name, windows, wording.says_nothing, wording.naga)


def nvidia(name: str) -> Account:
    return Account("nvidia", name, (_minute(40),), wording.says_nothing, wording.nvidia)


def huggingface(name: str) -> Account:
    """Ten cents a month, at what gpt-oss-120b costs at the cheapest of its hosts."""
    credit = Credit("credit", MICROUSD, 100_000, monthly(), MONTH_S)
    windows = (credit,)
    return Account("huggingface", name, windows, wording.says_nothing, wording.huggingface, price=(0.05, 0.25))


def pool() -> list[Key]:
    """Two keys of each, in the order in which a user might have added them."""
    groups = [
        [gemini("project-1"), gemini("project-2")],
        [openrouter("1", 50), openrouter("2", 1000)],
        [groq("test1")] * 2,
        [cohere("1"), cohere("2")],
        [zai("1"), zai("2")],
        [naga("1"), naga("2")],
        [nvidia("1"), nvidia("2")],
        [huggingface("1"), huggingface("2")],
    ]
    return [
        Key(f"test-not-a-key-{account.provider}-{number}", account)
        for group in groups
        for number, account in enumerate(group, 1)
    ]


def may_use(caller: str, provider: str) -> bool:
    """Whether requests of *caller* may go to *provider* at all."""
    return caller == OPEN_CLIENT or provider != NOT_FOR_CLOSE


def capacity_a_day(mean_tokens: float, mean_price: float) -> float:
    """Requests a day that the pool takes: what is counted in days or longer, at requests of the usual size; and the share that
    NVIDIA takes beside it."""
    counted = 50 + 1000 + 200_000 / mean_tokens + 2 * 500 + 2 * 1000 / 30 + 2 * 1000 + 2 * 100 + 2 * 100_000 / mean_price / 30
    return counted / (1 - OPEN_SHARE)
