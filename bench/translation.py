"""What translation costs, in this process: each client dialect with each provider dialect, beside bytes that pass.

A stream is a thousand words, as a client's writer of the provider's own dialect would have written them; a request is one of
200 kB, of every shape in `bench.talks`. CPU time, the best of several rounds: what else runs on the machine can only add to it.
"""

import time
from collections.abc import Callable
from pathlib import Path

from bench.children import CannotMeasure
from bench.collector import as_in_the_daemon
from bench.figures import Figure
from bench.talks import SHAPES, spell, spelled
from hrd.core.conversation import Conversation, Role, Turn
from hrd.core.conversation import Text as SaidText
from hrd.core.journal import Usage, UsageSource
from hrd.core.providers import Candidate, CostClass, Credential, ModelFacts, Provider
from hrd.core.refusals import Refusal
from hrd.core.reply_events import Finish, Finished, ReplyEvent, Started, Text, UsageSeen
from hrd.core.response_book import ResponseBook
from hrd.core.secrets import Secret
from hrd.dialects import anthropic_target, openai_chat_target, responses_target
from hrd.dialects.contract import Dialect, Request, Stamp, StreamBounds, Target
from hrd.dialects.passage import Passage, Prepared
from hrd.dialects.spoken import TARGETS, openings

SECTION = "Translation"
EXPLAINED = """What a request or a chunk of a stream costs on its way between two dialects, in CPU time of one process, each
client dialect with each provider dialect: of a chunk what it costs beyond passing it; of a request of 200 kB all of it, from
the client's bytes to the provider's, in every shape of `bench/talks.py`. Realistic is the first; the others are what costs most
for its size. On a busy machine CPU time is longer, too.
"""
CHUNKS = 1000
ROUNDS = 15
REQUEST_BYTES = 200_000
CHUNK_US_MAX = 40.0
REQUEST_MS_MAX = 5.0
STAMP = Stamp(id="bench", model="m", at=1)
OF: dict[str, Target] = {
    "/v1/chat/completions": openai_chat_target,
    "/v1/messages": anthropic_target,
    "/v1/responses": responses_target,
}
"""Where clients ask → the words in which they do."""
SPOKEN_AT = {"openai_chat": "/v1/chat/completions", "anthropic_messages": "/v1/messages", "codex": "/v1/responses"}
"""Provider dialect → where clients speak the same."""


def measure_translation(_home: Path) -> list[Figure]:
    """Every way, and the dearest of each kind as what is promised."""
    book = ResponseBook(0, 0.0)
    speakers = {endpoint: opening("bench", STAMP) for endpoint, opening in openings(book, lambda: 0.0)}
    clients = {endpoint: speakers[endpoint] for endpoint in SPOKEN_AT.values()}
    chunks: list[tuple[float, str]] = []
    requests: dict[str, list[tuple[float, str]]] = {}
    for target, spoken_at in SPOKEN_AT.items():
        stream = _stream_of(clients[spoken_at])
        passing_us = _chunk_us(clients[spoken_at], target, stream)
        for endpoint, client in clients.items():
            if endpoint != spoken_at:
                way = f"{endpoint.removeprefix('/v1/')} from {target}"
                chunks.append((_chunk_us(client, target, stream) - passing_us, way))
    for endpoint, client in clients.items():
        for shape, talk in SHAPES.items():
            body = spelled(talk, OF[endpoint], REQUEST_BYTES)
            ways = [target for target in SPOKEN_AT if SPOKEN_AT[target] != endpoint]
            told = [(_request_ms(client, target, body), f"{endpoint.removeprefix('/v1/')} to {target}") for target in ways]
            requests.setdefault(shape, []).extend(told)
    dearest = max(chunks)
    return [
        *[Figure(f"translate_chunk_{way}", f"CPU a chunk beyond passing it: {way}", cost, "µs") for cost, way in chunks],
        Figure("translate_chunk", f"the dearest of them ({dearest[1]})", dearest[0], "µs", at_most=CHUNK_US_MAX),
        *[_request_figure(shape, *max(costs)) for shape, costs in requests.items()],
    ]


def _request_figure(shape: str, cost_ms: float, way: str) -> Figure:
    name = f"translate_request_{shape.replace(' ', '_')}"
    return Figure(name, f"a request of 200 kB, {shape}, at worst ({way})", cost_ms, "ms", at_most=REQUEST_MS_MAX)


def _stream_of(client: Dialect) -> list[bytes]:
    """A provider's stream in the dialect of *client*, read by read."""
    assert client.HUB is not None, "it is spoken by providers too"
    usage = Usage(input_tokens=100, output_tokens=CHUNKS, source=UsageSource.KNOWN)
    said: list[ReplyEvent] = [Started("r", "m"), *[Text("word ")] * CHUNKS, Finished(Finish.STOP), UsageSeen(usage)]
    writer = client.HUB.event_writer(_request_of(client, _asking(client)), STAMP)
    return [piece for piece in [*map(writer.write, said), writer.end()] if piece]


def _chunk_us(client: Dialect, target: str, stream: list[bytes]) -> float:
    """CPU time of one chunk of *stream*, from the provider's bytes to the client's."""
    prepared = _prepared(client, target, _asking(client))

    def read() -> None:
        reader = prepared.reply_stream()
        assert reader is not None, "a stream was asked for"
        for piece in stream:
            reader.feed(piece)
        if not reader.finished:
            raise CannotMeasure(f"the stream of {target} was not read to its end: {reader.broken or reader.error}")

    return _best_s(read) / CHUNKS * 1e6


def _request_ms(client: Dialect, target: str, body: bytes) -> float:
    """CPU time of a large request, from the client's bytes to the provider's."""

    def send() -> None:
        _prepared(client, target, body)

    return _best_s(send) * 1e3


def _best_s(run: Callable[[], None]) -> float:
    """Of several rounds."""
    best = float("inf")
    with as_in_the_daemon():
        for _ in range(ROUNDS):
            began = time.process_time()
            run()
            best = min(best, time.process_time() - began)
    return best


def _prepared(client: Dialect, target: str, body: bytes) -> Prepared:
    passage = Passage(client, TARGETS, _request_of(client, body), StreamBounds(1_000_000, 1_000_000))
    prepared = passage.prepare(_candidate(target), stamp=STAMP, drop=frozenset(), max_tokens=None)
    if isinstance(prepared, Refusal):
        raise CannotMeasure(prepared.message)
    return prepared


def _request_of(client: Dialect, body: bytes) -> Request:
    request = client.decode(body)
    if isinstance(request, Refusal):
        raise CannotMeasure(request.message)
    return request


def _asking(client: Dialect) -> bytes:
    """A small request for a stream in the dialect of *client*."""
    talk = Conversation(turns=(Turn(Role.USER, (SaidText("hi"),)),), max_tokens=100)
    return spell(talk, OF[client.ENDPOINT], stream=True)


def _candidate(dialect: str) -> Candidate:
    provider = Provider(name="bench", dialect=dialect, base_url="http://127.0.0.1:9/v1", models=("m",))
    return Candidate(
        provider=provider,
        model="m",
        credential=Credential(provider="bench", fingerprint="bench-0", secret=Secret("none", "bench"), source="built in"),
        cost_class=CostClass.FREE,
        key="bench/m#bench-0",
        scopes=(),
        facts=ModelFacts(),
        place=0,
    )
