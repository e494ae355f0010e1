"""The client endpoints that no provider is asked for, and the table of all of them.

| path | who may see it |
|---|---|
| GET /health (also /, /v1, /api/hello: clients look there whether somebody answers) | everybody |
| GET /metrics | everybody, or holders of a client key with METRICS_REQUIRE_AUTH |
| GET /v1/models, /v1/models/{id} | holders of a client key: what their key may ask for |
| POST /v1/messages/count_tokens | holders of a client key: an estimate, for which nobody is asked |
| GET /v1/status, /v1/usage | holders of a client key: what their key may see, what it spent |

Paths count with and without `/v1` before them, with it twice, and with a slash behind them: base URLs are often set so.
"""

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qs, unquote

import msgspec

from hrd.admin.denied import Denied
from hrd.admin.status import DaemonFacts, status_for_client, status_of
from hrd.admin.usage import usage_of
from hrd.admin.wire.usage import UsageQuestion
from hrd.core.access import Caller
from hrd.core.refusals import Refusal, RefusalKind, rejected_as
from hrd.core.secrets import scrub
from hrd.cors import cors_of, is_allowed, preflight_headers
from hrd.dialects import anthropic_errors, openai_errors
from hrd.dialects.anthropic_messages import count_tokens
from hrd.downstream.call import JSON, Call, Endpoint
from hrd.downstream.context import Header
from hrd.http.messages import RequestHead, RequestRejected
from hrd.metrics import Metrics
from hrd.model_list import find_model, model_list
from hrd.model_shapes import is_anthropic, shape_list, shape_one
from hrd.pool import Pool
from hrd.settings import Settings
from hrd.store.contract import Store
from hrd.trip.door import authenticate, id_headers
from hrd.trip.terms import Terms

__all__ = ["cors_of", "public_dispatch"]

HEALTH_PATHS = ("/health", "/", "/v1", "/api/hello")
MODELS = "/v1/models"
COUNT_TOKENS = "/v1/messages/count_tokens"
SHOWN_CHARS_MAX = 120


def public_dispatch(
    *,
    posts: Mapping[str, Endpoint],
    terms: Callable[[], Terms],
    pool: Pool,
    store: Store,
    facts: Callable[[], DaemonFacts],
    metrics: Metrics,
    settings: Callable[[], Settings],
    now: Callable[[], float],
) -> Callable[[RequestHead], Endpoint]:
    """Every path of the listener. *posts* are the endpoints that take a POST, by path."""
    pages = Pages(pool=pool, store=store, facts=facts, metrics=metrics, settings=settings, terms=terms, now=now)
    return Table({**posts, COUNT_TOKENS: pages.for_caller(pages.count_tokens)}, pages, settings).dispatch


class Pages:
    """The GET endpoints."""

    def __init__(
        self,
        *,
        pool: Pool,
        store: Store,
        facts: Callable[[], DaemonFacts],
        metrics: Metrics,
        settings: Callable[[], Settings],
        terms: Callable[[], Terms],
        now: Callable[[], float],
    ) -> None:
        self._pool = pool
        self._store = store
        self._facts = facts
        self._metrics = metrics
        self._settings = settings
        self._terms = terms
        self._now = now

    async def health(self, call: Call) -> None:
        """For those who watch whether we live: no word of what is configured."""
        facts = self._facts()
        if facts.draining:
            await _reply(call, 503, {"status": "stopping"}, [(b"retry-after", b"5")])
        else:
            await _reply(call, 200, {"status": "ok", "version": facts.version})

    async def metrics(self, call: Call) -> None:
        caller = authenticate(call, self._terms()) if self._settings().metrics_require_auth else None
        if isinstance(caller, Refusal):
            await refuse(call, caller)
        else:
            from hrd.exposition import exposed  # noqa: PLC0415 - only here, and hrd is to start quickly

            content_type, text = exposed(self._metrics)
            await call.reply(200, [(b"content-type", content_type), _request_id(call)], text)

    async def models(self, call: Call, caller: Caller) -> None:
        listed = model_list(self._pool.snapshot(self._now()), caller, self._created())
        await _reply(call, 200, shape_list(listed, call.head))

    async def model(self, call: Call, caller: Caller) -> None:
        wanted = unquote(canonical(call.head.path).partition("/models/")[2])
        found = find_model(self._pool.snapshot(self._now()), caller, wanted, self._created())
        if found is None:
            await refuse(call, _unknown_model(wanted))
        else:
            await _reply(call, 200, shape_one(found, call.head))

    async def status(self, call: Call, caller: Caller) -> None:
        now = self._now()
        status = status_of(self._pool.snapshot(now), self._facts(), self._store.health(), now)
        await _reply(call, 200, status_for_client(status, caller))

    async def usage(self, call: Call, caller: Caller) -> None:
        since = parse_qs(call.head.query).get("since", [""])[-1]
        names = {caller.fingerprint: caller.name}
        usage = await usage_of(
            self._store, UsageQuestion(since=since), client=caller.fingerprint, names=names, settings=self._settings()
        )
        if isinstance(usage, Denied):
            await refuse(call, _denied(usage))
        else:
            await _reply(call, 200, usage)

    async def count_tokens(self, call: Call, caller: Caller) -> None:  # noqa: ARG002 (pages for callers are told which)
        try:
            counted = count_tokens(await call.body())
        except RequestRejected as rejected:
            counted = rejected_as(rejected.status, rejected.message)
        if isinstance(counted, Refusal):
            await refuse(call, counted)
        else:
            await _reply(call, 200, counted)

    def for_caller(self, page: Callable[[Call, Caller], Awaitable[None]]) -> Endpoint:
        """*page*, for holders of a client key."""

        async def endpoint(call: Call) -> None:
            caller = authenticate(call, self._terms())
            if isinstance(caller, Refusal):
                await refuse(call, caller)
            else:
                await page(call, caller)

        return endpoint

    def _created(self) -> int:
        """When we started: the providers' lists do not tell when a model was made."""
        return round(self._now() - self._facts().uptime_s)


