"""The control socket's table: which route asks which noun, and who may ask at all.

HTTP/1.1 with JSON, so that curl can use it. The kernel says who is at the other end; there is no password.
"""

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from hrd import __version__
from hrd.admin.account_of import set_account
from hrd.admin.accounts import import_login, sign_in
from hrd.admin.asking import path_fields, read_ask
from hrd.admin.auth import add_credentials, list_credentials, remove_credential
from hrd.admin.denied import Denied
from hrd.admin.doctor.examine import Connect, examine_running
from hrd.admin.finished import Finished
from hrd.admin.forecast import forecast_of
from hrd.admin.keys import client_meant, client_names, create_key, list_keys, revoke_key
from hrd.admin.limits import clear_limits, list_limits, set_limits
from hrd.admin.logs import follow_logs, list_logs
from hrd.admin.mode import change_mode, modes_of
from hrd.admin.models import list_models, reset_models, set_models
from hrd.admin.providers import known_providers
from hrd.admin.quota import quota_of
from hrd.admin.reasoning import note_reasoning
from hrd.admin.reset import reset as reset_pool
from hrd.admin.restart import restart_daemon
from hrd.admin.status import DaemonFacts, status_of
from hrd.admin.stop import stop_daemon
from hrd.admin.usage import usage_of
from hrd.admin.version import version_of
from hrd.admin.why import explain
from hrd.admin.wire.accounts import LOGIN, LOGIN_IMPORT, LoginImport, LoginWish
from hrd.admin.wire.auth import AUTH_ACCOUNT, AUTH_ADD, AUTH_LIST, AUTH_REMOVE
from hrd.admin.wire.daemon import RESTART, STOP, VERSION, Restarted
from hrd.admin.wire.doctor import DOCTOR, PROVIDERS, REASONING, Diagnosis
from hrd.admin.wire.forecast import FORECAST
from hrd.admin.wire.journal import LOGS, LOGS_FOLLOW, WHY, LogsQuestion
from hrd.admin.wire.keys import KEY_CREATE, KEY_REVOKE, KEYS
from hrd.admin.wire.limits import LIMIT_CLEAR, LIMIT_SET, LIMITS
from hrd.admin.wire.mode import MODE, MODE_CHANGE
from hrd.admin.wire.models import MODELS, MODELS_RESET, MODELS_SET
from hrd.admin.wire.quota import QUOTA, RESET
from hrd.admin.wire.route import Nothing, Problem, Route
from hrd.admin.wire.status import STATUS
from hrd.admin.wire.usage import USAGE, Usage, UsageQuestion
from hrd.configuration.live import Configuration
from hrd.core.facts import SignedIn
from hrd.core.remembered import Discovered
from hrd.downstream.call import JSON, JSON_LINES, Call, Endpoint
from hrd.downstream.context import Header
from hrd.downstream.doors import Address
from hrd.downstream.peers import Peer
from hrd.http.messages import RequestHead
from hrd.pool import Pool
from hrd.store.contract import Store
from hrd.upstream.accounts.accounts import Accounts
from hrd.upstream.accounts.signing_in import SigningIn

Q = TypeVar("Q")
A = TypeVar("A")

ROOT_UID = 0
_OTHER_VERSION: Final = "hr may be of another version: hr restart has the installed one take over; all paths: docs/control.md"


def may_control(peer: Peer, uid: int, group: int | None) -> bool:
    """Root, the daemon's own user, and members of CONTROL_GROUP."""
    return peer.uid in (ROOT_UID, uid) or (group is not None and group in peer.groups)


