"""Who may ask, and how they are told no."""

from collections.abc import Iterable

import msgspec
import trio

from hrd.core.access import Caller, offered_key
from hrd.core.refusals import LOOP, NO_KEY, WRONG_KEY, Refusal, too_many_wrong_keys
from hrd.dialects.contract import Dialect
from hrd.downstream.call import Call
from hrd.downstream.context import Header
from hrd.trip.terms import Terms


def authenticate(call: Call, terms: Terms) -> Caller | Refusal:
    """Who is calling; or why they may not."""
    headers = call.head.headers
    api_key = headers.get(b"x-api-key") or headers.get(b"api-key")
    authorization = headers.get(b"authorization")
    caller = terms.doorkeeper.caller_of(authorization, api_key)
    if caller is None:
        wait_s = terms.strangers.refused(call.peer.address, terms.auth_failures_max, trio.current_time())
        if wait_s:
            return too_many_wrong_keys(wait_s)
        return WRONG_KEY if offered_key(authorization, api_key) else NO_KEY
    hops = headers.get(b"x-hermes-hop")
    if hops is not None and terms.instance_id in hops:
        return LOOP
    return caller


def id_headers(call: Call, names: Iterable[bytes]) -> list[Header]:
    """The request's id, under *names*: those by which the clients of a dialect know it."""
    request_id = call.request_id.encode()
    return [(name, request_id) for name in names]


async def refuse(call: Call, dialect: Dialect, refusal: Refusal, headers: list[Header] | None = None) -> None:
    """Say no in the dialect's shape. Without *headers* nobody was asked."""
    status, said, body = dialect.error_reply(msgspec.structs.replace(refusal, request_id=call.request_id))
    if headers is None:
        headers = [*id_headers(call, dialect.ID_HEADERS), (b"x-hermes-attempts", b"0")]
    await call.reply(status, [*said, *headers], body)
