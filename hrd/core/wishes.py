"""Wishes: what a request's head asks of the router itself, in `X-Hermes-…` fields.

| field | value |
|---|---|
| X-Hermes-Priority | `low`, `normal` or `high` |
| X-Hermes-Privacy | `local`: it must not leave this machine |
| X-Hermes-Session | a label of the client's: what it belongs to, for `hr usage --by session` |

A wish that cannot be read is refused: a request that asked to stay here, in a word that we do not know, must not leave.
"""

from typing import Final, Protocol

import msgspec

from hrd.core.access import Caller
from hrd.core.ask import PRIORITIES, Ask, Priority
from hrd.core.refusals import Refusal, RefusalKind

SESSION_CHARS_MAX = 64
PRIVACY_LOCAL = "local"
_SHOWN_CHARS = 40
_LOW: Final = Priority.LOW  # found ten times sooner so, see core.quota.kinds


class Head(Protocol):
    """The fields of a request's head, by lower-case name."""

    def get(self, name: bytes, /) -> bytes | None: ...


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """As they hold for one request."""

    priority: Priority = Priority.NORMAL
    local_only: bool = False
    session: str = ""

    def laid_on(self, ask: Ask) -> Ask:
        """*ask* with these."""
        if self == NO_WISHES:
            return ask
        return msgspec.structs.replace(ask, priority=self.priority, local_only=self.local_only, session=self.session)


NO_WISHES = Wishes()


def read_wishes(head: Head, caller: Caller) -> Wishes | Refusal:
    """What *head* asks, as far as *caller* may; or which field cannot be read, and what it takes."""
    priority, privacy, session = head.get(b"x-hermes-priority"), head.get(b"x-hermes-privacy"), head.get(b"x-hermes-session")
    if priority is None and privacy is None and session is None and caller.priority_max is not _LOW:
        return NO_WISHES
    wanted = Priority.NORMAL if priority is None else PRIORITIES.get(_word(priority))
    if wanted is None:
        return _unreadable("X-Hermes-Priority", priority, "low, normal or high")
    if privacy is not None and _word(privacy) != PRIVACY_LOCAL:
        return _unreadable("X-Hermes-Privacy", privacy, f"{PRIVACY_LOCAL} (nothing leaves this machine), or no such field")
    label = "" if session is None else session_label(session)
    return Wishes(priority=min(wanted, caller.priority_max), local_only=privacy is not None, session=label)


def session_label(value: bytes) -> str:
    """A label that can be shown and stored: one line of at most so many printable characters."""
    text = "".join(character if character.isprintable() else " " for character in value.decode("utf-8", "replace"))
    return " ".join(text.split())[:SESSION_CHARS_MAX].rstrip()


def _word(value: bytes) -> str:
    return value.decode("ascii", "replace").strip().lower()


def _unreadable(field: str, value: bytes | None, accepted: str) -> Refusal:
    shown = session_label(value or b"")[:_SHOWN_CHARS]
    return Refusal(
        kind=RefusalKind.BAD_REQUEST,
        message=f"{field} is {shown!r}, which is not known here.",
        guidance=f"It takes {accepted}.",
        param=field.lower(),
    )
