"""What the heads of the ChatGPT subscription's backend say of a plan's windows: how much of each is used, and when it turns.

Which window is meant is said by its minutes: the place ("primary", "secondary") says nothing, plans have one or two. Families
of further limits (`x-codex-<name>-…`) are of single models that are not named, and are left alone. The Codex CLI reads the same
(https://github.com/openai/codex, codex-rs/codex-api).
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from hrd.core.failures import Observation, WindowKind
from hrd.core.times import parse_number, parse_reset

PLACES: Final = ("primary", "secondary")
WINDOW_MINUTES_MAX: Final = 366 * 1440
_SAID: Final = msgspec.json.Decoder(dict[str, Any])


def read_plan_limits(headers: Mapping[bytes, bytes], now: float) -> list[Observation]:
    """One observation a window that *headers* (names in lower case) speak of; what makes no sense is left out."""
    seen = [_read_window(headers, place, now) for place in PLACES if f"x-codex-{place}-used-percent".encode() in headers]
    return [each for each in seen if each is not None]


def read_plan_said(spelled: bytes, now: float) -> list[Observation]:
    """The same of what a stream says of them (`codex.rate_limits`): members by the names that the heads have."""
    if not spelled:  # mostly: nobody but Codex says anything of the kind
        return []
    try:
        places = _SAID.decode(spelled)
    except (ValueError, RecursionError):
        return []
    windows = [(place, window) for place in PLACES if isinstance(window := places.get(place), dict)]
    return read_plan_limits(
        {
            f"x-codex-{place}-{name.replace('_', '-')}".encode(): str(value).encode()
            for place, window in windows
            for name, value in window.items()
        },
        now,
    )


def _read_window(headers: Mapping[bytes, bytes], place: str, now: float) -> Observation | None:
    def said(what: str) -> str:
        return headers.get(f"x-codex-{place}-{what}".encode(), b"").decode("latin-1")

    used = parse_number(said("used-percent"))
    if used is None or used < 0:
        return None
    minutes = parse_number(said("window-minutes"))
    resets_at = parse_reset(said("reset-at"), now)
    return Observation(
        kind=WindowKind.PLAN,
        used_percent=min(used, 100.0),
        window_s=minutes * 60.0 if minutes is not None and 0 < minutes <= WINDOW_MINUTES_MAX else None,
        resets_at=resets_at if resets_at is not None else parse_reset(said("reset-after-seconds"), now),
    )
