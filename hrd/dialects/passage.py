"""The passage of a request to one candidate, and of its reply back: untouched where both speak the same and the candidate
takes it so, by the hub otherwise. Who refused its calls and results as they stood gets them repaired, by the hub as well.

The line makes one `Passage` a request and takes a `Prepared` of it for each attempt. What the hub needs of the request is read
once, when the first candidate of another dialect is asked.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from hrd.core.conversation import Conversation, Text, Thinking
from hrd.core.failures import BROKEN_HISTORY, ODD_NAMES, UNTAKEN_EFFORT
from hrd.core.needs import Need
from hrd.core.providers import Candidate
from hrd.core.refusals import Refusal, RefusalKind
from hrd.dialects.contract import Dialect, Hub, Native, Request, Stamp, StreamBounds, StreamReader, Target, WholeReply
from hrd.dialects.translation import TranslatedStream, translate_whole

_DOCUMENTS: Final = Need.DOCUMENTS  # found ten times sooner so, see core.quota.kinds
_REPAIRED: Final = frozenset({BROKEN_HISTORY, ODD_NAMES})
_EFFORTS: Final = frozenset({"reasoning_effort", "reasoning"})
"""Where an effort stands, in chat completions and in Responses."""


class Prepared(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one attempt sends, and how what comes back is read."""

    path: str
    body: bytes
    notes: tuple[str, ...]
    is_limited: bool = True
    """The output limit is told, where there is one."""
    as_stream: bool
    """A stream is asked for, whatever the client wants."""
    is_typed: bool
    """The reply must name the content type that was asked for."""
    read_whole: Callable[[bytes], WholeReply]
    reply_stream: Callable[[], StreamReader | None]


class Passage:
    """One request of one client dialect, on its way to whoever is asked."""

    __slots__ = ("_bounds", "_conversation", "_dialect", "_request", "_targets")

    def __init__(self, dialect: Dialect, targets: Mapping[str, Target], request: Request, bounds: StreamBounds) -> None:
        self._dialect = dialect
        self._targets = targets
        self._request = request
        self._bounds = bounds
        self._conversation: Conversation | Refusal | None = None

    def prepare(
        self, candidate: Candidate, *, stamp: Stamp, drop: frozenset[str], max_tokens: int | None
    ) -> Prepared | Refusal:
        """The request for *candidate*. *max_tokens* replaces the client's own limit. A refusal says what in the request cannot
        be understood well enough to be translated."""
        if UNTAKEN_EFFORT in drop:
            drop |= _EFFORTS
        native = self._dialect.NATIVE.get(candidate.provider.dialect)
        if native is not None and self._is_taken_as_it_is(candidate) and not self._is_repaired(candidate, drop):
            return self._untouched(native, candidate, drop=drop, max_tokens=max_tokens)
        hub, target = self._dialect.HUB, self._targets.get(candidate.provider.dialect)
        if hub is None or target is None:
            return _no_way(candidate)
        conversation = self._understood(hub)
        if isinstance(conversation, Refusal):
            return conversation
        if max_tokens is not None:
            conversation = msgspec.structs.replace(conversation, max_tokens=max_tokens)
        stamp = msgspec.structs.replace(stamp, model=candidate.model)
        return self._translated(hub, target, conversation, candidate, stamp=stamp, drop=drop)

    def _is_taken_as_it_is(self, candidate: Candidate) -> bool:
        """Not every provider of chat completions takes all of them: the rest gets the same in words that it has, and a
        word in place of a document that it cannot read."""
        provider = candidate.provider
        if provider.dialect == "openai_chat" and _DOCUMENTS in self._request.ask.needs and not provider.quirks.documents:
            return False
        return not self._request.openai_words or provider.quirks.openai_words

    def _is_repaired(self, candidate: Candidate, drop: frozenset[str]) -> bool:
        """What was refused as it is goes by the hub, if that can be: every target has histories and names repaired."""
        if drop.isdisjoint(_REPAIRED) or candidate.provider.dialect not in self._targets:
            return False
        hub = self._dialect.HUB
        return hub is not None and not isinstance(self._understood(hub), Refusal)

    def _understood(self, hub: Hub) -> Conversation | Refusal:
        if self._conversation is None:
            conversation = hub.conversation(self._request)
            self._conversation = conversation if isinstance(conversation, Refusal) or _says(conversation) else EMPTY
        return self._conversation

    def _untouched(self, native: Native, candidate: Candidate, *, drop: frozenset[str], max_tokens: int | None) -> Prepared:
        request, provider = self._request, candidate.provider
        quirks = provider.quirks
        encoded = native.encode(
            request,
            provider,
            candidate.model,
            drop=drop,
            max_tokens=max_tokens,
            ask_usage=quirks.stream_usage and "stream_options" not in drop,
        )
        return Prepared(
            path=native.PATH,
            body=encoded.body,
            notes=encoded.notes,
            is_limited=encoded.is_limited,
            as_stream=request.ask.stream or native.STREAMS_ONLY,
            is_typed=native.IS_TYPED,
            read_whole=lambda body: native.read_whole(request, body, quirks),
            reply_stream=lambda: native.reply_stream(request, quirks, self._bounds),
        )

    def _translated(
        self,
        hub: Hub,
        target: Target,
        conversation: Conversation,
        candidate: Candidate,
        *,
        stamp: Stamp,
        drop: frozenset[str],
    ) -> Prepared:
        request, quirks = self._request, candidate.provider.quirks
        stream = request.ask.stream or target.STREAMS_ONLY
        tokens, bounds = request.ask.input_tokens, self._bounds
        encoded = target.encode(conversation, candidate.provider, candidate.model, drop=drop, stream=stream)
        return Prepared(
            path=target.PATH,
            body=encoded.body,
            notes=(*[f"{name} left out" for name in conversation.extras], *encoded.notes),
            is_limited=encoded.is_limited,
            as_stream=stream,
            is_typed=target.IS_TYPED,
            read_whole=lambda body: translate_whole(
                target.read_whole(body, encoded, quirks), lambda events: hub.write_whole(request, events, stamp), tokens
            ),
            reply_stream=lambda: TranslatedStream(
                target.event_reader(encoded, quirks),
                hub.event_writer(request, stamp),
                input_tokens=tokens,
                bounds=bounds,
            ),
        )


def _says(conversation: Conversation) -> bool:
    """Whether anybody says anything, beside thoughts: what is empty is not sent on, and most providers refuse a conversation of
    nothing."""
    parts = (part for turn in conversation.turns for part in turn.parts if not isinstance(part, Thinking))
    return any(not isinstance(part, Text) or part.text.strip() for part in parts)


EMPTY: Final = Refusal(kind=RefusalKind.BAD_REQUEST, message="The conversation is empty: nobody says anything in it.")


def _no_way(candidate: Candidate) -> Refusal:
    provider = candidate.provider
    return Refusal(
        kind=RefusalKind.BAD_REQUEST,
        message=f"{provider.name} speaks {provider.dialect}, which has nothing like what was asked for.",
        guidance="See what can be asked of whom with: hr model list",
    )
