"""Numbers, times and foreign text as people read them."""

import time

BY_HAND_FROM = 10_000_000_000.0
"""A moment later than this (the year 2286) means: until somebody changes something."""

_CONTROLS = dict.fromkeys((*range(32), *range(127, 160), 8232, 8233, *range(8234, 8239), *range(8294, 8298)), " ")


def plain(text: str) -> str:
    """One line of *text* that a terminal cannot mistake for orders: a label or a provider's message may hold anything."""
    return " ".join(text.translate(_CONTROLS).split())


def lasting(seconds: float) -> str:
    """A length of time in its one or two largest units."""
    if seconds < 0.9995:
        return f"{max(0, round(seconds * 1000))} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 89.5:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return _two(minutes, 60, "h", "min")
    return _two(round(seconds / 3600), 24, "d", "h")


def _two(small: int, size: int, large_unit: str, small_unit: str) -> str:
    large, rest = divmod(small, size)
    return f"{large} {large_unit} {rest} {small_unit}" if rest else f"{large} {large_unit}"


def coming(until: float | None, now: float) -> str:
    """When something ends: `in 4 min`."""
    if until is None:
        return ""
    if until >= BY_HAND_FROM:
        return "until changed by hand"
    return f"in {lasting(until - now)}" if until > now else "now"


def ago(then: float | None, now: float) -> str:
    """How long ago something was: `4 min ago`; a clock that was set back does not make it the future."""
    return f"{lasting(max(0.0, now - then))} ago" if then else ""


def milliseconds(ms: float | None) -> str:
    return "" if ms is None else lasting(ms / 1000)


def count(number: int) -> str:
    """A number short enough for a column."""
    if number < 100_000:
        return f"{number:,}"
    if number < 999_500:
        return f"{number / 1e3:.0f}k"
    if number < 999_950_000:
        return f"{number / 1e6:.1f}M"
    return f"{number / 1e9:.1f}G"


def many(number: int, noun: str) -> str:
    """`1 key`, `2 keys`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def money(microusd: int) -> str:
    """US dollars: from one on to the cent, less to the hundredth of a cent, less than a cent whole."""
    return f"{'-' if microusd < 0 else ''}${_decimals(abs(microusd))}"


def _decimals(millionths: int) -> str:
    places = 2 if millionths >= 1_000_000 else 4 if millionths >= 10_000 else 6
    step: int = 10 ** (6 - places)
    digits = f"{(millionths + step // 2) // step:0{places + 1}}"
    return f"{int(digits[:-places]):,}.{digits[-places:].rstrip('0'):0<2}"


def amount(kind: str, number: int) -> str:
    """So much of what a window of this *kind* counts: a plan's allowance in per cent, a balance in dollars."""
    measure = kind.partition("/")[0]
    if measure == "plan":
        return f"{number / 100:.0f} %"
    return money(number) if measure == "credit" else count(number)


def cost(microusd: int, unpriced: int, requests: int) -> str:
    """A sum of costs, of which some may not be known: then it is at least so much."""
    return _at_least(money(microusd), microusd, unpriced, requests)


def converted(microusd: int, rate: float, unpriced: int = 0, requests: int = 0) -> str:
    """The same in another currency, so many units of which are a dollar."""
    millionths = max(1, int(microusd * rate + 0.5)) if microusd else 0
    return _at_least(_decimals(millionths), microusd, unpriced, requests)


def _at_least(told: str, microusd: int, unpriced: int, requests: int) -> str:
    if unpriced and unpriced >= requests and not microusd:
        return "unknown"
    return f"{told}+" if unpriced else told


def clock(at: float) -> str:
    """A moment in local time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def clock_short(at: float) -> str:
    """A moment in local time, for a column of recent ones."""
    return time.strftime("%m-%d %H:%M:%S", time.localtime(at))


def day(at: float) -> str:
    """A day in local time."""
    return time.strftime("%Y-%m-%d", time.localtime(at))


def sentence(*parts: str) -> str:
    """The parts that say something, with commas."""
    return ", ".join(part for part in parts if part)
