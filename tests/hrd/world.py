"""A router without upstreams: real files, pool, store and sockets, a clock set by hand, and a client of its own."""

import os
import socket
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
import trio

from hrd.admin.finished import Finished
from hrd.admin.places import Places
from hrd.admin.server import admin_dispatch, may_control
from hrd.admin.status import DaemonFacts
from hrd.admin.wire.route import Nothing, Problem, Refused, Route
from hrd.bounds import login_server_terms
from hrd.configuration.assemble import Assembled, Demo, assemble
from hrd.configuration.live import Configuration, Loaded
from hrd.core.access import Caller
from hrd.core.ask import Ask, Kind
from hrd.core.facts import Claim, Fact, RosterChanged
from hrd.core.providers import Credential, Provider
from hrd.core.remembered import Discovered
from hrd.core.secrets import Secret
from hrd.core.strangers import Strangers
from hrd.core.tour import Tour
from hrd.cors import cors_of
from hrd.dialects.contract import StreamBounds
from hrd.downstream.call import Endpoint
from hrd.downstream.context import BufferBudget, Context, Patience
from hrd.downstream.departures import Departures
from hrd.downstream.listeners import Connections, listen_unix
from hrd.downstream.peers import Peer, unix_peer
from hrd.exchange import Terms
from hrd.http.alarms import Alarms
from hrd.http.limits import HttpLimits
from hrd.http.messages import RequestHead
from hrd.http.wire import Wire, WireBroken
from hrd.metrics import Gauges, Metrics
from hrd.pages import public_dispatch
from hrd.pool import Pool, PoolRules
from hrd.store.memory import Disk, MemoryStore
from hrd.upstream.accounts.accounts import Accounts
from hrd.upstream.accounts.keeping import Keeping
from hrd.upstream.accounts.renewal import Renewal
from hrd.upstream.accounts.server import LoginServer
from hrd.upstream.accounts.signing_in import SigningIn
from hrd.upstream.connections import Origin, Transport
from hrd.upstream.general import General
from hrd.upstream.proxies import Proxies

Q = TypeVar("Q")
A = TypeVar("A")

NOON = 1_795_003_200.0
"""2026-11-18, 12:00 UTC."""
PID = 4711
ANYBODY = Caller(fingerprint="client-00000001")

CATALOGUE = """
[groq]
base_url = "https://groq.test/v1"
models = ["small", "large"]
embed_model = "embed-groq"
cost_class = "free"
quota_scope = "account"
[groq.models_facts."small"]
context = 8192
tools = true
[groq.models_facts."huge:free"]
context = 131072

[openrouter]
base_url = "https://openrouter.test/v1"
models = ["nvidia/nemotron:free"]
class_by_suffix = { ":free" = "free" }
cost_class = "paid"

[mistral]
base_url = "https://mistral.test/v1"
models = ["mistral-small"]
cost_class = "free"

[github_models]
base_url = "https://github.test/v1"
models = ["gpt"]
retired = "the service ended on 2026-07-30"

[anthropic]
dialect = "codex"
base_url = "https://anthropic.test/v1"
models = ["claude"]

[openai]
base_url = "https://openai.test/v1"
models = ["gpt"]

[codex]
dialect = "codex"
base_url = "https://codex.test"
models = ["gpt-codex"]
signs_in = true
cost_class = "subscription"

[local]
base_url = "http://localhost:11434/v1"
models = ["llama3.1"]
cost_class = "local"
keyless = true
"""