def admin_dispatch(
    *,
    pool: Pool,
    store: Store,
    configuration: Configuration,
    discovered: Mapping[str, Discovered],
    facts: Callable[[], DaemonFacts],
    listening_on: Callable[[], list[Address]],
    connect: Connect,
    changed: Callable[[], None],
    stop: Callable[[], None],
    restart: Callable[[], Awaitable[Restarted | Problem]],
    accounts: Accounts,
    signing_in: SigningIn,
    finished: Finished,
    reset: Callable[[], None],
    may_control: Callable[[Peer], bool],
    now: Callable[[], float],
) -> Callable[[RequestHead], Endpoint]:
    """*discovered* are the lists of models as they are read. *connect* makes a connection to a provider. *changed* puts a
    changed configuration in force; *stop* ends the daemon, called again at once."""

    def signed(fingerprint: str) -> None:
        store.commit_nowait(pool.apply(SignedIn(credential=fingerprint), now()))

    async def import_(call: Call) -> None:
        ask = await read_ask(LOGIN_IMPORT, call)
        own = call.peer.uid == os.geteuid()
        answer = (
            await import_login(ask, accounts, configuration, signed, changed, now(), is_own_user=own)
            if isinstance(ask, LoginImport)
            else ask
        )
        await _reply(call, answer)

    async def login(call: Call) -> None:
        ask = await read_ask(LOGIN, call)
        denied = await sign_in(ask, call, signing_in, accounts, signed, changed, now) if isinstance(ask, LoginWish) else ask
        if denied is not None:
            await _deny(call, denied)

    async def usage(ask: UsageQuestion) -> Usage | Denied:
        client = client_meant(ask.client, configuration) if ask.client else ""
        if isinstance(client, Denied):
            return client
        names = client_names(configuration)
        return await usage_of(store, ask, client=client, names=names, settings=configuration.settings)

    async def doctor(_: Nothing) -> Diagnosis:
        at = now()
        snapshot, health = pool.snapshot(at), store.health()
        return await examine_running(configuration, snapshot, accounts.lapses(), connect, health, listening_on(), at)

    async def follow(call: Call) -> None:
        ask = await read_ask(LOGS_FOLLOW, call)
        if call.head.method == "HEAD":
            await call.reply(200, [*JSON_LINES, (b"x-request-id", call.request_id.encode())], b"")
            return
        if isinstance(ask, LogsQuestion):
            names, known = client_names(configuration), pool.roster.providers
            denied = await follow_logs(ask, call, store, finished, names, known)
        else:
            denied = ask
        if denied is not None:
            await _deny(call, denied)

    endpoints: dict[Route[Any, Any], Endpoint] = {
        STATUS: _at_once(STATUS, lambda _: status_of(pool.snapshot(now()), facts(), store.health(), now())),
        VERSION: _at_once(VERSION, lambda _: version_of(facts(), now())),
        RESTART: _waiting(RESTART, lambda _: restart_daemon(restart)),
        STOP: _at_once(STOP, lambda ask: stop_daemon(ask, facts(), store, stop, configuration.settings.stop_seconds)),
        AUTH_LIST: _at_once(
            AUTH_LIST, lambda ask: list_credentials(ask, configuration, pool.snapshot(now()), accounts.lapses(), now())
        ),
        AUTH_ADD: _waiting(AUTH_ADD, lambda ask: add_credentials(ask, configuration, changed, now())),
        AUTH_REMOVE: _waiting(AUTH_REMOVE, lambda ask: remove_credential(ask, configuration, changed)),
        AUTH_ACCOUNT: _waiting(AUTH_ACCOUNT, lambda ask: set_account(ask, configuration, pool, changed)),
        LOGIN_IMPORT: import_,
        LOGIN: login,
        MODE: _at_once(MODE, lambda _: modes_of(configuration.settings)),
        MODE_CHANGE: _waiting(MODE_CHANGE, lambda ask: change_mode(ask, configuration, changed)),
        MODELS: _at_once(MODELS, lambda ask: list_models(ask, pool.snapshot(now()), configuration.settings, discovered, now())),
        MODELS_SET: _waiting(MODELS_SET, lambda ask: set_models(ask, configuration, pool, changed)),
        MODELS_RESET: _waiting(MODELS_RESET, lambda ask: reset_models(ask, configuration, pool, store, changed, now())),
        KEYS: _at_once(KEYS, lambda ask: list_keys(ask, configuration)),
        KEY_CREATE: _waiting(KEY_CREATE, lambda ask: create_key(ask, configuration, changed)),
        KEY_REVOKE: _waiting(KEY_REVOKE, lambda ask: revoke_key(ask, configuration, changed)),
        LIMITS: _at_once(LIMITS, lambda _: list_limits(configuration, pool.clients, now())),
        LIMIT_SET: _waiting(LIMIT_SET, lambda ask: set_limits(ask, configuration, pool.clients, changed, now())),
        LIMIT_CLEAR: _waiting(LIMIT_CLEAR, lambda ask: clear_limits(ask, configuration, pool.clients, changed, now())),
        USAGE: _waiting(USAGE, usage),
        QUOTA: _at_once(QUOTA, lambda _: quota_of(pool.snapshot(now()), now())),
        FORECAST: _at_once(FORECAST, lambda _: forecast_of(pool.snapshot(now()), now())),
        RESET: _at_once(RESET, lambda ask: reset_pool(ask, pool, store, reset, now())),
        LOGS: _waiting(LOGS, lambda ask: list_logs(ask, store, client_names(configuration), pool.roster.providers)),
        LOGS_FOLLOW: follow,
        DOCTOR: _waiting(DOCTOR, doctor),
        PROVIDERS: _at_once(PROVIDERS, lambda _: known_providers(configuration)),
        REASONING: _at_once(REASONING, lambda ask: note_reasoning(ask, pool, store, now())),
        WHY: _waiting(WHY, lambda ask: explain(ask, store, client_names(configuration), now())),
    }
    return Switchboard(endpoints, may_control).dispatch


