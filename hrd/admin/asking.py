"""Reading what is asked on the control socket: path, query and body into the request struct of the route, strictly."""

from typing import TypeVar
from urllib.parse import parse_qsl, unquote

import msgspec

from hrd.admin.denied import Denied, misused
from hrd.admin.wire.route import Route
from hrd.core.secrets import scrub
from hrd.downstream.call import Call

Q = TypeVar("Q")
A = TypeVar("A")

BODY_BYTES_MAX = 2_097_152
FIELDS_MAX = 16
TELLING_CHARS_MAX = 300


async def read_ask(route: Route[Q, A], call: Call) -> Q | Denied:
    """What a GET asks stands in its query and path, what a POST asks in its JSON body; an empty body says nothing."""
    if route.method == "GET":
        return _from_query(route, call)
    if (call.head.content_length or 0) > BODY_BYTES_MAX:
        return Denied(413, f"a request here has at most {BODY_BYTES_MAX >> 20} MiB")
    body = await call.body()
    if len(body) > BODY_BYTES_MAX:
        return Denied(413, f"a request here has at most {BODY_BYTES_MAX >> 20} MiB")
    try:
        return msgspec.json.decode(body or b"{}", type=route.ask)
    except (ValueError, RecursionError) as error:
        return _misread("the body", error)


def _from_query(route: Route[Q, A], call: Call) -> Q | Denied:
    try:
        pairs = parse_qsl(call.head.query, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError as error:
        return _misread("the query", error)
    fields = path_fields(route.path, call.head.path) or {}
    for name, value in pairs:
        if name in fields:
            return misused(f"the query says {name[:40]!r} twice")
        fields[name] = value
    try:
        return msgspec.convert(fields, route.ask, strict=False)
    except ValueError as error:
        return _misread("the query", error)


def path_fields(pattern: str, path: str) -> dict[str, str] | None:
    """The values of the `{…}` parts of *pattern* in *path*; None when it is another path."""
    wanted, found = pattern.split("/"), path.rstrip("/").split("/")
    if len(wanted) != len(found):
        return None
    fields: dict[str, str] = {}
    for part, value in zip(wanted, found, strict=True):
        if part.startswith("{"):
            fields[part[1:-1]] = unquote(value)
        elif part != value:
            return None
    return fields


def _misread(where: str, error: Exception) -> Denied:
    """What was sent may be a key in the wrong place: what is said of it is scrubbed."""
    return misused(f"{where} cannot be read: {scrub(str(error), (), TELLING_CHARS_MAX)}")
