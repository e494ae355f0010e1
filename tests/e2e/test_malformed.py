"""Requests and settings that are none: each gets a 4xx or a clear refusal, and the daemon serves on after each."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import trio

from tests.e2e.daemon import MESSAGES, Router, answered, running, wait_until
from tests.hrd.http.nasty_requests import NASTY_REQUESTS
from tests.upstreams import Answer, Upstream

pytestmark = pytest.mark.e2e

LOOK_S = 0.4
"""A request that is not refused within this long waits for its end, which it then gets."""
AT_ONCE = 16
SEED = 20261121
PROVIDER = {"GROQ_API_KEY": "gsk_test-not-a-key-1", "MAX_WAIT_SECONDS": "0", "LOG_LEVEL": "DEBUG"}


def served_on(router: Router, troubles_max: int = 0) -> None:
    """Nothing crashed on the way."""
    assert "Traceback" not in router.log
    assert '"event": "crashed"' not in router.log
    assert router.log.count('"level": "error"') <= troubles_max


# bytes that are no HTTP --------------------------------------------------------------------------------------------------


def _garbage() -> Iterator[bytes]:
    draw = random.Random(SEED)
    for length in (1, 7, 64, 300, 5000):
        for _ in range(5):
            yield draw.randbytes(length)
    for _ in range(25):
        request = bytearray(b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}")
        for _ in range(draw.randint(1, 4)):
            request[draw.randrange(len(request))] = draw.choice(b"\x00\x01\r\n :\x7f\xff")
        yield bytes(request)


async def test_requests_that_are_no_http_are_refused(tmp_path: Path) -> None:
    statuses: dict[str, int | None] = {}
    limiter = trio.CapacityLimiter(AT_ONCE)
    async with Upstream(Answer("fine")) as upstream, running(tmp_path, GROQ_BASE_URL=upstream.base_url, **PROVIDER) as router:
        key = b"\r\nAuthorization: Bearer " + router.key.encode() + b"\r\nHost:"

        async def refuse(name: str, data: bytes) -> None:
            async with limiter:
                statuses[name] = await _status_of(router, data)
                assert answered(await router.chat()) == "fine"

        async with trio.open_nursery() as nursery:
            for name, (data, _) in NASTY_REQUESTS.items():
                nursery.start_soon(refuse, name, data.replace(b"\r\nHost:", key, 1))
            for number, data in enumerate(_garbage()):
                nursery.start_soon(refuse, f"garbage {number}", data)
        connections = (await router.status())["connections"]

    told = {name: status for name, status in statuses.items() if status is not None and name in NASTY_REQUESTS}
    assert told == {name: NASTY_REQUESTS[name][1] for name in told}
    assert NASTY_REQUESTS.keys() - told.keys() <= {name for name in NASTY_REQUESTS if name.startswith("end ")}
    assert {status for name, status in statuses.items() if name not in told} <= {None, 400, 401, 404, 405, 414, 431, 501, 505}
    assert len(statuses) >= 190
    assert connections <= AT_ONCE
    served_on(router)


async def _status_of(router: Router, data: bytes) -> int | None:
    """The status with which *data* is refused; None if it is cut short and the connection just ends. It ends either way."""
    host, _, port = router.endpoint.removeprefix("http://").partition(":")
    said = b""
    with trio.fail_after(10):
        async with await trio.open_tcp_stream(host, int(port)) as stream:
            try:
                await stream.send_all(data)
                with trio.move_on_after(LOOK_S):
                    said = await stream.receive_some(65536)
                await stream.send_eof()
                while more := await stream.receive_some(65536):
                    said += more
            except trio.BrokenResourceError:
                pass
    if not said:
        return None
    assert said.startswith(b"HTTP/1.1 "), said[:80]
    return int(said[9:12])


# HTTP with a body that is no request -------------------------------------------------------------------------------------


def _spelled(**fields: object) -> bytes:
    return json.dumps({"model": "hermes-router", "messages": MESSAGES, **fields}).encode()


ODD_FIELDS: Final[dict[str, tuple[object, ...]]] = {
    "messages": (None, [], {}, "hello", 1, True, [None], [1], ["hello"], [[]], [{}], [{"role": 1}]),
    "model": (1, True, [], {}, ["a"]),
    "stream": ("yes", 1, [], {}),
    "max_tokens": (-1, 0, "many", 1.5, [], {}),
    "temperature": ("hot", 99, []),
    "tools": ("hammer", {}, [1], [{}], [{"type": "function"}]),
}
ODD_CONTENTS: Final[tuple[object, ...]] = (1, True, {"text": "hello"}, [1], [{"type": 1}], [])
ODD_ROLES: Final[tuple[object, ...]] = (None, 1, [], {}, "emperor")
ODD_OPTIONS: Final[tuple[object, ...]] = ("usage", 1, [], True)
BAD_CHATS: Final[tuple[bytes, ...]] = (
    *(
        b"",
        b" ",
        b"{",
        b"}",
        b"{}",
        b"[]",
        b"null",
        b"true",
        b"0",
        b'"x"',
        b"\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"NaN",
        b"{{}}",
    ),
    *(
        b'{"messages"',
        b'{"messages": }',
        b'{"messages": [}',
        b"{'messages': []}",
        b'{"messages": []} x',
        b'{"a": 1,}',
        b"a=b&c=d",
    ),
    _spelled()[:-1],
    _spelled() + _spelled(),
    _spelled().decode().encode("utf-16"),
    _spelled().replace(b"hello", b"\xc3\x28"),
    _spelled().replace(b"hello", b"\x01"),
    b"[" * 100_000,
    b'{"messages":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    b'{"model": "hermes-router", "messages": [{"role": "user", "content": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"}]}",
    *(_spelled(**{name: value}) for name, values in ODD_FIELDS.items() for value in values),
    *(_spelled(messages=[{"role": "user", "content": value}]) for value in ODD_CONTENTS),
    *(_spelled(messages=[{"role": value, "content": "hello"}]) for value in ODD_ROLES),
    *(_spelled(stream=True, stream_options=value) for value in ODD_OPTIONS),
)
BAD_EMBEDDINGS: Final[tuple[bytes, ...]] = (
    *(b"", b"{}", b"[]", b'{"input": "x"', b'{"input": 1}', b'{"input": null}', b'{"input": {}}', b'{"input": [[[1]]]}'),
    *(b'{"input": []}', b'{"input": [true]}', b'{"input": "x", "encoding_format": "roman"}', b'{"input": "x", "model": 7}'),
)


async def test_bodies_that_are_no_request_are_refused(tmp_path: Path) -> None:
    bodies = [("/v1/chat/completions", body) for body in BAD_CHATS] + [("/v1/embeddings", body) for body in BAD_EMBEDDINGS]
    environment = {**PROVIDER, "GROQ_EMBED_MODEL": "test-embeddings", "GROQ_MODEL": "test-model"}
    async with (
        Upstream(Answer("fine")) as upstream,
        running(tmp_path, GROQ_BASE_URL=upstream.base_url, **environment) as router,
    ):
        async with router.client(router.key) as client:
            for path, body in bodies:
                refused = await client.post(path, content=body, headers={"content-type": "application/json"})
                assert refused.status_code in (400, 422), (body[:80], refused.status_code, refused.text)
                error = refused.json()["error"]
                assert error["message"]
                assert error["type"] == "invalid_request_error"
                good = await client.post("/v1/chat/completions", content=_spelled())
                assert answered(good) == "fine", body[:80]
            for encoding, status in (("gzip", 400), ("br", 415)):
                encoded = await client.post("/v1/chat/completions", content=_spelled(), headers={"content-encoding": encoding})
                assert encoded.status_code == status
            assert answered(await client.post("/v1/chat/completions", content=_spelled())) == "fine"
        status = await router.provider("groq")
    assert status["state"] == "ready", "a provider was blamed for what the client did"
    served_on(router)


async def test_a_body_that_stops_coming_holds_nobody_up(tmp_path: Path) -> None:
    environment = {**PROVIDER, "BODY_SECONDS": "0.3", "HEADER_SECONDS": "0.3"}
    async with (
        Upstream(Answer("fine")) as upstream,
        running(tmp_path, GROQ_BASE_URL=upstream.base_url, **environment) as router,
    ):
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nx-api-key: {router.key}\r\n".encode()
        body = await _said_to(router, head + b'Content-Length: 100\r\n\r\n{"model"')
        slow_loris = await _said_to(router, head)
        assert answered(await router.chat()) == "fine"
    assert body.startswith(b"HTTP/1.1 408 ")
    assert slow_loris == b""
    served_on(router)


async def _said_to(router: Router, data: bytes) -> bytes:
    """Everything that is answered to *data*, until the daemon ends the connection."""
    host, _, port = router.endpoint.removeprefix("http://").partition(":")
    said = b""
    with trio.fail_after(10):
        async with await trio.open_tcp_stream(host, int(port)) as stream:
            await stream.send_all(data)
            while more := await stream.receive_some(65536):
                said += more
    return said


# settings ----------------------------------------------------------------------------------------------------------------

BAD_DOTENV: Final[tuple[str, ...]] = (
    *("PORT=lots", "PORT=-1", "PORT=65536", "PORT=8319.5", "HOST=not a host", "LOG_LEVEL=LOUD", "ROTATION_MODE=sideways"),
    *("MAX_CONNECTIONS=0", "MAX_REQUEST_BYTES=-5", "STOP_SECONDS=soon", "FIRST_TOKEN_SECONDS=nan", "REPLY_SECONDS=inf"),
    *("BREAKER_ERROR_RATE=2", "BREAKER_WINDOW=0", "RESERVE_FRACTION=1", "COST_POLICY=rich", "EMBED_FALLBACK=nobody"),
    *("GROQ_BASE_URL=groq", "GROQ_BASE_URL=ftp://127.0.0.1/v1", "GROQ_BASE_URL=http://", "GROQ_BASE_URL=http://a b/v1"),
    *("GROQ_SKIP_TOKENS_OVER=some", "GROQ_SUPPORTS_TOOLS=perhaps", "GROQ_ROTATION_MODE=up", "CORS_ORIGINS=nowhere"),
    *("PROBE_SECONDS=100\nPROBE_MAX_SECONDS=50", "MAX_WAIT_SECONDS=900\nDEADLINE_SECONDS=10", "REQUEST_LOG_SIZE=all"),
)
BAD_TOML: Final[tuple[str, ...]] = (
    *("[", "= 1", "a = ", "[providers", "[providers.groq]\nbase_url = 1", "[providers.groq]\nno_such_field = 1"),
    *("[providers.nobody]\nbase_url = 'http://127.0.0.1/v1'", "[providers.groq.quirks]\nno_such_quirk = true", "providers = 1"),
    *(
        "[providers.groq]\nmodels = 'one'",
        "[providers.groq]\ncost_class = 'cheap'",
        "PORT = 'x'",
        "[providers.groq]\nreader = 'tea'",
    ),
)
BAD_AUTH: Final[tuple[str, ...]] = (
    *("", "{", "null", "[]", "1", '"x"', '{"providers": []}', '{"providers": {"groq": 1}}', '{"providers": {"groq": [1]}}'),
    *('{"proxy_keys": []}', '{"proxy_keys": {"k": 1}}', '{"proxy_keys": {"k": {"rpm": "many"}}}', '{"credential_info": []}'),
    *(
        '{"providers": {"groq": ["gsk_test-not-a-key-1"',
        "{" * 2000,
        '{"codex_accounts": {}}',
    ),
)


async def test_broken_files_never_replace_good_settings(tmp_path: Path) -> None:
    broken = [(".env", text) for text in BAD_DOTENV] + [("config.toml", text) for text in BAD_TOML]
    broken += [("auth.json", text) for text in BAD_AUTH]
    async with Upstream(Answer("fine")) as upstream:
        (tmp_path / ".env").touch(0o600)
        (tmp_path / ".env").write_text(
            f"PORT=0\nGROQ_BASE_URL={upstream.base_url}\nGROQ_API_KEY=gsk_test-not-a-key-1\nWATCH_SECONDS=3600\n"
        )
        async with running(tmp_path, PORT="") as router, router.client(router.key) as client:
            good = {name: _text(tmp_path / name) for name in (".env", "config.toml", "auth.json")}
            for name, text in broken:
                _put(tmp_path / name, text)
                said = await _warned_of(router, name, text)
                assert (await client.post("/v1/chat/completions", content=_spelled())).status_code == 200, text
                assert _text(tmp_path / name) == text, "a file of the user's was written over"
                _put(tmp_path / name, good[name])
                assert "not-a-key" not in said
                router.signal(signal.SIGHUP)
                await wait_until(lambda: _is_content(router))
    served_on(router)


async def _warned_of(router: Router, name: str, text: str) -> str:
    """What `hr status` says of the broken file."""
    found: list[str] = []
    router.signal(signal.SIGHUP)

    async def is_told() -> bool:
        found[:] = [line for line in (await router.status())["warnings"] if "the last good settings hold" in line]
        return bool(found)

    try:
        await wait_until(is_told, 5)
    except trio.TooSlowError:
        pytest.fail(f"nothing is said of {name} with {text!r}")
    return "\n".join(found)


async def _is_content(router: Router) -> bool:
    return not any("the last good settings hold" in line for line in (await router.status())["warnings"])


def _text(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def _put(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink()
        return
    path.touch(0o600)
    path.write_text(text)


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        (".env", "PORT=lots\nLOG_LEVEL=LOUD\n", ["PORT", "lots", "LOG_LEVEL", "LOUD"]),
        ("config.toml", "[providers.groq]\nno_such_field = 1\n[providers.nobody]\na = 1\n", ["no_such_field", "nobody"]),
        ("auth.json", '{"providers": {"groq": ["gsk_test-not-a-key-1"', ["auth.json"]),
    ],
    ids=["env", "toml", "auth"],
)
async def test_at_start_every_problem_is_named_and_the_exit_is_2(
    tmp_path: Path, name: str, text: str, named: list[str]
) -> None:
    _put(tmp_path / name, text)
    router = Router(tmp_path, {"PORT": ""})
    router.spawn("--check-config")
    assert await router.wait_ended() == 2
    checked = router.log
    router.spawn()
    assert await router.wait_ended() == 2
    assert checked
    for word in named:
        assert word in checked
        assert word in router.log.removeprefix(checked)
    assert "Traceback" not in router.log
    assert "not-a-key" not in router.log
    assert _text(tmp_path / name) == text