class Switchboard:
    """Finds the endpoint of a request, for those who may ask."""

    def __init__(self, endpoints: dict[Route[Any, Any], Endpoint], may_control: Callable[[Peer], bool]) -> None:
        self._exact: dict[tuple[str, str], Endpoint] = {}
        self._patterns: list[tuple[str, str, Endpoint]] = []
        self._may_control = may_control
        for route, endpoint in endpoints.items():
            if "{" in route.path:
                self._patterns.append((route.method, route.path, endpoint))
            else:
                self._exact[route.method, route.path] = endpoint

    def dispatch(self, head: RequestHead) -> Endpoint:
        return self._guarded(self._found(head))

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        async def guarded(call: Call) -> None:
            if self._may_control(call.peer):
                await endpoint(call)
            else:
                await _deny(call, _stranger(call.peer))

        return guarded

    def _found(self, head: RequestHead) -> Endpoint:
        method = "GET" if head.method == "HEAD" else head.method
        path = head.path.rstrip("/")
        there = {m: endpoint for (m, exact), endpoint in self._exact.items() if exact == path}
        there |= {m: endpoint for m, pattern, endpoint in self._patterns if path_fields(pattern, path) is not None}
        if method in there:
            return there[method]
        if there:
            allowed = ", ".join(there)
            return _denying(Denied(405, f"this path takes {allowed}"), [(b"allow", allowed.encode())])
        return _denying(Denied(404, f"hrd {__version__}, which runs, does not know {head.path}", _OTHER_VERSION))


def _at_once(route: Route[Q, A], answer: Callable[[Q], A | Denied]) -> Endpoint:
    async def endpoint(call: Call) -> None:
        ask = await read_ask(route, call)
        await _reply(call, ask if isinstance(ask, Denied) else answer(ask))

    return endpoint


def _waiting(route: Route[Q, A], answer: Callable[[Q], Awaitable[A | Denied]]) -> Endpoint:
    async def endpoint(call: Call) -> None:
        ask = await read_ask(route, call)
        await _reply(call, ask if isinstance(ask, Denied) else await answer(ask))

    return endpoint


def _denying(denied: Denied, headers: list[Header] | None = None) -> Endpoint:
    async def endpoint(call: Call) -> None:
        await _deny(call, denied, headers)

    return endpoint


def _stranger(peer: Peer) -> Denied:
    who = f"user {peer.uid}" if peer.uid is not None else "a user that the kernel does not name"
    return Denied(
        403,
        f"{who} may not control this router",
        "run hr as the user that hrd runs as, as root, or as a member of the group that CONTROL_GROUP in hrd's .env names",
    )


async def _reply(call: Call, answer: object) -> None:
    if isinstance(answer, Denied):
        await _deny(call, answer)
    else:
        await call.reply(200, _headers(call), msgspec.json.encode(answer))


async def _deny(call: Call, denied: Denied, headers: list[Header] | None = None) -> None:
    await call.reply(denied.status, [*_headers(call), *(headers or ())], msgspec.json.encode(denied.refused()))


def _headers(call: Call) -> list[Header]:
    return [JSON, (b"cache-control", b"no-store"), (b"x-request-id", call.request_id.encode())]
