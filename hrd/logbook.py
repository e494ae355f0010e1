"""The log: one line a fact, as key=value on a terminal and JSON elsewhere, to standard error. Secrets are blotted out."""

import logging
import sys
from collections.abc import Callable, Iterable
from typing import Any, TextIO

import structlog

from hrd.core.journal import Entry
from hrd.core.secrets import Secret, scrub

LEVELS = {
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "CRITICAL": logging.CRITICAL,
}
VALUE_CHARS_MAX = 2000


class Logbook:
    """Writes lines at and above its level, which may change while it lives."""

    def __init__(self, level: str, secrets: Callable[[], Iterable[Secret]], out: TextIO = sys.stderr) -> None:
        self._secrets = secrets
        is_terminal = out.isatty()
        last: Any = (
            structlog.dev.ConsoleRenderer(colors=True) if is_terminal else structlog.processors.JSONRenderer(sort_keys=False)
        )
        self._log = structlog.wrap_logger(
            structlog.WriteLogger(out),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=not is_terminal),
                self._blot,
                last,
            ],
        )
        self.set_level(level)

    def set_level(self, level: str) -> None:
        self._threshold = LEVELS.get(level, logging.INFO)

    def is_on(self, level: int) -> bool:
        return level >= self._threshold

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
            ms=round(entry.total_ms, 1),
            reason=entry.reason,
        )

    def _blot(self, _logger: object, _method: str, facts: dict[str, Any]) -> dict[str, Any]:
        secrets = tuple(self._secrets())
        return {
            key: scrub(value, secrets, VALUE_CHARS_MAX) if isinstance(value, str) else value for key, value in facts.items()
        }