class Table:
    """Finds the endpoint of a request."""

    def __init__(self, posts: Mapping[str, Endpoint], pages: Pages, settings: Callable[[], Settings]) -> None:
        self._posts = dict(posts)
        self._settings = settings
        self._model = pages.for_caller(pages.model)
        self._gets: dict[str, Endpoint] = {
            **dict.fromkeys(HEALTH_PATHS, pages.health),
            "/metrics": pages.metrics,
            MODELS: pages.for_caller(pages.models),
            "/v1/status": pages.for_caller(pages.status),
            "/v1/usage": pages.for_caller(pages.usage),
        }

    def dispatch(self, head: RequestHead) -> Endpoint:
        if head.method == "POST" and (endpoint := self._posts.get(head.path)):
            return endpoint
        if head.method == "OPTIONS" and self._settings().cors_origins:
            return self._preflight
        path = canonical(head.path)
        for known in (path, f"/v1{path}", path.removeprefix("/v1")):
            if known in self._posts:
                if head.method == "POST":
                    return self._posts[known]
                return _refusing(_wrong_method(head), (b"allow", b"POST"))
            page = self._gets.get(known) or (self._model if known.startswith(f"{MODELS}/") else None)
            if page is not None:
                return page if head.method in ("GET", "HEAD") else _refusing(_wrong_method(head), (b"allow", b"GET, HEAD"))
        return _refusing(self._unknown_path(path))

    async def _preflight(self, call: Call) -> None:
        origin = call.head.headers.get(b"origin")
        if origin is None:
            await call.reply(204, [(b"allow", b"GET, HEAD, POST, OPTIONS"), _request_id(call)], b"")
        elif is_allowed(origin, self._settings().cors_origins):
            await call.reply(204, [*preflight_headers(call.head), _request_id(call)], b"")
        else:
            await refuse(call, _foreign(origin))

    def _unknown_path(self, path: str) -> Refusal:
        return Refusal(
            kind=RefusalKind.PATH_NOT_FOUND,
            message=f"There is no {_shown(path)} here.",
            guidance=f"There are POST {', '.join(self._posts)}, and GET {', '.join(self._gets)}",
        )


def canonical(path: str) -> str:
    """*path* without slashes at its end, and with `/v1` once where it was there twice."""
    path = path.rstrip("/") or "/"
    while path == "/v1/v1" or path.startswith("/v1/v1/"):
        path = path[3:]
    return path


async def refuse(call: Call, refusal: Refusal, *more: Header) -> None:
    """Say no in Anthropic's envelope to its clients, and in OpenAI's to all others."""
    speaks = anthropic_errors if _is_of_anthropic(call.head) else openai_errors
    status, headers, body = speaks.error_reply(msgspec.structs.replace(refusal, request_id=call.request_id))
    await call.reply(status, [*headers, *id_headers(call, speaks.ID_HEADERS), *more], body)


def _is_of_anthropic(head: RequestHead) -> bool:
    return is_anthropic(head) or canonical(head.path).removeprefix("/v1").startswith("/messages")


def _refusing(refusal: Refusal, *more: Header) -> Endpoint:
    async def endpoint(call: Call) -> None:
        await refuse(call, refusal, *more)

    return endpoint


async def _reply(call: Call, status: int, value: object, more: list[Header] | None = None) -> None:
    await call.reply(
        status, [JSON, (b"cache-control", b"no-store"), _request_id(call), *(more or ())], msgspec.json.encode(value)
    )


def _request_id(call: Call) -> Header:
    return (b"x-request-id", call.request_id.encode())


def _unknown_model(wanted: str) -> Refusal:
    return Refusal(
        kind=RefusalKind.MODEL_NOT_FOUND,
        message=f"There is no model {_shown(wanted)} here, or this client key may not use it.",
        guidance="See what there is with: GET /v1/models, or hr model list PROVIDER",
        param="model",
    )


def _wrong_method(head: RequestHead) -> Refusal:
    return Refusal(kind=RefusalKind.METHOD_NOT_ALLOWED, message=f"{_shown(head.path)} does not take {head.method[:20]}.")


def _foreign(origin: bytes) -> Refusal:
    return Refusal(
        kind=RefusalKind.FORBIDDEN,
        message=f"Pages of {_shown(origin.decode('latin-1'))} may not call this router.",
        guidance="Whoever runs it can add the origin to CORS_ORIGINS.",
    )


def _denied(denied: Denied) -> Refusal:
    kind = RefusalKind.BAD_REQUEST if denied.status < 500 else RefusalKind.UNAVAILABLE
    return Refusal(kind=kind, message=f"{denied.message}.", guidance=denied.hint)


def _shown(text: str) -> str:
    """What a client sent, cut, and without what may be a key in the wrong place."""
    return repr(scrub(text, (), SHOWN_CHARS_MAX))
