"""What the router must know of a reply, whatever its wire format: usage, how it ended, whether it said anything."""

from typing import Any

import msgspec

from hrd.core.estimate import estimate_counted
from hrd.core.journal import Usage, UsageSource
from hrd.core.reply_events import (
    Broken,
    CallBegun,
    CallDone,
    CallText,
    Finish,
    Finished,
    LogProbs,
    PlanSeen,
    RefusalText,
    ReplyEvent,
    Text,
    Thought,
    ThoughtSigned,
    UsageSeen,
)

FINISH_WORDS = {
    Finish.STOP: "stop",
    Finish.LENGTH: "length",
    Finish.CALLS: "tool_calls",
    Finish.FILTERED: "content_filter",
    Finish.PAUSED: "stop",
}
"""How replies end, in the words of chat completions, which the line goes by."""


class Account:
    """The account of one reply, kept event by event."""

    __slots__ = (
        "_characters",
        "_counted",
        "_extra_bytes",
        "_input_tokens",
        "_more_bytes",
        "_usage",
        "begun",
        "committed",
        "error",
        "finish",
        "plan",
    )

    def __init__(self, input_tokens: int) -> None:
        self.begun = False
        """Something meaningful was read, be it the beginning of a call."""
        self.committed = False
        """There is something meaningful to be sent on between dialects, which take calls whole."""
        self.error: dict[str, Any] | None = None
        self.plan = b""
        """What was said of the provider's plan, as spelled."""
        self.finish: Finish | None = None
        self._input_tokens = input_tokens
        self._usage: Usage | None = None
        self._characters = 0
        self._extra_bytes = 0
        self._more_bytes = 0
        """Of what is said beside words."""
        self._counted: set[int] = set()
        """Calls whose arguments were counted piece by piece."""

    def add(self, event: ReplyEvent) -> None:
        match event:
            case Text() | Thought() | RefusalText():
                if event.text:
                    self.begun = self.committed = True
                    self._count(event.text)
            case CallBegun():
                self.begun = True
            case ThoughtSigned():
                self.begun = self.committed = True
                self._more_bytes += len(event.signature) + len(bytes(event.details))
            case CallText():
                self.begun = True
                self._counted.add(event.key)
                self._count(event.text)
            case CallDone():
                self.begun = self.committed = True
                self._count(event.name)
                if event.key not in self._counted:
                    self._count(event.arguments)
            case LogProbs():
                self._more_bytes += len(bytes(event.content))
            case UsageSeen():
                self._usage = event.usage
            case PlanSeen():
                self.plan = bytes(event.spelled)
            case Finished():
                self.finish = event.reason
                if event.reason is not Finish.STOP:
                    self.begun = self.committed = True
            case Broken():
                self.error = event.error
            case _:
                pass

    @property
    def said_bytes(self) -> int:
        """How much the reply says so far, in all."""
        return self._characters + self._extra_bytes + self._more_bytes

    @property
    def finish_reason(self) -> str:
        return FINISH_WORDS[self.finish] if self.finish is not None else ""

    def owed(self) -> tuple[ReplyEvent, ...]:
        """What a complete reply still lacks: a usage, if nobody stated one."""
        return () if self._usage is not None else (UsageSeen(self.usage()),)

    def usage(self) -> Usage:
        """As stated, else estimated from what was said. Of a reply without an end only the input counts as stated: its output
        went on after it was counted."""
        if self._usage is not None and self.finish is not None:
            return self._usage
        output_tokens = estimate_counted(self._characters, self._extra_bytes)
        if self._usage is None:
            return Usage(input_tokens=self._input_tokens, output_tokens=output_tokens, source=UsageSource.ESTIMATED)
        return msgspec.structs.replace(
            self._usage, output_tokens=max(output_tokens, self._usage.output_tokens), source=UsageSource.ESTIMATED
        )

    def _count(self, text: str) -> None:
        self._characters += len(text)
        if not text.isascii():
            self._extra_bytes += len(text.encode()) - len(text)
