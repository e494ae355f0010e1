"""Behaviours by name, for an emulated provider that runs as a process of its own."""

from __future__ import annotations

from collections.abc import Callable

from tests.upstreams.asked import Asked
from tests.upstreams.behaviours import (
    OPENROUTER_COMMENT,
    Answer,
    Behave,
    Behaviour,
    Breaks,
    Cut,
    Drip,
    Ends,
    Events,
    Fails,
    Late,
    Quirk,
    Raw,
    Status,
    ToolCall,
    Trouble,
    Usage,
    UsageIn,
    affords,
    empty,
    error_in_stream,
    html,
)
from tests.upstreams.recorded import RECORDED
from tests.upstreams.steps import CLOSE, HANG, RESET

_CALLS = (ToolCall("look_up", '{"q":"one"}', "call_test00001"), ToolCall("look_up", '{"q":"two"}', "call_test00002"))
_OVERLOADED = {"code": 503, "message": "Provider disconnected unexpectedly", "metadata": {"provider_name": "Emulated"}}

NAMED: dict[str, Behave] = {
    "fine": Answer(),
    "slow": Answer(before_first_s=0.05, between_s=0.02, pieces=10),
    "long": Answer(text="word " * 400, pieces=400, between_s=0.005, usage=Usage(7, 400)),
    "tools": Answer(text="", tool_calls=_CALLS[:1]),
    "parallel-tools": Answer(text="", tool_calls=_CALLS),
    "openrouter": Answer(comments=[OPENROUTER_COMMENT] * 2, before_first_s=0.02, usage_in=UsageIn.CHUNK_ALWAYS),
    "groq": Answer(usage_in=UsageIn.X_GROQ),
    "gemini": Answer(text="", tool_calls=_CALLS, quirks=frozenset({Quirk.NO_INDEX})),
    "no-done": Answer(quirks=frozenset({Quirk.NO_DONE})),
    "no-usage": Answer(usage_in=UsageIn.NOWHERE),
    "list-content": Answer(quirks=frozenset({Quirk.LIST_CONTENT})),
    "foreign-finish": Answer(finish_reason="eos"),
    "empty": empty(),
    "hang": Ends(HANG),
    "close": Ends(CLOSE),
    "reset": Ends(RESET),
    "hang-midway": Cut(Answer(), 100, HANG),
    "close-midway": Cut(Answer(), 100, CLOSE),
    "reset-midway": Cut(Answer(), 100, RESET),
    "half-stream": Events([{"choices": [{"index": 0, "delta": {"role": "assistant", "content": "half"}}]}], CLOSE),
    "drip": Drip(Answer(), 1, 0.0),
    "late": Late(Answer(), 2.0),
    "garbage": Raw(b"\x16\x03\x01 this is no HTTP\r\n\r\n"),
    "html": html(),
    "html-502": html(502),
    "error-in-200": error_in_stream(_OVERLOADED),
    "error-midway": error_in_stream(_OVERLOADED, after=3),
    "affords-2666": affords(2666),
    "overloaded": Fails(Trouble.OVERLOADED),
    "rate-limited": Fails(Trouble.RATE_LIMITED),
    "trouble-midway": Breaks(Answer(), 3, Trouble.OVERLOADED),
    "garbage-midway": Breaks(Answer(), 3, "data: {no json"),
}


def behaviour_named(name: str) -> Behave:
    """What *name* stands for: one of NAMED, a recorded refusal (GROQ_TPM) or a bare status (`500`)."""
    if name in NAMED:
        return NAMED[name]
    if name in RECORDED:
        return Status.of(RECORDED[name])
    if name.isdecimal() and 200 <= int(name) <= 599:
        return Status.json(int(name), {"error": {"message": f"emulated {name}", "type": "emulated", "code": None}})
    raise ValueError(f"no behaviour is called {name!r}; there are {', '.join([*NAMED, *RECORDED])}, and any status")


def in_turn(names: list[str]) -> Callable[[Asked], Behaviour]:
    """The named behaviours one after the other, again and again."""
    behaviours = [behaviour_named(name) for name in names]
    asked_so_far = 0

    def behave(asked: Asked) -> Behaviour:
        nonlocal asked_so_far
        chosen = behaviours[asked_so_far % len(behaviours)]
        asked_so_far += 1
        if callable(chosen):
            return chosen(asked)
        assert not isinstance(chosen, list | tuple)
        return chosen  # type: ignore[return-value]  # NAMED holds no sequences

    return behave
