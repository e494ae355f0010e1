"""What runs out when, at the pace so far, and who would help."""

from hrd.admin.wire.quota import KNOWN
from hrd.admin.wire.route import Answer, Nothing, Route


class RunsOut(Answer, frozen=True, kw_only=True):
    """A window that at its own pace is used up at `at`, before it is full again. `standing` is `known` or `claimed`."""

    scope: str
    kind: str
    left: int
    limit: int
    at: float
    title: str = ""
    resets_at: float | None = None
    standing: str = KNOWN


class FreeTier(Answer, frozen=True, kw_only=True):
    """A provider without a key here: what its free tier is claimed to add a day, in requests of today's size."""

    provider: str
    requests_a_day: int
    claim: str
    keys_at: str = ""


class Forecast(Answer, frozen=True, kw_only=True):
    """`hr forecast --json`. It is about what costs nothing more: local, free and subscription candidates. `left` is in requests
    of today's size, without those who have no limit that is known (`unlimited`); `empty_at` is None when it is not empty within
    a month, or not as far as is known. `paid` are those that can be asked after that; `limited` says how many candidates have
    a limit. Today's requests are those that were served."""

    now: float
    requests_today: int
    tokens_today: int
    requests_an_hour: float
    tokens_each: int
    candidates: int
    left: int
    empty_at: float | None
    unlimited: tuple[str, ...] = ()
    limited: int = 0
    paid: tuple[str, ...] = ()
    running_out: tuple[RunsOut, ...] = ()
    helps: tuple[FreeTier, ...] = ()


FORECAST = Route("GET", "/v1/forecast", Nothing, Forecast)
