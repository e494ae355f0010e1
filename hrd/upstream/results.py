"""What an attempt comes to before its commit point; a stream that is past it is an `hrd.upstream.open_stream.OpenStream`."""

import msgspec

from hrd.core.failures import Failure, Observation
from hrd.dialects.contract import WholeReply


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """The attempt failed before its commit point."""

    failure: Failure
    observations: tuple[Observation, ...] = ()
    empty: WholeReply | None = None
    """An empty reply: it is the answer if everybody's is empty."""


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """A whole reply, well-formed and with content."""

    reply: WholeReply
    observations: tuple[Observation, ...]
    account: str = ""
    """Whose key it was, if the reply says so."""