class Answer(msgspec.Struct, frozen=True):
    """What came back over the socket."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        found: dict[str, object] = msgspec.json.decode(self.body)
        return found


def no_trust() -> ssl.SSLContext:
    raise AssertionError("no TLS was asked for")


class World:
    """Everything but upstreams. Files are in *folder*; `changed` is what the daemon does when they were edited."""

    def __init__(
        self,
        folder: Path,
        *,
        dotenv: str = "",
        toml: str = "",
        auth: Mapping[str, object] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.releases = 0
        self.folder = folder
        if dotenv:
            self.write(".env", dotenv)
        if toml:
            self.write("config.toml", toml)
        if auth is not None:
            self.write("auth.json", msgspec.json.encode(auth).decode())
        places = Places(config=str(folder), state=str(folder), runtime=str(folder))
        self.configuration = Configuration(places, environ or {}, CATALOGUE)
        found = self.configuration.read()
        assert isinstance(found, Loaded), found
        self.configuration.loaded = found
        self.now = NOON
        self.draining = False
        self.stops = 0
        self.discovered: dict[str, Discovered] = {}
        self.demo: Demo | None = None
        self.disk = Disk()
        self.store = MemoryStore(self.disk, lambda: self.now)
        self.assembled = self._assembled()
        self.pool = Pool(self.assembled.roster, PoolRules(), self.store.load(self.now))
        self.strangers = Strangers()
        self.finished = Finished()
        self.metrics = Metrics(lambda: Gauges(uptime_s=90.0, in_flight=2, connections=3, blocks=0, rows_waiting=0))
        self.departures = Departures()
        self.alarms = Alarms()
        self.peer: Peer | None = None
        """Who is at the other end, when the kernel is not to be believed."""
        self.crashes: list[BaseException] = []
        self.reachable: set[str] = set()
        self._make_accounts()

    def _make_accounts(self) -> None:
        settings = self.configuration.settings
        general = General(hop=b"instance-1", user_agent="hermes-router/0", trust=no_trust, proxies=Proxies)
        server = LoginServer(general, lambda: login_server_terms(self.configuration.settings), str)
        keeping = Keeping(self.configuration, lambda: self.now, lambda *_: None)
        self.accounts = Accounts(
            keeping,
            Renewal(keeping, server, self.folder, lambda: self.now),
            early_s=lambda: settings.codex_renew_seconds,
            now=lambda: self.now,
        )
        self.signing_in = SigningIn(
            server,
            within_s=lambda: settings.codex_login_seconds,
            ports=lambda: settings.codex_callback_ports,
            now=lambda: self.now,
        )

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()

    def auth(self) -> dict[str, object]:
        found: dict[str, object] = msgspec.json.decode(self.read("auth.json"))
        return found

    # what the daemon does ------------------------------------------------------------------------------------------------

    def changed(self) -> None:
        self.assembled = self._assembled()
        self.pool.rules = PoolRules(cost_policy=self.configuration.settings.cost_policy)
        self.apply(RosterChanged(roster=self.assembled.roster))

    def _assembled(self) -> Assembled:
        return assemble(
            catalogue_text=CATALOGUE,
            settings=self.configuration.settings,
            auth=self.configuration.auth,
            discovered=self.discovered,
            accounts={},
            listening_on=[("127.0.0.1", 8319)],
            demo=self.demo,
            generation=1,
        )

    def apply(self, fact: Fact) -> None:
        self.store.commit_nowait(self.pool.apply(fact, self.now))

    def facts(self) -> DaemonFacts:
        return DaemonFacts(
            version="9.9",
            pid=PID,
            uptime_s=90.0,
            endpoint="http://127.0.0.1:8319",
            listening=not self.draining,
            draining=self.draining,
            in_flight=2,
            connections=3,
            troubles=self.configuration.troubles,
            lapses=tuple(self.accounts.lapses()),
        )

    def stop(self) -> None:
        self.stops += 1
        self.draining = True

    async def restart(self) -> str:
        """There is no process here that another could take over from."""
        return "this is a world without processes"

    def _released(self) -> None:
        self.releases += 1

    def terms(self) -> Terms:
        return Terms(
            doorkeeper=self.assembled.doorkeeper,
            strangers=self.strangers,
            auth_failures_max=3,
            instance_id=b"instance-1",
            reply_s=1.0,
            slow_first_token_s=1.0,
            deadline_s=1.0,
            stream_s=1.0,
            idle_s=1.0,
            bounds=StreamBounds(1_048_576, 1_048_576),
            waiting_max=10,
            reasoning_reserve_tokens=0,
        )

    async def connect_to(self, origin: Origin) -> Transport:
        """Nobody is to be had, but whom a story says."""
        if origin.host not in self.reachable:
            raise WireBroken(f"could not connect to {origin.host} port {origin.port}: refused")
        ours, theirs = socket.socketpair()
        theirs.close()
        return Wire(ours)

    # a request without the wire ------------------------------------------------------------------------------------------

    def claim(self, model: str = "") -> Claim:
        """What the next chat request for *model* would be sent to."""
        claim = self.pool.claim(Tour(Ask(kind=Kind.CHAT, model=model)), ANYBODY, "req-1", self.now)
        assert isinstance(claim, Claim), claim
        return claim

    # the sockets ---------------------------------------------------------------------------------------------------------

    async def open(
        self, nursery: trio.Nursery, *, posts: Mapping[str, Endpoint] | None = None, support: trio.Nursery | None = None
    ) -> None:
        """Serve both: the control socket, and the clients' endpoint (on a Unix socket as well). *support* outlives them."""
        for part in (self.departures.run, self.alarms.run):
            (support or nursery).start_soon(part)
        control = admin_dispatch(
            pool=self.pool,
            store=self.store,
            configuration=self.configuration,
            discovered=self.discovered,
            facts=self.facts,
            listening_on=lambda: [("127.0.0.1", 8319)],
            connect=self.connect_to,
            changed=self.changed,
            stop=self.stop,
            restart=self.restart,
            accounts=self.accounts,
            signing_in=self.signing_in,
            finished=self.finished,
            reset=self._released,
            may_control=lambda peer: may_control(peer, os.geteuid(), 4242),
            now=lambda: self.now,
        )
        public = public_dispatch(
            posts=posts or {},
            terms=self.terms,
            pool=self.pool,
            store=self.store,
            facts=self.facts,
            metrics=self.metrics,
            settings=lambda: self.configuration.settings,
            now=lambda: self.now,
        )
        self._listen("control", control, lambda _: (), nursery)
        self._listen("public", public, cors_of(lambda: self.configuration.settings.cors_origins), nursery)

    def _listen(
        self,
        name: str,
        dispatch: Callable[[RequestHead], Endpoint],
        cors: Callable[[RequestHead], tuple[tuple[bytes, bytes], ...]],
        nursery: trio.Nursery,
    ) -> None:
        context = Context(
            dispatch=dispatch,
            limits=HttpLimits(),
            patience=Patience(idle_s=600.0, header_s=600.0, body_s=600.0, write_s=600.0),
            budget=BufferBudget(1 << 26),
            alarms=self.alarms,
            departures=self.departures,
            calls={},
            next_request_id=lambda: "req-of-this-call",
            date=lambda: (b"date", b"Wed, 18 Nov 2026 12:00:00 GMT"),
            is_stopping=lambda: False,
            crashed=lambda _, crash: self.crashes.append(crash),
            cors=cors,
        )
        connections = Connections(context, connections_max=lambda: 16, peer_of=self._peer_of)
        listener = listen_unix(str(self.folder / f"{name}.sock"), 0o600, None)
        nursery.start_soon(self._accept, connections, listener, nursery)

    async def _accept(self, connections: Connections, listener: socket.socket, nursery: trio.Nursery) -> None:
        try:
            await connections.accept(listener, nursery)
        finally:
            listener.close()

    def _peer_of(self, sock: socket.socket, _address: object) -> Peer:
        return self.peer or unix_peer(sock)

    async def connect(self, name: str = "control") -> trio.SocketStream:
        return await trio.open_unix_socket(str(self.folder / f"{name}.sock"))

    async def http(self, method: str, target: str, body: bytes = b"", *, on: str = "control", **headers: str) -> Answer:
        """One request on a connection of its own, read to its end."""
        fields = {"host": "hrd", "connection": "close", **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body or method == "POST":
            fields.setdefault("content-length", str(len(body)))
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        stream = await self.connect(on)
        async with stream:
            await stream.send_all("\r\n".join(lines).encode() + body)
            received = b"".join([piece async for piece in stream])
        return read_answer(received)

    async def ask(self, route: Route[Q, A], ask: Q) -> A:
        """As hr asks; the answer as hr reads it. A refusal is an AssertionError with what was said."""
        body = msgspec.json.encode(ask) if route.method == "POST" else b""
        answer = await self.http(route.method, route.target(ask), body)
        assert answer.status == 200, (answer.status, answer.body)
        return msgspec.json.decode(answer.body, type=route.answer)

    async def refused(self, route: Route[Q, A], ask: Q) -> tuple[int, Problem]:
        """Status and words of a refusal."""
        body = msgspec.json.encode(ask) if route.method == "POST" else b""
        answer = await self.http(route.method, route.target(ask), body)
        assert answer.status >= 400, answer.body
        return answer.status, msgspec.json.decode(answer.body, type=Refused).error


NOTHING = Nothing()


def demo() -> Demo:
    """One demo provider, which runs while there is no key."""
    key = Secret("demo-not-a-key", "demo_fine")
    provider = Provider(name="demo_fine", base_url="http://127.0.0.1:1/v1", models=("demo-fine",), demo=True)
    credential = Credential(provider="demo_fine", fingerprint=key.fingerprint, secret=key, source="built in")
    return Demo(providers=(provider,), credentials={"demo_fine": (credential,)})


def read_answer(received: bytes) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = dechunked(body)
    return Answer(int(first.split(" ")[1]), headers, body)


def dechunked(data: bytes) -> bytes:
    pieces = []
    while data:
        size, _, data = data.partition(b"\r\n")
        pieces.append(data[: int(size, 16)])
        data = data[int(size, 16) + 2 :]
    return b"".join(pieces)
