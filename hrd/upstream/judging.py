"""Judging: what a provider's reply amounts to, as far as it came. Nothing here waits."""

from collections.abc import Callable
from typing import Final

import msgspec

from hrd.core.facts import Claim
from hrd.core.failures import Failure, Observation, Verdict
from hrd.dialects.contract import StreamReader, WholeReply
from hrd.dialects.passage import Prepared
from hrd.http.messages import ReplyHead
from hrd.upstream.failures import read_error_object, read_failure
from hrd.upstream.plan_limits import read_plan_said
from hrd.upstream.ratelimits import read_limits
from hrd.upstream.readers.details import ACCOUNT_FIELDS, account_in_head
from hrd.upstream.results import Answered, Missed

EMPTY: Final = Failure(verdict=Verdict.EMPTY, message="the reply was empty", status=200)


class Judge:
    """Reads what replies say in the words of their providers. Whatever it repeats of them goes through *scrub* first."""

    def __init__(self, *, scrub: Callable[[str], str], now: Callable[[], float]) -> None:
        self._scrub = scrub
        self._now = now

    def refused(self, claim: Claim, head: ReplyHead, body: bytes) -> Missed:
        """Anything but 200: what the provider says with it."""
        now = self._now()
        provider = claim.candidate.provider
        failure = read_failure(
            provider.reader, head.status, head.headers.last_values, body, now, zone=provider.reset_zone, scrub=self._scrub
        )
        return Missed(failure=failure, observations=self.observations(claim, head))

    def observations(self, claim: Claim, head: ReplyHead) -> tuple[Observation, ...]:
        """What the reply's head says of limits."""
        return tuple(read_limits(claim.candidate.provider.reader, head.headers.last_values, self._now()))

    def plan_said(self, plan: bytes) -> tuple[Observation, ...]:
        """What the reply itself says of a plan's limits."""
        return tuple(read_plan_said(plan, self._now()))

    def account(self, claim: Claim, head: ReplyHead) -> str:
        """The account that the reply names, where nobody has said so before."""
        candidate = claim.candidate
        if candidate.provider.reader not in ACCOUNT_FIELDS or candidate.credential.account or candidate.credential.signs_in:
            return ""
        name = account_in_head(candidate.provider.reader, head.headers.last_values)
        return name if not name or self._scrub(name) == name else ""

    def whole(self, claim: Claim, head: ReplyHead, data: bytes, prepared: Prepared) -> Answered | Missed:
        """A 200 with its whole body."""
        observations = self.observations(claim, head)
        if prepared.as_stream:
            if not is_event_stream(head, is_typed=prepared.is_typed):
                return self.odd(claim, head, data)
        elif not _is_json(head, data):
            return Missed(failure=self._wrong_type(head), observations=observations)
        reply = prepared.read_whole(data)
        observations = observations or self.plan_said(reply.plan)
        if reply.error is not None:
            return Missed(failure=self._said_in_200(claim, head, reply.error), observations=observations)
        if reply.broken:
            return Missed(failure=self._broken(reply.broken), observations=observations)
        if reply.empty:
            return Missed(failure=EMPTY, observations=observations, empty=reply)
        return Answered(reply=reply, observations=observations, account=self.account(claim, head))

    def begun(self, claim: Claim, head: ReplyHead, reply: StreamReader, observations: tuple[Observation, ...]) -> Missed | None:
        """A stream before its commit point, as far as it came: why it is none, if it is none.

        What shares its read with an error has not gone out yet, so somebody else may still answer."""
        if reply.error is not None:
            return Missed(failure=self._said_in_200(claim, head, reply.error), observations=observations)
        if reply.broken:
            return Missed(failure=self._broken(reply.broken), observations=observations)
        if reply.finished and not reply.committed:
            return Missed(failure=EMPTY, observations=observations, empty=_as_whole(reply))
        return None

    def odd(self, claim: Claim, head: ReplyHead, body: bytes) -> Missed:
        """A 200 that is no stream: an error object, if it is one, and else not what was asked for."""
        observations = self.observations(claim, head)
        try:
            said = msgspec.json.decode(body, type=dict[str, object])
        except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError, and none of msgspec's
            said = {}
        if said.get("error"):
            return Missed(failure=self._said_in_200(claim, head, said), observations=observations)
        return Missed(failure=self._wrong_type(head), observations=observations)

    def _broken(self, why: str) -> Failure:
        return Failure(verdict=Verdict.BROKEN, message=self._scrub(why), status=200)

    def _said_in_200(self, claim: Claim, head: ReplyHead, error: dict[str, object]) -> Failure:
        provider = claim.candidate.provider
        return read_error_object(
            provider.reader, error, head.headers.last_values, self._now(), zone=provider.reset_zone, scrub=self._scrub
        )

    def _wrong_type(self, head: ReplyHead) -> Failure:
        said = (head.headers.get(b"content-type") or b"nothing").decode("latin-1")[:80]
        message = f"the content type of the reply is {said}, which was not asked for"
        return Failure(verdict=Verdict.WRONG_TYPE, message=self._scrub(message), status=head.status)


def _as_whole(reply: StreamReader) -> WholeReply:
    """An empty stream, to be kept until it is known whether everybody's reply is."""
    return WholeReply(body=reply.last, usage=reply.usage(), empty=True, finish_reason=reply.finish_reason)


def is_event_stream(head: ReplyHead, *, is_typed: bool) -> bool:
    """The promised type; who does not name types is believed when it names none."""
    content_type = head.headers.get(b"content-type")
    if content_type is None:
        return not is_typed
    return content_type[:17].lower() == b"text/event-stream"


def _is_json(head: ReplyHead, data: bytes) -> bool:
    """The promised type; a provider that forgot to name the type is believed if it looks like JSON."""
    content_type = head.headers.get(b"content-type")
    if content_type is None:
        return data[:1] in (b"{", b"[")
    return b"json" in content_type.lower()
