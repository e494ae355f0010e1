"""The log: one line a fact, as key=value on a terminal and JSON elsewhere, to standard error. Secrets are blotted out."""

import json
import logging
import re
import sys
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TextIO

import msgspec
import structlog

from hrd.core.journal import Entry
from hrd.core.secrets import Lookout, Secret, looks_like_one, scrub
from hrd.log_lines import LogLines

LEVELS = {
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "CRITICAL": logging.CRITICAL,
}
VALUE_CHARS_MAX = 2000
CRASH_FRAMES = 6


class Logbook:
    """Writes lines at and above its level, which may change while it lives."""

    def __init__(self, level: str, secrets: Callable[[], tuple[Secret, ...]], out: TextIO = sys.stderr) -> None:
        """*secrets*: the same tuple until they change."""
        self._secrets = secrets
        self._known: tuple[Secret, ...] = ()
        self._lookout = Lookout()
        self._is_terminal = is_terminal = out.isatty()
        last: Any = structlog.dev.ConsoleRenderer(colors=True) if is_terminal else _as_json
        self._log = structlog.wrap_logger(
            _Levels(LogLines(out)),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=not is_terminal),
                self._blot,
                last,
            ],
        ).bind()  # once: what is not bound is bound anew for each line
        self.set_level(level)

    def set_level(self, level: str) -> None:
        self._threshold = LEVELS.get(level, logging.INFO)

    def debug(self, event: str, **facts: object) -> None:
        if self._threshold <= logging.DEBUG:
            self._log.debug(event, **facts)

    def info(self, event: str, **facts: object) -> None:
        if self._threshold <= logging.INFO:
            self._log.info(event, **facts)

    def warning(self, event: str, **facts: object) -> None:
        if self._threshold <= logging.WARNING:
            self._log.warning(event, **facts)

    def error(self, event: str, **facts: object) -> None:
        if self._threshold <= logging.ERROR:
            self._log.error(event, **facts)

    def exchange(self, entry: Entry) -> None:
        """The one line of a finished exchange."""
        if self._threshold > logging.INFO:
            return
        self._log.info(
            "exchange",
            request=entry.request_id,
            endpoint=entry.endpoint,
            client=entry.client,
            asked=entry.model_asked,
            outcome=entry.outcome.value,
            status=entry.status,
            provider=entry.provider,
            model=entry.model,
            credential=entry.credential,
            attempts=len(entry.attempts),
            tokens_in=entry.usage.input_tokens,
            tokens_out=entry.usage.output_tokens,
            cost_microusd=entry.cost_microusd,
            session=entry.session,
            ms=round(entry.total_ms, 1),
            reason=entry.reason,
        )

    def crash(self, request_id: str, crash: BaseException) -> None:
        """An error that nobody foresaw: enough to find it by. *request_id* is empty where no request was being served."""
        frames = traceback.extract_tb(crash.__traceback__)[-CRASH_FRAMES:]
        where = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(frames))
        self.error("crashed", request=request_id, error=f"{type(crash).__name__}: {crash}", where=where)

    def _blot(self, _logger: object, _method: str, facts: MutableMapping[str, Any]) -> Mapping[str, Any]:
        """Mostly there is nothing to blot out, which one look at all that others may have written says."""
        secrets = self._secrets()
        if secrets is not self._known:
            self._known, self._lookout = secrets, Lookout(secrets)
        texts = {key: str(value) for key, value in facts.items() if not isinstance(value, _PLAIN)}
        together = "\n".join(texts.values())
        if len(together) > VALUE_CHARS_MAX or self._lookout.sees_one(together) or looks_like_one(together):
            texts = {key: scrub(text, secrets, VALUE_CHARS_MAX) for key, text in texts.items()}
        if self._is_terminal:
            texts = {key: _CONTROL.sub(_spelled, text) for key, text in texts.items()}
        return {**facts, **texts}


class _Levels:
    """A logger as structlog wants one: a method a level."""

    def __init__(self, lines: LogLines) -> None:
        self.debug = self.info = self.warning = self.error = lines.write


_PLAIN = (bool, int, float, type(None))
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""What others wrote must not steer the terminal of whoever reads it."""


def _as_json(_logger: object, _method: str, facts: MutableMapping[str, Any]) -> str:
    """In ASCII: a line is shown on terminals later, and the rest of Unicode steers some."""
    try:
        line = msgspec.json.format(msgspec.json.encode(facts), indent=0).decode()
    except UnicodeEncodeError:  # halves of characters
        return json.dumps(facts)
    return line if line.isascii() else json.dumps(facts)


def _spelled(match: re.Match[str]) -> str:
    return f"\\x{ord(match[0]):02x}"
