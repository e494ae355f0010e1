"""Emulated providers that speak real HTTP over loopback. They import nothing of the router: they are its oracle."""

from tests.upstreams.asked import Asked
from tests.upstreams.behaviours import (
    DONE,
    OPENROUTER_COMMENT,
    Answer,
    Behave,
    Behaviour,
    Cut,
    Drip,
    Ends,
    Events,
    Late,
    Quirk,
    Raw,
    Status,
    ToolCall,
    Usage,
    UsageIn,
    affords,
    empty,
    error_in_stream,
    hangs,
    html,
)
from tests.upstreams.checks import Rules
from tests.upstreams.limits import Limits, Told
from tests.upstreams.server import Upstream, free_port
from tests.upstreams.steps import CLOSE, HANG, RESET

__all__ = [
    "CLOSE",
    "DONE",
    "HANG",
    "OPENROUTER_COMMENT",
    "RESET",
    "Answer",
    "Asked",
    "Behave",
    "Behaviour",
    "Cut",
    "Drip",
    "Ends",
    "Events",
    "Late",
    "Limits",
    "Quirk",
    "Raw",
    "Rules",
    "Status",
    "Told",
    "ToolCall",
    "Upstream",
    "Usage",
    "UsageIn",
    "affords",
    "empty",
    "error_in_stream",
    "free_port",
    "hangs",
    "html",
]
