"""How a request introduces itself, by wire format: under which header its key goes, what else its head says, and which values
of the client's own head it takes over.

What all requests of a candidate say stands in its head once and for all (`hrd.upstream.heads`). What changes with the request
is made for each: the conversation it belongs to, and what a client of the same wire format says itself, which replaces ours.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from hrd.core.failures import A_BETA
from hrd.core.providers import Credential
from hrd.http.messages import Headers

Fields = dict[bytes, bytes]
_BETAS: Final = b"anthropic-beta"

VALUE_BYTES_MAX: Final = 4096
"""A longer value of a client's is its own affair."""


class About(msgspec.Struct, frozen=True, gc=False):
    """What is said of one request in its head."""

    client: Headers | None = None
    """The head that its client sent."""
    affinity: str = ""
    """Names the conversation it belongs to."""
    without: frozenset[str] = frozenset()
    """What whoever is asked does not take: fields, and betas (`A_BETA`)."""


NOTHING: Final = About()


class Introduction(msgspec.Struct, frozen=True, kw_only=True):
    """One wire format's."""

    key: Callable[[str], tuple[bytes, bytes]]
    says: Callable[[Credential], Fields] = lambda _: {}
    """What the candidate's head says beside the key."""
    takes_over: tuple[bytes, ...] = ()
    """Names whose values a client of this wire format sets itself; with `-` at the end, all that begin so."""
    is_of_kind: Callable[[Headers], bool] = lambda _: False
    """Whether a client's head is of this wire format."""
    conversation: tuple[bytes, ...] = ()
    """Names under which the conversation is named."""

    def is_taken_over(self, name: bytes) -> bool:
        return any(name.startswith(own) if own.endswith(b"-") else name == own for own in self.takes_over)

    def of_request(self, ours: Fields, about: About) -> Fields:
        """The fields of one request, *ours* being those of the candidate that a client may replace."""
        fields = dict(ours)
        if about.affinity and self.conversation:
            fields |= dict.fromkeys(self.conversation, conversation_id(about.affinity))
        if about.client is not None and self.is_of_kind(about.client):
            fields |= self._said_by(about.client)
            if any(name.startswith(A_BETA) for name in about.without):
                _leave_out_betas(fields, about.without)
        return fields

    def _said_by(self, client: Headers) -> Fields:
        names: Iterable[bytes] = (name for name, _ in client if self.is_taken_over(name))
        return {name: value for name in names if (value := client.get(name)) and _is_plain(value)}


def _leave_out_betas(fields: Fields, refused: frozenset[str]) -> None:
    named = [name.strip() for name in fields.pop(_BETAS, b"").split(b",")]
    taken = [name for name in named if name and A_BETA + name.decode() not in refused]
    if taken:
        fields[_BETAS] = b",".join(taken)


def conversation_id(affinity: str) -> bytes:
    """A conversation's name for those outside: stable, shaped like a UUID, and nothing that the client called it."""
    digest = hashlib.sha256(f"hermes-router:{affinity}".encode("utf-8", "surrogatepass")).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32])).encode()


def _bearer(secret: str) -> tuple[bytes, bytes]:
    return b"authorization", b"Bearer " + secret.encode()


def _is_plain(value: bytes) -> bool:
    """Visible ASCII and blanks: anything else is not repeated to a provider."""
    return len(value) <= VALUE_BYTES_MAX and value.isascii() and value.decode().isprintable()


_OF_OPENAI: Final = Introduction(key=_bearer)

_BY_DIALECT: Final = {
    # https://docs.anthropic.com/en/api/versioning and /beta-headers. Betas change what a body may hold: whoever wrote it knows.
    "anthropic_messages": Introduction(
        key=lambda secret: (b"x-api-key", secret.encode()),
        takes_over=(b"anthropic-version", _BETAS),
        is_of_kind=lambda head: b"anthropic-version" in head,
    ),
    # As the Codex CLI says it (openai/codex, codex-rs). The user agent stays ours whoever asks.
    "codex": Introduction(
        key=_bearer,
        says=lambda credential: {b"chatgpt-account-id": credential.account_id.encode()} if credential.account_id else {},
        takes_over=(
            b"originator",
            b"version",
            b"openai-beta",
            b"session_id",
            b"session-id",
            b"conversation_id",
            b"thread-id",
            b"x-client-request-id",
            b"x-openai-subagent",
            b"x-codex-",
        ),
        is_of_kind=lambda head: (head.get(b"originator") or b"").lower().startswith(b"codex"),
        conversation=(b"session_id", b"conversation_id"),
    ),
}


def introduction_of(dialect: str) -> Introduction:
    """How requests in *dialect* introduce themselves; all that are not listed do so as OpenAI's."""
    return _BY_DIALECT.get(dialect, _OF_OPENAI)
